"""The arrays of a checkpoint: published name to array, each read when it is asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from camembert_dual.common.arrays import BFLOAT16, Array
from camembert_dual.common.errors import require_file


@dataclass(frozen=True)
class Entry:
    """One array in a file.

    Attributes:
        path: The file.
        source: Its name in the file.
        shape: Its shape in the torch layout.
        dtype: Its type.
        read: Reads it, in the torch layout.
        transposed: Whether the file holds the transpose.
        place: Where its bytes lie; entries of one place are one array under two names. None if not
            known.
    """

    path: Path
    source: str
    shape: tuple[int, ...]
    dtype: np.dtype[np.generic]
    read: Callable[[], Array]
    transposed: bool = False
    place: object = None


@dataclass(eq=False)
class Arrays(Mapping[str, Array]):
    """The arrays of a checkpoint by their published names; who asks for one has it to himself.

    Attributes:
        entries: Published name to where the array is.
        format: The name of the format they were read from.
        dropped: What the file holds besides, as (name in the file, reason).
    """

    entries: Mapping[str, Entry]
    format: str
    dropped: tuple[tuple[str, str], ...] = field(default=())

    def __getitem__(self, name: str) -> Array:
        """Read an array.

        Raises:
            KeyError: If there is no such name.
            CheckpointError: If it holds a value that is not finite, which no working model has.
        """
        entry = self.entries[name]
        array = entry.read()
        rule = f"the weight {entry.source!r} must hold finite numbers only"
        require_file(entry.path, is_finite(array), rule, "NaN or infinity")
        return array

    def __iter__(self) -> Iterator[str]:
        return iter(self.entries)

    def __len__(self) -> int:
        return len(self.entries)


def is_finite(array: Array) -> bool:
    """Whether there is neither NaN nor infinity, found without a second array of the same size."""
    if array.dtype.kind in "biu":
        return True
    flat = array.reshape(-1) if array.flags.c_contiguous else array.T.reshape(-1)
    step = 1 << 20
    return all(
        bool(np.isfinite(flat[start : start + step]).all()) for start in range(0, len(flat), step)
    )


def is_floating(dtype: np.dtype[np.generic]) -> bool:
    """Whether a type is floating point, numpy's bfloat16 included."""
    return dtype.kind == "f" or dtype == BFLOAT16


def shape_of(arrays: Mapping[str, Array], name: str) -> tuple[int, ...]:
    """The shape of an array, without reading it where that can be."""
    if isinstance(arrays, Arrays):
        return arrays.entries[name].shape
    return tuple(arrays[name].shape)


def dtype_of(arrays: Mapping[str, Array], name: str) -> np.dtype[np.generic]:
    """The type of an array, without reading it where that can be."""
    if isinstance(arrays, Arrays):
        return arrays.entries[name].dtype
    return arrays[name].dtype


def are_equal(arrays: Mapping[str, Array], one: str, other: str) -> bool:
    """Whether two arrays are the same, bit for bit."""
    if isinstance(arrays, Arrays):
        place = arrays.entries[one].place
        if place is not None and place == arrays.entries[other].place:
            return True
    first, second = arrays[one], arrays[other]
    return (
        first.shape == second.shape
        and first.dtype == second.dtype
        and bool(np.array_equal(first, second))
    )
