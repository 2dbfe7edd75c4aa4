"""Safetensors files: read one array at a time, written one array at a time."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np
from safetensors import SafetensorError, safe_open

from camembert_dual.checkpoints.formats.tf_layout import RawEntry, named_by_tf, published_by_tf
from camembert_dual.checkpoints.lazy_arrays import Arrays, Entry
from camembert_dual.checkpoints.raw_file import RawFile
from camembert_dual.common.arrays import BFLOAT16, Array
from camembert_dual.common.errors import CheckpointError, require_file, short

FILE_NAME = "model.safetensors"
TYPES: dict[str, np.dtype[np.generic]] = {
    "F64": np.dtype("<f8"),
    "F32": np.dtype("<f4"),
    "F16": np.dtype("<f2"),
    "BF16": BFLOAT16,
    "I64": np.dtype("<i8"),
    "I32": np.dtype("<i4"),
    "I16": np.dtype("<i2"),
    "I8": np.dtype("i1"),
    "U8": np.dtype("u1"),
    "BOOL": np.dtype("?"),
}
LETTERS = {dtype: letters for letters, dtype in TYPES.items()}


class Planned(NamedTuple):
    """An array to be written: known before it is read."""

    name: str
    dtype: np.dtype[np.generic]
    shape: tuple[int, ...]

    @property
    def size(self) -> int:
        """Its bytes."""
        return self.dtype.itemsize * math.prod(self.shape)


def read_safetensors(path: Path) -> Arrays:
    """Open a safetensors file of either layout.

    Files written from TensorFlow hold TF names and untransposed kernels. Their metadata say so;
    where there are none, the names do.

    Args:
        path: The file.

    Raises:
        CheckpointError: If the header breaks the format's rules.
    """
    try:  # the library checks the header: sizes, offsets, overlaps, holes
        with safe_open(path, framework="numpy") as file:
            metadata = file.metadata() or {}
    except (SafetensorError, OSError, UnicodeError) as error:
        rule = "a safetensors file must keep the format's rules"
        raise CheckpointError(f"{path}: {rule}; received {short(str(error))}.") from None
    raw = RawFile(path)
    length = int.from_bytes(raw.read(0, 8), "little")
    header = json.loads(raw.read(8, length))
    header.pop("__metadata__", None)
    entries = {name: _entry(raw, name, one, 8 + length) for name, one in header.items()}
    if metadata.get("format") == "tf" or ("format" not in metadata and named_by_tf(entries)):
        return published_by_tf(entries.values(), "safetensors (tf)", path)
    published = {
        name: Entry(path, name, one.shape, one.dtype, one.read, place=one.place)
        for name, one in entries.items()
    }
    return Arrays(published, "safetensors")


def _entry(raw: RawFile, name: str, one: Mapping[str, object], start: int) -> RawEntry:
    rule = f"the type of {name!r} must be one of {', '.join(TYPES)}"
    dtype = TYPES.get(str(one["dtype"]))
    require_file(raw.path, dtype is not None, rule, one["dtype"])
    shape: tuple[int, ...] = tuple(one["shape"])  # type: ignore[arg-type]
    offset = start + one["data_offsets"][0]  # type: ignore[index]

    def read() -> Array:
        return raw.array(offset, dtype, shape)  # type: ignore[arg-type]

    return RawEntry(name, shape, dtype, read, (raw, offset))  # type: ignore[arg-type]


def write_safetensors(
    path: Path, planned: list[Planned], read: Callable[[str], Array], metadata: Mapping[str, str]
) -> None:
    """Write a file, an array at a time.

    Args:
        path: The file.
        planned: What it will hold.
        read: Gives an array by its name.
        metadata: Texts kept in the header.

    Raises:
        OSError: If the file cannot be written.
        CheckpointError: If the format has no such type.
    """
    header: dict[str, object] = {"__metadata__": dict(metadata)}
    # the widest types first, so that every array is aligned; the library orders its files so, too
    ordered = sorted(planned, key=lambda one: (-one.dtype.itemsize, one.name))
    end = 0
    for one in ordered:
        letters = LETTERS.get(one.dtype)
        require_file(path, letters, f"safetensors must have the type of {one.name}", one.dtype)
        start, end = end, end + one.size
        header[one.name] = {
            "dtype": letters,
            "shape": list(one.shape),
            "data_offsets": [start, end],
        }
    text = json.dumps(header, ensure_ascii=False, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with path.open("wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        for one in ordered:
            write_array(file.write, read(one.name))


def write_array(write: Callable[[memoryview], object], array: Array) -> None:
    """Write an array's bytes in rows, little end first, in pieces that need little memory."""
    if not array.flags.c_contiguous and array.ndim == 2:
        step = max(1, (1 << 22) // max(1, array[:1].nbytes))
        for start in range(0, len(array), step):
            write_array(write, np.ascontiguousarray(array[start : start + step]))
        return
    array = np.ascontiguousarray(array)
    write(array.reshape(-1).view(np.uint8).data)
