"""Plain text into documents and paragraphs, with a held-out share and weights per source."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from camembert_dual.common.arrays import IntArray
from camembert_dual.common.errors import require

_NOT_LETTERS = re.compile(r"[\W_]+")


@dataclass(frozen=True)
class WeightedText:
    """A UTF-8 text file, and how often an epoch reads each of its rows.

    Attributes:
        path: The file; one paragraph per line, an empty line between documents.
        weight: Mean number of readings per epoch, above 0; 2.5 reads half the rows a third time.

    Raises:
        ValueError: If the weight is not a finite number above 0.
    """

    path: Path
    weight: float = 1.0

    def __post_init__(self) -> None:
        rule = f"The weight of {os.fspath(self.path)} must be finite and above 0"
        require(0.0 < self.weight < float("inf"), rule, self.weight)


@dataclass(frozen=True)
class Corpus:
    """Documents to train on and sentences kept from training.

    Attributes:
        documents: For each source its documents, each a tuple of paragraphs.
        weights: How often an epoch reads each source.
        held_out: Sentences that neither the vocabulary nor the network sees.
    """

    documents: tuple[tuple[tuple[str, ...], ...], ...]
    weights: tuple[float, ...]
    held_out: tuple[str, ...]


def read_corpus(
    sources: Sequence[WeightedText], hold_out: Path | None, *, fraction: float, seed: int
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
    paths = [source.path for source in sources]
    rule = f"The file to hold out from must be one of {', '.join(map(str, paths))}"
    require(hold_out is None or hold_out in paths, rule, hold_out)
    documents: list[tuple[tuple[str, ...], ...]] = []
    held_out: list[str] = []
    for path in paths:
        if path == hold_out:
            kept, held_out = split_held_out(read_lines(path), fraction=fraction, seed=seed)
            documents.append(tuple((line,) for line in kept))
            continue
        read = [tuple(document) for document in read_documents(path)]
        if len(read) == 1:
            read = [(line,) for line in read[0]]
        documents.append(tuple(read))
    trained_on = (line for source in documents for document in source for line in document)
    return Corpus(
        tuple(documents),
        tuple(source.weight for source in sources),
        tuple(unseen(held_out, trained_on)) if held_out else (),
    )


def read_documents(path: str | os.PathLike[str]) -> Iterator[list[str]]:
    """Read a text file document by document.

    Args:
        path: A UTF-8 file; one paragraph per line, empty lines between documents.

    Yields:
        The paragraphs of one document, at least one, spaces normalised and nothing else changed.

    Raises:
        ValueError: If the file is not UTF-8.
        OSError: If the file cannot be read.
    """
    document: list[str] = []
    try:
        with open(path, encoding="utf-8-sig") as file:
            for line in file:
                paragraph = normalise_spaces(line)
                if paragraph:
                    document.append(paragraph)
                elif document:
                    yield document
                    document = []
    except UnicodeDecodeError as error:
        raise ValueError(f"{os.fspath(path)}: text must be UTF-8; received {error}.") from error
    if document:
        yield document


def read_lines(path: str | os.PathLike[str]) -> Iterator[str]:
    """Read a text file paragraph by paragraph, as :func:`read_documents` without the documents."""
    for document in read_documents(path):
        yield from document


def normalise_spaces(line: str) -> str:
    """Give the line with each run of white space as one space, and none at the ends."""
    return " ".join(line.split())


def split_held_out(
    lines: Iterable[str], *, fraction: float, seed: int = 0
) -> tuple[list[str], list[str]]:
    """Split independent sentences into those to train on and those kept for evaluation.

    Use it before the vocabulary is trained, so that this too sees the first part only.

    Args:
        lines: The sentences.
        fraction: Expected share that is held out, 0 to 1.
        seed: Another seed holds out another share.

    Returns:
        Sentences to train on and sentences held out, each in the order of ``lines``.

    Raises:
        ValueError: If the fraction is out of its range.
    """
    train: list[str] = []
    held_out: list[str] = []
    for line in lines:
        (held_out if is_held_out(line, fraction=fraction, seed=seed) else train).append(line)
    return train, held_out


def is_held_out(line: str, *, fraction: float, seed: int = 0) -> bool:
    """Whether a sentence belongs to the share that is kept for evaluation.

    The answer depends on the :func:`sentence_key` and the seed only: not on the place, the other
    sentences, the file or the machine. So a sentence that comes twice, or again with other quotes
    or capitals, is always on the same side.

    Args:
        line: The sentence.
        fraction: Expected share that is held out, 0 to 1.
        seed: Another seed holds out another share.

    Raises:
        ValueError: If the fraction is out of its range.
    """
    require(0.0 <= fraction <= 1.0, "fraction must be within 0 and 1", fraction)
    digest = hashlib.blake2b(f"{seed}:{sentence_key(line)}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") < fraction * 2**64


def sentence_key(line: str) -> str:
    """The letters and digits of a sentence, without case: what makes it the same again."""
    return _NOT_LETTERS.sub("", line.casefold())


def unseen(lines: Iterable[str], seen: Iterable[str]) -> list[str]:
    """Give the lines of an evaluation set that no training line says too.

    Args:
        lines: The evaluation sentences.
        seen: All lines of the training sources.

    Returns:
        The lines whose :func:`sentence_key` is not that of a line of ``seen``, in their order.
    """
    seen_keys = set(map(sentence_key, seen))
    return [line for line in lines if sentence_key(line) not in seen_keys]


def oversample(count: int, weight: float, *, rng: np.random.Generator) -> IntArray:
    """Choose which rows of a source one epoch reads.

    Args:
        count: Rows of the source.
        weight: Mean number of readings of a row; see :class:`WeightedText`.
        rng: Draws the rows that the fractional part of the weight reads once more.

    Returns:
        Row numbers (round(count * weight),), sorted; each occurs floor(weight) times, or once more.

    Raises:
        ValueError: If a number is negative or infinite.
    """
    fits = count >= 0 and 0.0 <= weight < float("inf")
    rule = "count must be at least 0 and weight finite and at least 0"
    require(fits, rule, f"{count} and {weight}")
    whole = int(weight)
    extra = rng.permutation(count)[: round(count * weight) - count * whole]
    return np.sort(np.concatenate([np.repeat(np.arange(count), whole), extra]))
