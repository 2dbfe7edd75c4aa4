"""Rows of different lengths in one flat array: how a batch travels through this package.

Legend: N rows, T tokens of all rows together.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import NamedTuple

import numpy as np

from camembert_dual.common.arrays import IntArray


class Ragged(NamedTuple):
    """N rows of integers: ``values`` (T) one row after the other, ``lengths`` (N)."""

    values: IntArray
    lengths: IntArray

    def starts(self) -> IntArray:
        """Where each row begins in ``values`` (N)."""
        return np.cumsum(self.lengths) - self.lengths

    def to_lists(self) -> list[list[int]]:
        """The rows as Python lists."""
        flat = self.values.tolist()
        stops = np.cumsum(self.lengths).tolist()
        sizes = self.lengths.tolist()
        return [flat[stop - size : stop] for stop, size in zip(stops, sizes, strict=True)]


def from_lists(rows: Sequence[Sequence[int]]) -> Ragged:
    """Join Python lists."""
    lengths = np.fromiter(map(len, rows), np.int64, len(rows))
    return Ragged(np.fromiter(chain.from_iterable(rows), np.int64, int(lengths.sum())), lengths)


def merge_rows(parts: Ragged, counts: Sequence[int] | IntArray) -> Ragged:
    """Join neighbouring rows: the first ``counts[0]`` parts become row 0, and so on."""
    edges = np.concatenate([[0], np.cumsum(parts.lengths)])
    stops = np.cumsum(np.asarray(counts, np.int64))
    return Ragged(parts.values, np.diff(edges[np.concatenate([[0], stops])]).astype(np.int64))


def take_rows(rows: Ragged, numbers: IntArray) -> tuple[Ragged, IntArray]:
    """Rows by their numbers, as often as each comes; and the places of their values in ``rows``."""
    lengths = rows.lengths[numbers]
    places = np.repeat(rows.starts()[numbers], lengths) + ramp(lengths)
    return Ragged(rows.values[places], lengths), places


def ramp(lengths: IntArray) -> IntArray:
    """Count 0, 1, 2 … inside every row of the given lengths (T)."""
    return np.arange(int(lengths.sum())) - np.repeat(np.cumsum(lengths) - lengths, lengths)
