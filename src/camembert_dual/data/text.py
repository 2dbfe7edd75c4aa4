"""Plain text into documents and paragraphs, with a held-out share and weights per source."""

import hashlib
import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

_NOT_LETTERS = re.compile(r"[\W_]+")


@dataclass(frozen=True)
class Source:
    """A UTF-8 text file, and how often an epoch reads each of its rows.

    Attributes:
        path: the file; one paragraph per line, an empty line between documents.
        weight: mean number of readings per epoch, above 0; 2.5 reads half the rows a third time.
    """

    path: Path
    weight: float = 1.0

    def __post_init__(self) -> None:
        """Check the weight.

        Raises:
            ValueError: the weight is not a finite number above 0.
        """
        if not 0.0 < self.weight < float("inf"):
            raise ValueError(
                f"weight of a source must be finite and above 0; received {self.weight} "
                f"for {os.fspath(self.path)}"
            )


def normalise_spaces(line: str) -> str:
    """Return the line with each run of white space as one space, and none at the ends."""
    return " ".join(line.split())


def read_documents(path: str | os.PathLike[str]) -> Iterator[list[str]]:
    """Read a text file document by document.

    Args:
        path: a UTF-8 file; one paragraph per line, empty lines between documents.

    Yields:
        The paragraphs of one document, at least one, spaces normalised and nothing else changed.

    Raises:
        ValueError: the file is not UTF-8.
        OSError: the file cannot be read.
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
        raise ValueError(f"text must be UTF-8; received {os.fspath(path)}: {error}") from error
    if document:
        yield document


def read_lines(path: str | os.PathLike[str]) -> Iterator[str]:
    """Read a text file paragraph by paragraph, as `read_documents` without the documents."""
    for document in read_documents(path):
        yield from document


def sentence_key(line: str) -> str:
    """Return the letters and digits of a sentence, without case: what makes it the same again."""
    return _NOT_LETTERS.sub("", line.casefold())


def is_held_out(line: str, *, fraction: float, seed: int = 0) -> bool:
    """Tell whether a sentence belongs to the share that is kept for evaluation.

    The answer depends on the `sentence_key` and the seed only: not on the place, the other
    sentences, the file or the machine. So a sentence that comes twice, or again with other quotes
    or capitals, is always on the same side.

    Args:
        line: the sentence.
        fraction: expected share that is held out, 0 to 1.
        seed: another seed holds out another share.

    Returns:
        True if the sentence is only for evaluation.

    Raises:
        ValueError: the fraction is out of its range.
    """
    if not 0.0 <= fraction <= 1.0:
        raise ValueError(f"fraction must be within 0 and 1; received {fraction}")
    digest = hashlib.blake2b(f"{seed}:{sentence_key(line)}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") < fraction * 2**64


def split_held_out(
    lines: Iterable[str], *, fraction: float, seed: int = 0
) -> tuple[list[str], list[str]]:
    """Split independent sentences into those to train on and those kept for evaluation.

    Use it before the vocabulary is trained, so that this too sees the first part only.

    Args:
        lines: the sentences.
        fraction: expected share that is held out, 0 to 1.
        seed: another seed holds out another share.

    Returns:
        `(train, held_out)`, each in the order of `lines`; see `is_held_out`.

    Raises:
        ValueError: the fraction is out of its range.
    """
    train: list[str] = []
    held_out: list[str] = []
    for line in lines:
        (held_out if is_held_out(line, fraction=fraction, seed=seed) else train).append(line)
    return train, held_out


def unseen(lines: Iterable[str], seen: Iterable[str]) -> list[str]:
    """Return the lines of an evaluation set that no training line says too.

    Args:
        lines: the evaluation sentences.
        seen: all lines of the training sources.

    Returns:
        The lines whose `sentence_key` is not that of a line of `seen`, in their order.
    """
    seen_keys = set(map(sentence_key, seen))
    return [line for line in lines if sentence_key(line) not in seen_keys]


def oversample(count: int, weight: float, *, rng: np.random.Generator) -> npt.NDArray[np.int64]:
    """Return which rows of a source one epoch reads.

    Args:
        count: number of rows of the source.
        weight: mean number of readings of a row; see `Source`.
        rng: draws the rows that the fractional part of the weight reads once more.

    Returns:
        Row numbers, shape (round(count * weight),), sorted; each occurs floor(weight) times, or
        once more.

    Raises:
        ValueError: a negative or infinite number.
    """
    if count < 0 or not 0.0 <= weight < float("inf"):
        raise ValueError(
            "count must be at least 0 and weight finite and at least 0; "
            f"received {count} and {weight}"
        )
    whole = int(weight)
    extra = rng.permutation(count)[: round(count * weight) - count * whole]
    return np.sort(np.concatenate([np.repeat(np.arange(count), whole), extra]))
