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
from camembert_dual.checkpoints.hdf5_heaps import check_heaps
from camembert_dual.checkpoints.raw_file import BFLOAT16, RawFile
from camembert_dual.checkpoints.tf_names import RawEntry

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
    raw = RawFile(path)
    check_heaps(raw, 0, raw.size)
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


def child(path: Path, group: Any, name: str) -> Any:
    """A member of a group, by hard links only.

    Raises:
        CheckpointError: If there is none or a link leads elsewhere.
    """
    h5py = import_h5py()
    here = group
    for part in name.split("/"):
        sound = isinstance(here, h5py.Group) and part not in ("", ".", "..")
        rule = f"the group {short(here.name, 80)!r} must hold {short(part, 80)!r} itself"
        require(path, sound and is_own(here, part), rule, "none, or a link to other data")
        here = here[part]
    return here


def texts(path: Path, group: Any, attribute: str) -> list[str]:
    """A list of names kept as an attribute, whole or in numbered pieces (each at most 64 kB)."""
    pieces = []
    if attribute in group.attrs:
        pieces = [attribute]
    else:
        while f"{attribute}{len(pieces)}" in group.attrs:
            pieces.append(f"{attribute}{len(pieces)}")
    rule = f"{group.name!r} must have the attribute {attribute}"
    require(path, pieces, rule, "none")
    names: list[str] = []
    for piece in pieces:
        rule = f"{attribute} must hold texts"
        for name in np.asarray(group.attrs[piece]).reshape(-1):
            require(path, isinstance(name, bytes | str), rule, type(name).__name__)
            names.append(name.decode("utf-8") if isinstance(name, bytes) else str(name))
    return names


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
    noted = opaque and str(dataset.attrs.get("dtype")) == "bfloat16"
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
