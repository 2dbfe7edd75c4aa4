"""The arrays of a checkpoint: published name to array, each read when it is asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from camembert_dual.common.arrays import BFLOAT16, Array
from camembert_dual.common.errors import require_file


@dataclass(frozen=True)
class LazyArray:
    """One array in a file.

    Attributes:
        path: The file.
        stored_name: Its name in the file.
        shape: Its shape as ``read`` gives it.
        dtype: Its type.
        read: Reads it.
        transposed: Whether the file holds the transpose of what ``read`` gives.
        storage_key: Where its bytes lie; what lies in one place is one array under two names. None
            if not known.
    """

    path: Path
    stored_name: str
    shape: tuple[int, ...]
    dtype: np.dtype[np.generic]
    read: Callable[[], Array]
    transposed: bool = False
    storage_key: object = None


@dataclass(eq=False)
class LazyArrays(Mapping[str, Array]):
    """The arrays of a checkpoint by their published names, in the torch layout.

    Who asks for one has it to himself.

    Attributes:
        lazy: Published name to where the array is.
        format: What they were read from, for people.
        dropped: What the file holds besides, as (name in the file, reason).
        own: The weights of a user's own layers around CamemBERT, by their names in the file and as
            it holds them.
    """

    lazy: Mapping[str, LazyArray]
    format: str
    dropped: tuple[tuple[str, str], ...] = field(default=())
    own: Mapping[str, LazyArray] = field(default_factory=dict)

    def __getitem__(self, name: str) -> Array:
        """Read an array.

        Raises:
            KeyError: If there is no such name.
            CheckpointError: If it holds a value that is not finite, which no working model has.
        """
        one = self.lazy[name]
        array = one.read()
        rule = f"the weight {one.stored_name!r} must hold finite numbers only"
        require_file(one.path, is_finite(array), rule, "NaN or infinity")
        return array

    def __iter__(self) -> Iterator[str]:
        return iter(self.lazy)

    def __len__(self) -> int:
        return len(self.lazy)


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
    if isinstance(arrays, LazyArrays):
        return arrays.lazy[name].shape
    return tuple(arrays[name].shape)


def dtype_of(arrays: Mapping[str, Array], name: str) -> np.dtype[np.generic]:
    """The type of an array, without reading it where that can be."""
    if isinstance(arrays, LazyArrays):
        return arrays.lazy[name].dtype
    return arrays[name].dtype


def are_equal(arrays: Mapping[str, Array], one: str, other: str) -> bool:
    """Whether two arrays are the same, bit for bit."""
    if isinstance(arrays, LazyArrays):
        key = arrays.lazy[one].storage_key
        if key is not None and key == arrays.lazy[other].storage_key:
            return True
    first, second = arrays[one], arrays[other]
    return (
        first.shape == second.shape
        and first.dtype == second.dtype
        and bool(np.array_equal(first, second))
    )
