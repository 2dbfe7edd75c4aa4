"""From text to answers in one call, with a model of either framework."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from camembert_dual.common.arrays import FloatArray, softmax, to_numpy
from camembert_dual.common.errors import require


class Fill(NamedTuple):
    """One proposal for a ``<mask>``.

    Attributes:
        score: Its probability.
        token: Its id.
        token_str: Its text.
        sequence: The whole text with the mask filled; other masks stay.
    """

    score: float
    token: int
    token_str: str
    sequence: str


def fill_mask(model: Any, tokenizer: Any, text: str, top_k: int = 5) -> list[list[Fill]]:
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


def best_fills(tokenizer: Any, text: str, logits: FloatArray, top_k: int) -> list[list[Fill]]:
    """Turn the logits of the masks (M, V) into the best proposals for each.

    Raises:
        ValueError: If ``top_k`` is not between 1 and V.
    """
    size = logits.shape[-1]
    require(1 <= top_k <= size, f"top_k must be between 1 and {size}", top_k)
    fills = []
    for number, row in enumerate(softmax(logits)):
        proposals = []
        for token in np.argsort(-row, kind="stable")[:top_k].tolist():
            piece = tokenizer.convert_ids_to_tokens(token)
            sequence = fill_in(text, tokenizer.mask_token, number, piece)
            proposals.append(Fill(float(row[token]), token, words_of(piece).strip(), sequence))
        fills.append(proposals)
    return fills


def fill_in(text: str, mask: str, number: int, piece: str) -> str:
    """Put a piece in the place of the mask of that number."""
    parts = text.split(mask)
    left, right = mask.join(parts[: number + 1]), mask.join(parts[number + 1 :])
    is_apart = left != left.rstrip()
    word = words_of(piece)
    return left.rstrip() + (word if is_apart else word.lstrip()) + right


def words_of(piece: str) -> str:
    """A SentencePiece piece as text: U+2581 is a blank."""
    return piece.replace("▁", " ")
