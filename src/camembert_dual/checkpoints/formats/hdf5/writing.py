"""HDF5 files, written by the HDF5 library: arrays in, one at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from camembert_dual.common.arrays import BFLOAT16, Array
from camembert_dual.common.backends import import_optional

# sign position; exponent position and size; mantissa position and size
_BFLOAT16_FIELDS = (15, 7, 8, 0, 7)
_BFLOAT16_BIAS = 127


def import_h5py() -> Any:
    """Import h5py.

    Raises:
        ImportError: If it is not installed.
    """
    return import_optional("h5py", "tf", "Writing HDF5 files")


@contextmanager
def new_hdf5(path: Path) -> Iterator[Any]:
    """Open a new file for writing.

    Raises:
        OSError: If it cannot be written, on a full disk for one.
    """
    h5py = import_h5py()
    with path.open("w+b", buffering=0) as file:
        target = _Target(file)
        try:
            with h5py.File(target, "w") as opened:
                yield opened
        finally:
            if target.error is not None:
                raise target.error


def write_dataset(group: Any, name: str, array: Array) -> None:
    """Write an array; bfloat16 as an HDF5 type that every reader sees as float32, exactly."""
    if array.dtype != BFLOAT16:
        group.create_dataset(name, data=array)
        return
    h5py = import_h5py()
    kind = h5py.h5t.IEEE_F32LE.copy()
    kind.set_fields(*_BFLOAT16_FIELDS)
    kind.set_size(2)
    kind.set_ebias(_BFLOAT16_BIAS)
    parent, _, last = name.rpartition("/")
    if parent:
        group = group.require_group(parent)
    space = h5py.h5s.create_simple(array.shape)
    dataset = h5py.h5d.create(group.id, last.encode(), kind, space)
    bits = np.ascontiguousarray(array).view(np.uint16)
    dataset.write(h5py.h5s.ALL, h5py.h5s.ALL, bits, mtype=kind)


class _Target:
    """The file below HDF5, which sees every write succeed; the first error is kept for later.

    After a write that failed, the library tries again at each of its steps, prints a trace for
    each, and may end the process.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.error: OSError | None = None

    def _try(self, operation: Callable[..., int], *arguments: Any) -> int:
        try:
            return operation(*arguments)
        except OSError as error:
            self.error = self.error or error
            return 0

    def write(self, data: Any) -> int:
        left = memoryview(data)
        while left and self.error is None:
            left = left[self._try(self._file.write, left) :]
        return len(data)

    def truncate(self, size: int) -> int:
        return self._try(self._file.truncate, size)

    def flush(self) -> None:
        """Nothing waits to be written."""

    def read(self, count: int) -> bytes:
        return self._file.read(count)

    def seek(self, offset: int, whence: int = 0) -> int:
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()
