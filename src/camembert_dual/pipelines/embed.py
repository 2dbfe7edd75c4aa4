"""Texts to vectors, with a model of either framework."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from tqdm import tqdm

from camembert_dual.common.backends import backend_of, tree
from camembert_dual.common.errors import is_integer, require
from camembert_dual.tasks.feature_extraction import EmbeddingSettings, Vectors, normalised, pool

_DEFAULT = EmbeddingSettings()


def embed(
    model: Any,
    tokenizer: Any,
    texts: Sequence[str],
    *,
    pooling: str = _DEFAULT.pooling,
    normalize: bool = _DEFAULT.normalize,
    max_length: int | None = _DEFAULT.max_length,
    batch_size: int = 32,
    progress: bool = False,
) -> Vectors:
    """Make one vector of each text, as sentence-transformers does.

    A folder of theirs says how: ``embed(model, tokenizer, texts,
    **embedding_settings(folder)._asdict())``. Texts of similar length are computed together.

    Args:
        model: A model of either framework; its head, if any, is passed over.
        tokenizer: Its tokenizer.
        texts: N texts; what is too long is cut.
        pooling: ``"mean"`` of the tokens' states, ``"cls"`` (the first one's) or ``"max"``.
        normalize: Whether vectors get the length 1.
        max_length: The most tokens of a text, special ones included; None for what the model takes.
        batch_size: The most texts computed at once.
        progress: Whether to show a bar.

    Returns:
        float32 (N, D), in the order of the texts.

    Raises:
        ValueError: If ``texts`` is one text, or an option breaks its rule.
    """
    rule = "texts must be a sequence of texts"
    are_texts = not isinstance(texts, str) and all(isinstance(one, str) for one in texts)
    require(are_texts, rule, type(texts).__name__)
    require(is_integer(batch_size, 1), "batch_size must be an integer of at least 1", batch_size)
    infer = tree(backend_of(model), "embed", "inference").last_hidden_states
    limit = model.config.max_sequence_length
    limit = limit if max_length is None else min(limit, max_length)
    longest_first = np.argsort([-len(one) for one in texts], kind="stable")
    vectors = np.zeros((len(texts), model.config.hidden_size), np.float32)
    for start in tqdm(range(0, len(texts), batch_size), disable=not progress, unit="batch"):
        rows = longest_first[start : start + batch_size]
        inputs = tokenizer(
            [texts[row] for row in rows],
            padding=True,
            truncation=True,
            max_length=limit,
            return_tensors="np",
        )
        vectors[rows] = pool(infer(model, dict(inputs)), inputs["attention_mask"], pooling)
    return normalised(vectors) if normalize else vectors
