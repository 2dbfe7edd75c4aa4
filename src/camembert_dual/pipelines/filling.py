"""Masked texts to proposals with a model at hand, and the logits behind them."""

from __future__ import annotations

from typing import Any

import numpy as np

from camembert_dual.common.arrays import FloatArray, to_numpy
from camembert_dual.common.errors import require
from camembert_dual.tasks.fill_mask import TOP_K, Proposal, best_fills


def fill_mask(model: Any, tokenizer: Any, text: str, top_k: int = TOP_K) -> list[list[Proposal]]:
    """Complete a text that holds one ``<mask>`` or several.

    Args:
        model: A masked language model of either framework.
        tokenizer: Its tokenizer.
        text: The text.
        top_k: Proposals for each mask.

    Returns:
        For each mask, in order, its proposals, the most probable first.

    Raises:
        ValueError: If the text has no mask or more tokens than the model takes, or ``top_k`` is not
            between 1 and the vocabulary's size.
    """
    return best_fills(tokenizer, text, mask_logits(model, tokenizer, text), top_k)


def mask_logits(model: Any, tokenizer: Any, text: str) -> FloatArray:
    """Encode a text and score its masks.

    Returns:
        The logits of the M masks (M, V), in float64.

    Raises:
        ValueError: If the text has no mask or more tokens than the model takes.
    """
    limit = model.config.max_sequence_length
    input_ids = tokenizer(text, return_tensors="np", verbose=False)["input_ids"]
    length = input_ids.shape[1]
    require(length <= limit, f"The text must have at most {limit} tokens", length)
    is_mask = input_ids[0] == tokenizer.mask_token_id
    require(bool(is_mask.any()), f"The text must contain {tokenizer.mask_token}", repr(text))
    logits = to_numpy(model(input_ids=input_ids).logits)
    scores: FloatArray = logits[0, is_mask].astype(np.float64)
    return scores
