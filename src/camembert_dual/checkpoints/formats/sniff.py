"""Which format a file has, judged by its bytes and never by its name."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

from camembert_dual.checkpoints.archive import ZIP_ERRORS
from camembert_dual.common.errors import CheckpointError, require_file, short

SAFETENSORS = "safetensors"
TORCH_ZIP = "torch zip"
TORCH_STREAM = "torch stream"
HDF5 = "hdf5"
KERAS_ARCHIVE = "keras archive"
INDEX = "index"

KNOWN = (
    "a checkpoint must be safetensors, a torch zip or stream, HDF5, a .keras archive or an index "
    "of shards"
)


def sniff(path: Path) -> str:
    """Name the format of a file.

    Args:
        path: The file.

    Returns:
        One of this module's constants.

    Raises:
        CheckpointError: If it has none of the formats; the message says what it looks like.
        OSError: If it cannot be read.
    """
    require_file(path, path.is_file(), "a checkpoint must be a regular file", "something else")
    with path.open("rb") as file:
        head = file.read(64)
    if head.startswith(b"\x89HDF\r\n\x1a\n"):
        return HDF5
    if head.startswith(b"PK\x03\x04"):
        return _archive(path)
    # eight bytes of a size, which no text has, then a JSON header; before the streams, since the
    # size may begin as a pickle does
    if head[8:9] == b"{" and any(byte < 9 or byte > 126 for byte in head[:8]):
        return SAFETENSORS
    if head[:1] == b"\x80" and head[1:2] in (b"\x02", b"\x03", b"\x04", b"\x05"):
        return TORCH_STREAM
    if head.lstrip().startswith(b"{"):
        return INDEX
    raise CheckpointError(f"{path}: {KNOWN}; received {_guess(head)}.")


def _archive(path: Path) -> str:
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except ZIP_ERRORS as error:
        text = f"{path}: a zip archive must be whole; received {short(str(error))}."
        raise CheckpointError(text) from None
    if any(name.endswith("/data.pkl") or name == "data.pkl" for name in names):
        return TORCH_ZIP
    if "model.weights.h5" in names and "config.json" in names:
        return KERAS_ARCHIVE
    raise CheckpointError(
        f"{path}: a zip archive must hold data.pkl (torch) or config.json and model.weights.h5 "
        f"(Keras); received {short(names)}."
    )


def _guess(head: bytes) -> str:
    if not head:
        return "an empty file"
    if head.startswith(b"version https://git-lfs"):
        return "a Git LFS pointer: fetch the file itself (git lfs pull)"
    if head.lstrip().lower().startswith((b"<!doctype", b"<html")):
        return "a web page: the download gave an error page"
    if head.count(0) == len(head):
        return "zeros: the file was never filled"
    return f"a file that starts with {json.dumps(head[:16].decode('latin-1'))}"
