"""A file read by offset, with every read bounded by its size."""

from __future__ import annotations

import os
import threading
import weakref
from pathlib import Path

import numpy as np
import numpy.typing as npt

from camembert_dual.common.arrays import Array
from camembert_dual.common.errors import require_file


class RawFile:
    """An open file; it stays the same file when a save replaces it.

    Plain reads instead of a memory map: mapped pages count as used memory until all of the file is
    read.

    Args:
        path: The file.

    Raises:
        CheckpointError: If it is not a regular file.
        OSError: If it cannot be opened.
    """

    def __init__(self, path: Path) -> None:
        require_file(path, path.is_file(), "a checkpoint must be a regular file", "something else")
        self.path = path
        self._file = path.open("rb", buffering=0)
        weakref.finalize(self, self._file.close)
        self._lock = threading.Lock()
        self.size = os.fstat(self._file.fileno()).st_size

    def read(self, offset: int, count: int) -> bytes:
        """Read ``count`` bytes.

        Raises:
            CheckpointError: If the file does not have them.
        """
        return self._read(offset, count).tobytes()

    def array(self, offset: int, dtype: np.dtype[np.generic], shape: tuple[int, ...]) -> Array:
        """Read an array that lies there in rows.

        Raises:
            CheckpointError: If the file does not have that many bytes.
        """
        count = dtype.itemsize
        for size in shape:
            count *= size
        array: Array = self._read(offset, count).view(dtype).reshape(shape)
        return array

    def _read(self, offset: int, count: int) -> npt.NDArray[np.uint8]:
        rule = f"bytes {offset} to {offset + count} must lie in the file"
        fits = offset >= 0 and count >= 0 and offset + count <= self.size
        require_file(self.path, fits, rule, f"a file of {self.size} bytes")
        buffer = np.empty(count, dtype=np.uint8)
        view = memoryview(buffer.data)
        with self._lock:
            self._file.seek(offset)
            done = 0
            while done < count:
                got = self._file.readinto(view[done : done + (1 << 28)])
                require_file(self.path, got, rule, "a file that became shorter")
                done += got
        return buffer
