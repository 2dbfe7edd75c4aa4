"""From text files to rows of ids: vocabulary, held-out sentences, documents, packing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from camembert_dual.data.text import (
    Source,
    oversample,
    read_documents,
    read_lines,
    split_held_out,
    unseen,
)
from camembert_dual.training.batching import pack_paragraphs
from camembert_dual.training.settings import PretrainingSettings
from camembert_dual.training.vocabulary import Pieces

IntArray = npt.NDArray[np.int64]
Encode = Callable[[list[str]], list[IntArray]]


@dataclass(frozen=True)
class Corpus:
    """Documents to train on and sentences kept from training.

    Attributes:
        documents: For each source its documents, each a list of paragraphs.
        weights: How often an epoch reads each source.
        held_out: Sentences that neither the vocabulary nor the network sees.
    """

    documents: tuple[tuple[tuple[str, ...], ...], ...]
    weights: tuple[float, ...]
    held_out: tuple[str, ...]

    def lines(self, rng: np.random.Generator) -> Iterator[str]:
        """The paragraphs that the vocabulary is trained on, each source as often as it weighs."""
        for documents, weight in zip(self.documents, self.weights, strict=True):
            paragraphs = [paragraph for document in documents for paragraph in document]
            for index in oversample(len(paragraphs), weight, rng=rng):
                yield paragraphs[index]


def read_corpus(
    sources: Sequence[Source], hold_out: Path | None, *, fraction: float, seed: int
) -> Corpus:
    """Read the sources; of one of them, keep a share of the sentences for evaluation.

    A source without empty lines is a list of sentences, each a document of its own.

    Args:
        sources: The text files and their weights.
        hold_out: The source whose sentences are split, or None.
        fraction: Share of its sentences that is held out.
        seed: Another seed holds out other sentences.

    Raises:
        ValueError: If ``hold_out`` is not one of the sources or a file is not UTF-8.
        OSError: If a file cannot be read.
    """
    if hold_out is not None and hold_out not in [source.path for source in sources]:
        known = ", ".join(str(source.path) for source in sources)
        raise ValueError(f"The file to hold out from must be one of {known}; received {hold_out}.")
    documents: list[tuple[tuple[str, ...], ...]] = []
    held_out: list[str] = []
    for source in sources:
        if source.path == hold_out:
            kept, held_out = split_held_out(read_lines(source.path), fraction=fraction, seed=seed)
            documents.append(tuple((line,) for line in kept))
            continue
        read = [tuple(document) for document in read_documents(source.path)]
        if len(read) == 1:
            read = [(line,) for line in read[0]]
        documents.append(tuple(read))
    trained_on = (line for source in documents for document in source for line in document)
    return Corpus(
        tuple(documents),
        tuple(source.weight for source in sources),
        tuple(unseen(held_out, trained_on)) if held_out else (),
    )


@dataclass(frozen=True)
class EncodedCorpus:
    """A corpus as ids: for each source its documents, each a tuple of paragraphs."""

    documents: tuple[tuple[tuple[IntArray, ...], ...], ...]
    weights: tuple[float, ...]


def epoch_rows(
    corpus: EncodedCorpus,
    settings: PretrainingSettings,
    pieces: Pieces,
    rng: np.random.Generator,
) -> list[IntArray]:
    """Pack one epoch: each document anew, most into short rows, some into long ones.

    Long rows train the positions behind ``settings.max_length``; they are rare as they are slow.

    Args:
        corpus: The documents.
        settings: The numbers of the run.
        pieces: The vocabulary.
        rng: Source of the draws.

    Returns:
        Rows of ids with ``<s>`` and ``</s>``.
    """
    rows: list[IntArray] = []
    for documents, weight in zip(corpus.documents, corpus.weights, strict=True):
        for index in oversample(len(documents), weight, rng=rng):
            is_long = rng.random() < settings.long_share
            rows += pack_paragraphs(
                documents[index],
                max_length=settings.long_length if is_long else settings.max_length,
                bos_token_id=pieces.bos_token_id,
                eos_token_id=pieces.eos_token_id,
                word_starts=pieces.word_starts,
            )
    return rows


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
