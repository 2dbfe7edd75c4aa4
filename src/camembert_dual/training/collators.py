"""Rows of ids into padded batches whose words are hidden.

Letters: B rows, T positions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from camembert_dual.common.arrays import BoolArray, FloatArray, IntArray
from camembert_dual.common.errors import require
from camembert_dual.inputs import IGNORE_INDEX
from camembert_dual.training.batching import batches_by_length
from camembert_dual.training.corpus_rows import EncodedCorpus, epoch_rows
from camembert_dual.training.masking import MaskingVocabulary, mask_whole_words
from camembert_dual.training.settings import PretrainingSettings

# from masked ids (B, T) and chosen positions (B, T) to log-probabilities (N, V)
Predictor = Callable[[IntArray, BoolArray], FloatArray]
EVALUATION_TOKENS = 2048  # most tokens of a batch that is only scored


class MaskedBatch(NamedTuple):
    """Inputs and labels of masked language modelling.

    Attributes:
        input_ids: Ids with hidden words (B, T).
        attention_mask: (B, T), True = attend.
        labels: Original ids (B, T), -100 where there is nothing to predict.
    """

    input_ids: IntArray
    attention_mask: BoolArray
    labels: IntArray


def pad_batch(rows: Sequence[npt.ArrayLike], pad_token_id: int) -> tuple[IntArray, BoolArray]:
    """Put rows of different lengths into one array, padded on the right.

    Args:
        rows: B arrays of ids.
        pad_token_id: Id that fills the rest.

    Returns:
        Ids (B, T) and attention mask (B, T), True = attend; T is the longest length.

    Raises:
        ValueError: If there are no rows.
    """
    require(len(rows), "A batch must have at least one row", "none")
    arrays = [np.asarray(row, dtype=np.int64) for row in rows]
    lengths = np.array([array.size for array in arrays])
    attention_mask = np.arange(lengths.max()) < lengths[:, None]  # (B, T)
    input_ids = np.full(attention_mask.shape, pad_token_id, dtype=np.int64)
    input_ids[attention_mask] = np.concatenate(arrays)
    return input_ids, attention_mask


def training_batches(
    settings: PretrainingSettings, corpus: EncodedCorpus, vocabulary: MaskingVocabulary, done: int
) -> Iterator[MaskedBatch]:
    """Yield masked batches for ever, the first ``done`` left out; each epoch draws anew.

    Every draw depends on the seed, the epoch and the batch alone, so an interrupted run that is
    started again sees the same batches as one that was not.
    """
    epoch = 0
    while True:
        rng = np.random.default_rng([settings.seed, epoch])
        rows = epoch_rows(corpus, settings, vocabulary, rng)
        lengths = [row.size for row in rows]
        batches = batches_by_length(lengths, tokens_per_batch=settings.tokens_per_batch, rng=rng)
        for number, batch in enumerate(batches):
            if done > 0:
                done -= 1
                continue
            mask_rng = np.random.default_rng([settings.seed, epoch, number])
            yield training_batch([rows[index] for index in batch], vocabulary, mask_rng)
        epoch += 1


def training_batch(
    rows: Sequence[IntArray], vocabulary: MaskingVocabulary, rng: np.random.Generator
) -> MaskedBatch:
    """Pad rows and hide words until there is at least one to predict."""
    input_ids, attention_mask = pad_batch(rows, vocabulary.pad_token_id)
    labels = np.full_like(input_ids, IGNORE_INDEX)
    while (labels == IGNORE_INDEX).all():  # a batch of very short rows may draw no word
        masked, labels = mask_whole_words(input_ids, vocabulary, rng)
    return MaskedBatch(masked, attention_mask, labels)


def evaluation_batches(
    rows: Sequence[IntArray], vocabulary: MaskingVocabulary
) -> list[MaskedBatch]:
    """Hide every chosen word, so that no label can be read off; the masks depend on the rows alone.

    Batches without a chosen word are left out.
    """
    rng = np.random.default_rng(0)
    lengths = [row.size for row in rows]
    batches = []
    for batch in batches_by_length(lengths, tokens_per_batch=EVALUATION_TOKENS, rng=rng):
        chosen_rows = [rows[index] for index in batch]
        input_ids, attention_mask = pad_batch(chosen_rows, vocabulary.pad_token_id)
        masked, labels = mask_whole_words(
            input_ids, vocabulary, rng, mask_share=1.0, random_share=0.0
        )
        if (labels != IGNORE_INDEX).any():
            batches.append(MaskedBatch(masked, attention_mask, labels))
    return batches
