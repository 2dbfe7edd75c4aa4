"""Rows of a task into padded batches, their labels with them.

Letters: B rows, T positions, C choices, L labels.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from camembert_dual.common.arrays import Array, IntArray
from camembert_dual.inputs import IGNORE_INDEX
from camembert_dual.training.collators import pad_batch
from camembert_dual.training.masking import MaskingVocabulary, mask_whole_words
from camembert_dual.training.steps import SPAN, Batch

# "input_ids": an array of ids, or a list of such for texts that belong together; and its labels
Row = Mapping[str, Any]


def length_of(row: Row) -> int:
    """The tokens of a row, or of its longest text."""
    ids = row["input_ids"]
    return max(map(len, ids)) if has_texts(row) else len(ids)


def has_texts(row: Row) -> bool:
    """Whether a row is of several texts that belong together."""
    return np.ndim(row["input_ids"][0]) == 1


def labelled_batch(rows: Sequence[Row], pad_token_id: int) -> Batch:
    """Put rows together.

    Args:
        rows: B rows; those of texts that belong together have as many each.
        pad_token_id: Id that fills the rest.

    Returns:
        ``input_ids`` and ``attention_mask`` (B, T) or (B, C, T), and what the rows have of
        ``labels`` -- classes (B), classes of tokens (B, T) or numbers (B, L) --, and
        ``start_positions`` and ``end_positions`` (B).
    """
    several = has_texts(rows[0])
    texts = [ids for row in rows for ids in row["input_ids"]] if several else None
    input_ids, attention_mask = pad_batch(texts or [row["input_ids"] for row in rows], pad_token_id)
    shape = (len(rows), -1, input_ids.shape[1]) if several else input_ids.shape
    batch: dict[str, Array] = {
        "input_ids": input_ids.reshape(shape),
        "attention_mask": attention_mask.reshape(shape),
    }
    if "labels" in rows[0]:
        batch["labels"] = _labels([np.asarray(row["labels"]) for row in rows])
    for name in SPAN:
        if name in rows[0]:
            batch[name] = np.array([row[name] for row in rows], dtype=np.int64)
    return batch


def _labels(labels: Sequence[Array]) -> Array:
    """Stack labels; classes of tokens are padded with -100."""
    is_class = np.issubdtype(labels[0].dtype, np.integer)
    if is_class and labels[0].ndim:
        return pad_batch(labels, IGNORE_INDEX)[0]
    return np.stack(labels).astype(np.int64 if is_class else np.float64)


def masked_batch(
    rows: Sequence[IntArray],
    vocabulary: MaskingVocabulary,
    rng: np.random.Generator,
    **shares: float,
) -> Batch:
    """Pad rows and hide whole words of them until there is at least one to predict.

    Args:
        rows: B arrays of ids, one of them with a word at least.
        vocabulary: What masking has to know of the vocabulary.
        rng: Source of the draws.
        **shares: ``mask_share`` and ``random_share``, as in :func:`mask_whole_words`.
    """
    input_ids, attention_mask = pad_batch(rows, vocabulary.pad_token_id)
    labels = np.full_like(input_ids, IGNORE_INDEX)
    while (labels == IGNORE_INDEX).all():  # a batch of very short rows may draw no word
        masked, labels = mask_whole_words(input_ids, vocabulary, rng, **shares)
    return {"input_ids": masked, "attention_mask": attention_mask, "labels": labels}
