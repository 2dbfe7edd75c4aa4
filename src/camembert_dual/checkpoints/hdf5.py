"""HDF5 as a bare container: datasets in, datasets out.

No object in a file is ever rebuilt and no link followed.
"""

from __future__ import annotations

import importlib
import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from camembert_dual.checkpoints.entries import Array
from camembert_dual.checkpoints.errors import CheckpointError, require, short
from camembert_dual.checkpoints.raw_file import BFLOAT16
from camembert_dual.checkpoints.tf_names import RawEntry

MAX_DEPTH = 32
HDF5_ERRORS = (
    OSError,
    RuntimeError,
    KeyError,
    ValueError,
    TypeError,
    AttributeError,
    OverflowError,
)
# sign position; exponent position and size; mantissa position and size
_BFLOAT16_FIELDS = (15, 7, 8, 0, 7)
_BFLOAT16_BIAS = 127


def open_hdf5(path: Path) -> Any:
    """Open a file for reading.

    Raises:
        ImportError: If h5py is not installed; the message says how to get it.
        CheckpointError: If the file is not whole.
    """
    h5py = import_h5py()
    try:
        return h5py.File(path, "r", locking=False)
    except HDF5_ERRORS as error:
        raise broken(path, error) from None


def import_h5py() -> Any:
    """Import h5py.

    Raises:
        ImportError: If it is not installed.
    """
    try:
        return importlib.import_module("h5py")
    except ModuleNotFoundError:
        raise ImportError('HDF5 checkpoints need h5py: pip install "camembert-dual[tf]"') from None


def broken(path: Path, error: Exception) -> CheckpointError:
    """The error of a file that the library cannot read."""
    received = short(str(error)) if str(error) else type(error).__name__
    return CheckpointError(f"{path}: an HDF5 file must be whole; received {received}.")


def is_own(group: Any, name: str) -> bool:
    """Whether a group holds a member itself, found without following a link to anywhere else."""
    links = group.id.links
    hard = import_h5py().h5l.TYPE_HARD
    return bool(links.exists(name.encode()) and links.get_info(name.encode()).type == hard)


def datasets(path: Path, file: Any) -> list[tuple[tuple[str, ...], Any]]:
    """Everything but the groups of a file, with the keys that lead to each.

    Attributes are neither needed nor read. Their texts lie in heaps that keep the library (seen in
    1.14) in a loop for ever where an object in them has no size, and for which it takes whatever
    memory a text says that it needs.

    Raises:
        CheckpointError: If a link leads elsewhere, or a group is reached in two ways.
    """
    h5py = import_h5py()
    found: list[tuple[tuple[str, ...], Any]] = []
    visited = set()
    waiting: list[tuple[tuple[str, ...], Any]] = [((), file)]
    while waiting:
        parts, group = waiting.pop()
        address = h5py.h5o.get_info(group.id).addr
        once = address not in visited and len(parts) <= MAX_DEPTH
        rule = f"a group must be there once, in at most {MAX_DEPTH} others"
        require(path, once, rule, short("/".join(parts), 80))
        visited.add(address)
        for key in group:
            name = "/".join((*parts, key))
            rule = f"an HDF5 file must hold {short(name, 120)!r} itself"
            require(path, is_own(group, key), rule, "a link to other data")
            member = group[key]
            place = waiting if isinstance(member, h5py.Group) else found
            place.append(((*parts, key), member))
    return found


def raw_entry(path: Path, dataset: Any, name: str) -> RawEntry:
    """An entry for a dataset.

    Raises:
        CheckpointError: If it is not a dataset of numbers that lie in this file.
    """
    h5py = import_h5py()
    rule = f"{short(name, 120)!r} must be a dataset of numbers"
    require(path, isinstance(dataset, h5py.Dataset), rule, type(dataset).__name__)
    inside = not dataset.is_virtual and not dataset.external
    received = "a dataset that lies in others"
    require(path, inside, f"{short(name, 120)!r} must lie in this file", received)
    # h5py shows these two bytes as float32; Keras keeps them as opaque bytes with a note beside
    h5_type = dataset.id.get_type()
    native = (
        isinstance(h5_type, h5py.h5t.TypeFloatID)
        and h5_type.get_size() == 2
        and h5_type.get_fields() == _BFLOAT16_FIELDS
    )
    dtype = dataset.dtype
    opaque = dtype.kind == "V" and dtype.itemsize == 2 and dtype.names is None
    noted = opaque and "dtype" in dataset.attrs
    if native or noted:
        dtype = BFLOAT16
    require(path, dtype == BFLOAT16 or dtype.kind in "fiub", rule, dtype)
    require(path, dataset.shape is not None and dataset.ndim <= 4, rule, f"shape {dataset.shape}")
    shape = tuple(int(size) for size in dataset.shape)
    size = dtype.itemsize * math.prod(shape)
    # numbers that take no room in the file would be made up, in any amount
    held = dataset.id.get_storage_size()
    require(path, held >= size, f"{short(name, 120)!r} must hold its {size} bytes", f"{held} bytes")
    inside = size <= path.stat().st_size
    require(path, inside, f"{short(name, 120)!r} must lie in the file", f"{size} bytes")

    def read() -> Array:
        try:
            array = np.asarray(dataset[...])
        except HDF5_ERRORS as error:
            raise broken(path, error) from None
        if noted:
            return array.view(BFLOAT16)
        return array.astype(BFLOAT16 if native else array.dtype.newbyteorder("="), copy=False)

    place = (path, h5py.h5o.get_info(dataset.id).addr)
    return RawEntry(name, shape, dtype.newbyteorder("="), read, place)


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
