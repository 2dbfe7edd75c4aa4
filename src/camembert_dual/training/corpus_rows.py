"""Documents to rows of ids: each epoch joins their paragraphs anew.

Letters: V vocabulary.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from camembert_dual.common.arrays import BoolArray, IntArray
from camembert_dual.common.errors import require
from camembert_dual.data.text import Corpus, oversample
from camembert_dual.training.masking import MaskingVocabulary
from camembert_dual.training.settings import PretrainingSettings

Encode = Callable[[list[str]], list[IntArray]]


@dataclass(frozen=True)
class EncodedCorpus:
    """A corpus as ids.

    Attributes:
        documents: For each source its documents, each a tuple of paragraphs.
        weights: How often an epoch reads each source.
    """

    documents: tuple[tuple[tuple[IntArray, ...], ...], ...]
    weights: tuple[float, ...]


def encode_corpus(corpus: Corpus, encode: Encode) -> EncodedCorpus:
    """Turn every paragraph into ids.

    Args:
        corpus: The text.
        encode: From a list of paragraphs to their ids, without special tokens.
    """
    encoded = []
    for documents in corpus.documents:
        ids = iter(encode([paragraph for document in documents for paragraph in document]))
        encoded.append(tuple(tuple(next(ids) for _ in document) for document in documents))
    return EncodedCorpus(tuple(encoded), corpus.weights)


def epoch_rows(
    corpus: EncodedCorpus,
    settings: PretrainingSettings,
    vocabulary: MaskingVocabulary,
    rng: np.random.Generator,
) -> list[IntArray]:
    """Join one epoch: each document anew, most into short rows, some into long ones.

    Long rows train the positions behind ``settings.max_length``; they are rare as they are slow.

    Args:
        corpus: The documents.
        settings: The numbers of the run.
        vocabulary: What joining has to know of the vocabulary.
        rng: Source of the draws.

    Returns:
        Rows of ids with ``<s>`` and ``</s>``.
    """
    rows: list[IntArray] = []
    for documents, weight in zip(corpus.documents, corpus.weights, strict=True):
        for index in oversample(len(documents), weight, rng=rng):
            is_long = rng.random() < settings.long_share
            rows += join_paragraphs(
                documents[index],
                max_length=settings.long_length if is_long else settings.max_length,
                bos_token_id=vocabulary.bos_token_id,
                eos_token_id=vocabulary.eos_token_id,
                word_starts=vocabulary.word_starts,
            )
    return rows


def join_paragraphs(
    paragraphs: Iterable[npt.ArrayLike],
    *,
    max_length: int,
    bos_token_id: int,
    eos_token_id: int,
    word_starts: BoolArray,
) -> Iterator[IntArray]:
    """Join consecutive paragraphs of one document into rows ``<s> paragraph … paragraph </s>``.

    Paragraphs stay whole where they can: a row ends before the paragraph that would overflow it. A
    paragraph longer than a row is cut at the last beginning of a word that fits. No row joins two
    documents: call once per document, or once per sentence where sentences are independent (Liu et
    al. 2019, section 4.2, DOC-SENTENCES).

    Args:
        paragraphs: Arrays of ids without special tokens.
        max_length: Most tokens of a row, ``<s>`` and ``</s>`` included.
        bos_token_id: Id of ``<s>``.
        eos_token_id: Id of ``</s>``.
        word_starts: (V,), whether a piece begins a word.

    Yields:
        Rows of at most ``max_length`` ids.

    Raises:
        ValueError: If ``max_length`` leaves no room for a token.
    """
    capacity = max_length - 2
    require(capacity >= 1, "max_length must be at least 3", max_length)
    bos, eos = np.array([bos_token_id]), np.array([eos_token_id])
    row: list[IntArray] = []
    used = 0
    for paragraph in paragraphs:
        for chunk in _cut_at_words(np.asarray(paragraph, dtype=np.int64), capacity, word_starts):
            if used + chunk.size > capacity:
                yield np.concatenate([bos, *row, eos])
                row, used = [], 0
            row.append(chunk)
            used += chunk.size
    if row:
        yield np.concatenate([bos, *row, eos])


def _cut_at_words(ids: IntArray, capacity: int, word_starts: BoolArray) -> Iterator[IntArray]:
    """Cut ids into chunks of at most ``capacity``, inside a word only if it alone is longer."""
    while ids.size > capacity:
        starts = np.flatnonzero(word_starts[ids[1 : capacity + 1]])
        cut = int(starts[-1]) + 1 if starts.size else capacity
        yield ids[:cut]
        ids = ids[cut:]
    if ids.size:
        yield ids
