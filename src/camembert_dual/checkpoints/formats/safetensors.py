"""Safetensors files: read one array at a time, written one array at a time."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from safetensors import SafetensorError, safe_open

from camembert_dual.checkpoints.formats.base import (
    Content,
    Format,
    PlannedArray,
    Read,
    write_array,
)
from camembert_dual.checkpoints.formats.tf_layout import named_by_tf, published_by_tf
from camembert_dual.checkpoints.lazy_arrays import LazyArray, LazyArrays
from camembert_dual.checkpoints.raw_file import RawFile
from camembert_dual.common.arrays import BFLOAT16, Array
from camembert_dual.common.errors import file_error, require_file
from camembert_dual.storage.file_names import SAFETENSORS

TITLE = "safetensors"
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
METADATA = "__metadata__"
LAYOUT = "format"  # the key of the metadata that says whose layout the arrays have


def _matches(path: Path, head: bytes) -> bool:
    """Whether eight bytes of a size come first, which no text has, then a JSON header."""
    return head[8:9] == b"{" and any(byte < 9 or byte > 126 for byte in head[:8])


def _read(path: Path) -> Content:
    """Open a file of either layout.

    Files written from TensorFlow hold TF names and untransposed kernels. Their metadata say so;
    where there are none, the names do.

    Raises:
        CheckpointError: If the header breaks the format's rules.
    """
    try:  # the library checks the header: sizes, offsets, overlaps, holes
        with safe_open(path, framework="numpy") as file:
            metadata = file.metadata() or {}
    except (SafetensorError, OSError, UnicodeError) as error:
        rule = "a safetensors file must keep the format's rules"
        raise file_error(path, rule, str(error)) from None
    raw = RawFile(path)
    length = int.from_bytes(raw.read(0, 8), "little")
    header = json.loads(raw.read(8, length))
    header.pop(METADATA, None)
    lazy = {name: _lazy_array(raw, name, one, 8 + length) for name, one in header.items()}
    if metadata.get(LAYOUT) == "tf" or (LAYOUT not in metadata and named_by_tf(lazy)):
        return Content(published_by_tf(lazy.values(), f"{TITLE} (tf)", path))
    return Content(LazyArrays(lazy, TITLE))


def _lazy_array(raw: RawFile, name: str, one: Mapping[str, object], start: int) -> LazyArray:
    rule = f"the type of {name!r} must be one of {', '.join(TYPES)}"
    dtype = TYPES.get(str(one["dtype"]))
    require_file(raw.path, dtype is not None, rule, one["dtype"])
    shape: tuple[int, ...] = tuple(one["shape"])  # type: ignore[arg-type]
    offset = start + one["data_offsets"][0]  # type: ignore[index]

    def read() -> Array:
        return raw.array(offset, dtype, shape)  # type: ignore[arg-type]

    return LazyArray(raw.path, name, shape, dtype, read, storage_key=(raw, offset))  # type: ignore[arg-type]


def _write(
    path: Path, planned: Sequence[PlannedArray], read: Read, architecture: str
) -> dict[str, str]:
    """Write a file, an array at a time.

    Raises:
        OSError: If the file cannot be written.
        CheckpointError: If the format has no such type.
    """
    header: dict[str, object] = {METADATA: {LAYOUT: "pt"}}
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
    return {one.name: one.name for one in planned}


FORMAT = Format("safetensors", TITLE, SAFETENSORS, _matches, _read, _write, in_shards=True)
