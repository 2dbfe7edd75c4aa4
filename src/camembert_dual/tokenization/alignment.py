"""Rows of a batch as tokens with the characters, words and sequences that they come from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from camembert_dual.common.arrays import IntArray
from camembert_dual.tokenization.layout import BatchLayout, Buffers, Slot
from camembert_dual.tokenization.segmenter import SegmentedTexts, Segmenter

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


class TokenOrigins(NamedTuple):
    """Flat buffers of a batch: every token's text, characters, word and sequence."""

    tokens: NDArray[np.object_]
    starts: IntArray
    ends: IntArray
    words: IntArray
    sequences: IntArray


class Solved(NamedTuple):
    """All that is known of the rows of a batch."""

    rows: BatchLayout
    buffers: Buffers
    origins: TokenOrigins


class Alignment:
    """The encodings of a batch, worked out when first asked for."""

    def __init__(self, solve: Callable[[], Solved]) -> None:
        """Keep what works them out."""
        self._solve = solve

    @cached_property
    def solved(self) -> Solved:
        """What the rows are made of, and where their tokens come from."""
        return self._solve()

    @cached_property
    def _bounds(self) -> list[tuple[int, int]]:
        """Where each row begins and ends in the buffers."""
        widths = self.solved.rows.widths
        stops = np.cumsum(widths)
        starts = stops - widths
        return list(zip(starts.tolist(), stops.tolist(), strict=True))

    @cached_property
    def _words(self) -> list[int | None]:
        """The words of all rows, made at once, as one row after the other is asked for them."""
        return _or_none(self.solved.origins.words)

    @cached_property
    def _sequences(self) -> list[int | None]:
        """Likewise the sequences."""
        return _or_none(self.solved.origins.sequences)

    def __len__(self) -> int:
        """Number of rows."""
        return len(self.solved.rows.lengths)

    def __getstate__(self) -> dict[str, object]:
        """Travel to another process worked out, without the tokenizer."""
        return {"solved": self.solved}

    def row(self, index: int) -> Encoding:
        """The encoding of a row.

        Raises:
            IndexError: If there is no such row.
        """
        tokens = self._places(index)
        _, buffers, origins = self.solved
        return Encoding(
            ids=buffers.input_ids[tokens].tolist(),
            type_ids=buffers.token_type_ids[tokens].tolist(),
            tokens=origins.tokens[tokens].tolist(),
            offsets=list(
                zip(origins.starts[tokens].tolist(), origins.ends[tokens].tolist(), strict=True)
            ),
            word_ids=self._words[tokens],
            sequence_ids=self._sequences[tokens],
            special_tokens_mask=buffers.special_tokens_mask[tokens].tolist(),
            attention_mask=buffers.attention_mask[tokens].tolist(),
        )

    def word_ids(self, index: int) -> list[int | None]:
        """The words of a row, without its :class:`Encoding`.

        Raises:
            IndexError: If there is no such row.
        """
        return self._words[self._places(index)]

    def sequence_ids(self, index: int) -> list[int | None]:
        """The sequences of a row, likewise.

        Raises:
            IndexError: If there is no such row.
        """
        return self._sequences[self._places(index)]

    def _places(self, index: int) -> slice:
        """Where a row stands in the buffers."""
        size = len(self)
        if not -size <= index < size:
            raise IndexError(f"A row must be under {size}; received {index}.")
        return slice(*self._bounds[index])

    def offsets(self) -> list[list[tuple[int, int]]]:
        """The characters of every token of every row."""
        origins = self.solved.origins
        spans = list(zip(origins.starts.tolist(), origins.ends.tolist(), strict=True))
        return [spans[start:stop] for start, stop in self._bounds]

    def offset_matrix(self) -> IntArray:
        """The same as an array (rows, tokens, 2)."""
        rows, _, origins = self.solved
        return np.stack([rows.to_matrix(origins.starts), rows.to_matrix(origins.ends)], axis=-1)


def find_origins(
    segmenter: Segmenter,
    segmented: Sequence[SegmentedTexts],
    rows: BatchLayout,
    slots: list[Slot],
    pad_token: str,
) -> TokenOrigins:
    """Lay the tokens of sequences out as their ids were."""
    tokens = np.full(rows.size(), pad_token, object)
    starts, ends = np.zeros(rows.size(), np.int64), np.zeros(rows.size(), np.int64)
    words, sequences = np.full((2, rows.size()), NOTHING)
    for (content, _), target, origin in slots:
        if not isinstance(content, str):
            tokens[target] = segmenter.id_to_token(content)
            continue
        number = int(content == "B")
        one = segmented[number]
        tokens[target] = one.tokens[origin]
        starts[target], ends[target] = one.starts[origin], one.ends[origin]
        words[target], sequences[target] = one.words[origin], number
    return TokenOrigins(tokens, starts, ends, words, sequences)


def _or_none(values: IntArray) -> list[int | None]:
    found = values.astype(object)
    found[values == NOTHING] = None
    listed: list[int | None] = found.tolist()
    return listed
