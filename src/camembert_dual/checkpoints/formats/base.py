"""What a format is, and what all of them share."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from camembert_dual.checkpoints.lazy_arrays import LazyArrays
from camembert_dual.common.arrays import Array
from camembert_dual.config import CamembertConfig


class Content(NamedTuple):
    """What a file holds.

    Attributes:
        arrays: Its arrays.
        config: The keys of a ``config.json``, where the format has them itself; None elsewhere.
    """

    arrays: LazyArrays
    config: dict[str, Any] | None = None


class PlannedArray(NamedTuple):
    """An array to be written: known before it is read."""

    name: str
    dtype: np.dtype[np.generic]
    shape: tuple[int, ...]

    @property
    def size(self) -> int:
        """Its bytes."""
        return self.dtype.itemsize * math.prod(self.shape)


Read = Callable[[str], Array]
Write = Callable[[Path, Sequence[PlannedArray], Read, str], dict[str, str]]
WriteTokenizer = Callable[[Path, Path, CamembertConfig], None]


@dataclass(frozen=True)
class Format:
    """One format of checkpoints. All that the rest of the package knows of it is here.

    Attributes:
        name: What a user calls it.
        title: What it is called in a report.
        file_name: The name of a file of it.
        matches: Whether a file has this format, by its path and its first bytes. It may look
            further into a file that begins as this format does, and refuse it.
        read: Opens a file without reading its arrays.
        write: Writes arrays one at a time: the file, what it will hold, what reads an array in the
            torch layout by its published name, and the architecture. Gives published name to the
            name in the file. None if the format is only read.
        in_shards: Whether it is written in several files, too.
        write_tokenizer: Writes the tokenizer's files, where a folder of this format has others: the
            folder, where to, and the config. None if they are those of every other format.
    """

    name: str
    title: str
    file_name: str
    matches: Callable[[Path, bytes], bool]
    read: Callable[[Path], Content]
    write: Write | None = None
    in_shards: bool = False
    write_tokenizer: WriteTokenizer | None = None


def write_array(write: Callable[[memoryview], object], array: Array) -> None:
    """Write an array's bytes in rows, little end first, in pieces that need little memory."""
    if not array.flags.c_contiguous and array.ndim == 2:
        step = max(1, (1 << 22) // max(1, array[:1].nbytes))
        for start in range(0, len(array), step):
            write_array(write, np.ascontiguousarray(array[start : start + step]))
        return
    array = np.ascontiguousarray(array)
    write(array.reshape(-1).view(np.uint8).data)
