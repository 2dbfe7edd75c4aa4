"""HDF5 read as datasets only: no object in a file is ever rebuilt, no link out of it followed."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import numpy as np

from camembert_dual.checkpoints.entries import Array
from camembert_dual.checkpoints.errors import CheckpointError, require, short
from camembert_dual.checkpoints.raw_file import BFLOAT16
from camembert_dual.checkpoints.tf_names import RawEntry

MAX_NAMES = 1_000_000
HDF5_ERRORS = (
    OSError,
    RuntimeError,
    KeyError,
    ValueError,
    TypeError,
    AttributeError,
    OverflowError,
)
_BFLOAT16_FIELDS = (
    15,
    7,
    8,
    0,
    7,
)  # sign position; exponent position and size; mantissa position and size


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


def child(path: Path, group: Any, name: str) -> Any:
    """A member of a group, by hard links only.

    Raises:
        CheckpointError: If there is none or a link leads elsewhere.
    """
    h5py = import_h5py()
    here = group
    for part in name.split("/"):
        rule = f"the group {here.name!r} must hold {short(part, 80)!r}"
        sound = isinstance(here, h5py.Group) and part not in ("", ".", "..")
        link = here.get(part, getlink=True) if sound else None
        require(path, link, rule, "none")
        rule = "an HDF5 file must hold its own data"
        hard = isinstance(link, h5py.HardLink)
        require(path, hard, rule, f"a {type(link).__name__} under the name {short(name, 80)!r}")
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
    require(
        path, inside, f"{short(name, 120)!r} must lie in this file", "a dataset that lies in others"
    )
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
    size = dtype.itemsize * int(np.prod(shape, dtype=object))
    # numbers that take no room in the file would be made up, in any amount
    held = dataset.id.get_storage_size()
    require(path, held >= size, f"{short(name, 120)!r} must hold its {size} bytes", f"{held} bytes")
    require(
        path,
        size <= path.stat().st_size,
        f"{short(name, 120)!r} must lie in the file",
        f"{size} bytes",
    )

    def read() -> Array:
        try:
            if noted:
                stored = np.empty(shape, dtype=dataset.dtype)
                dataset.read_direct(stored) if stored.size else None
                return stored.view(BFLOAT16).reshape(shape)
            array: Array = dataset[...]
        except HDF5_ERRORS as error:
            raise broken(path, error) from None
        if native:
            return array.astype(BFLOAT16)
        return np.asarray(array).astype(array.dtype.newbyteorder("="), copy=False)

    place = (path, h5py.h5o.get_info(dataset.id).addr)
    return RawEntry(name, shape, dtype.newbyteorder("="), read, place)
