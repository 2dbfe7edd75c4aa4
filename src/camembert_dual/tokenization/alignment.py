"""Rows of a batch as tokens with the characters, words and sequences that they come from."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from camembert_dual.tokenization.layout import Buffers, Place, Rows
from camembert_dual.tokenization.ragged import IntArray, merge_rows
from camembert_dual.tokenization.segmenter import Aligned, Backend

Source = str | Sequence[str]
NOTHING = -1  # the word and the sequence of special tokens and padding


@dataclass(frozen=True)
class Encoding:
    """One row: everything known about its tokens; None stands for special tokens and padding."""

    ids: list[int]
    type_ids: list[int]
    tokens: list[str]
    offsets: list[tuple[int, int]]
    word_ids: list[int | None]
    sequence_ids: list[int | None]
    special_tokens_mask: list[int]
    attention_mask: list[int]

    def __len__(self) -> int:
        """Tokens of the row, padding included."""
        return len(self.ids)


class TokenSources(NamedTuple):
    """Flat buffers of a batch: every token's text, characters, word and sequence."""

    tokens: NDArray[np.object_]
    starts: IntArray
    ends: IntArray
    words: IntArray
    sequences: IntArray


class Alignment:
    """The encodings of a batch, worked out when first asked for."""

    def __init__(self, rows: Rows, buffers: Buffers, solve: Callable[[], TokenSources]) -> None:
        """Keeps what the rows are made of; ``solve`` finds where their tokens come from."""
        self._rows = rows
        self._buffers = buffers
        self._solve = solve

    @cached_property
    def sources(self) -> TokenSources:
        """Where every token comes from."""
        return self._solve()

    def __len__(self) -> int:
        """Number of rows."""
        return len(self._rows.lengths)

    def __getstate__(self) -> dict[str, object]:
        """Travels to another process worked out, without the tokenizer."""
        return {"_rows": self._rows, "_buffers": self._buffers, "sources": self.sources}

    def row(self, index: int) -> Encoding:
        """The encoding of a row.

        Raises:
            IndexError: If there is no such row.
        """
        size = len(self)
        if not -size <= index < size:
            raise IndexError(f"row must be under {size}; received {index}")
        stop = int(self._rows.widths[: index % size + 1].sum())
        part = slice(stop - int(self._rows.widths[index]), stop)
        buffers, sources = self._buffers, self.sources
        return Encoding(
            ids=buffers.input_ids[part].tolist(),
            type_ids=buffers.token_type_ids[part].tolist(),
            tokens=sources.tokens[part].tolist(),
            offsets=list(
                zip(sources.starts[part].tolist(), sources.ends[part].tolist(), strict=True)
            ),
            word_ids=_or_none(sources.words[part]),
            sequence_ids=_or_none(sources.sequences[part]),
            special_tokens_mask=buffers.special_tokens_mask[part].tolist(),
            attention_mask=buffers.attention_mask[part].tolist(),
        )

    def offsets(self) -> list[list[tuple[int, int]]]:
        """The characters of every token of every row."""
        spans = list(zip(self.sources.starts.tolist(), self.sources.ends.tolist(), strict=True))
        stops = np.cumsum(self._rows.widths).tolist()
        sizes = self._rows.widths.tolist()
        return [spans[stop - size : stop] for stop, size in zip(stops, sizes, strict=True)]

    def offset_matrix(self) -> IntArray:
        """The same as an array (rows, tokens, 2)."""
        spans = (self.sources.starts, self.sources.ends)
        return np.stack([self._rows.to_matrix(flat) for flat in spans], axis=-1)


def find_sources(
    backend: Backend,
    aligned: Sequence[Aligned],
    rows: Rows,
    places: list[Place],
    pad_token: str,
) -> TokenSources:
    """Lays the tokens of sequences out as their ids were."""
    tokens = np.full(rows.size(), pad_token, object)
    starts, ends = np.zeros(rows.size(), np.int64), np.zeros(rows.size(), np.int64)
    words, sequences = np.full((2, rows.size()), NOTHING)
    for (content, _), target, origin in places:
        if not isinstance(content, str):
            tokens[target] = backend.id_to_token(content)
            continue
        number = int(content == "B")
        source = aligned[number]
        tokens[target] = source.tokens[origin]
        starts[target], ends[target] = source.starts[origin], source.ends[origin]
        words[target], sequences[target] = source.words[origin], number
    return TokenSources(tokens, starts, ends, words, sequences)


def align_sources(backend: Backend, sources: Sequence[Source]) -> Aligned:
    """Aligns texts, or lists of words, whose offsets count from each word's beginning."""
    texts = [source for source in sources if isinstance(source, str)]
    if len(texts) == len(sources):
        return backend.align(texts)
    aligned = backend.align([word for source in sources for word in source])
    numbers = [number for source in sources for number in range(len(source))]
    return aligned._replace(
        ids=merge_rows(aligned.ids, [len(source) for source in sources]),
        words=np.repeat(np.array(numbers, np.int64), aligned.ids.lengths),
    )


def _or_none(values: IntArray) -> list[int | None]:
    return [None if value == NOTHING else value for value in values.tolist()]
