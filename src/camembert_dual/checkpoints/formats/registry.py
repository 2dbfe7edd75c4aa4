"""The formats of checkpoints, in the order in which they are tried."""

from __future__ import annotations

import json
from pathlib import Path

from camembert_dual.checkpoints.formats import (
    fairseq,
    keras_archive,
    keras_weights,
    safetensors,
    sharded,
    tf_bundle,
    tf_h5,
    torch_stream,
    torch_zip,
)
from camembert_dual.checkpoints.formats.base import Content, Format
from camembert_dual.checkpoints.lazy_arrays import LazyArrays
from camembert_dual.checkpoints.raw_file import RawFile
from camembert_dual.common.errors import file_error, require_file

HEAD = 64  # bytes by which formats are told apart


def find_format(path: Path) -> Format:
    """Judge the format of a file by its bytes, and never by its name.

    Raises:
        CheckpointError: If it has none of the formats; the message says what it looks like.
        OSError: If it cannot be read.
    """
    raw = RawFile(path)
    head = raw.read(0, min(HEAD, raw.size))
    for one in FORMATS:
        if one.matches(path, head):
            return one
    rule = f"a checkpoint must be one of {', '.join(one.title for one in FORMATS)}"
    raise file_error(path, rule, _guess(head))


def read_file(path: Path) -> Content:
    """Open a file of any format without reading its arrays.

    Args:
        path: The file, an index of shards included.

    Raises:
        CheckpointError: If the file breaks a rule of its format.
        OSError: If the file cannot be read.
    """
    return find_format(path).read(path)


def _read_shard(path: Path) -> LazyArrays:
    found = find_format(path)
    require_file(path, found is not INDEX, "a shard must hold weights", "another index")
    return found.read(path).arrays


INDEX = sharded.index_format(_read_shard)
FORMATS: tuple[Format, ...] = (
    safetensors.FORMAT,
    fairseq.FORMAT,  # in a file of either of the next two
    torch_zip.FORMAT,
    torch_stream.FORMAT,
    tf_h5.FORMAT,
    keras_weights.FORMAT,
    keras_archive.FORMAT,
    tf_bundle.FORMAT,
    INDEX,
)
WRITTEN = {one.name: one for one in FORMATS if one.write is not None}
SAFE, PICKLED = safetensors.FORMAT, torch_zip.FORMAT  # the two of ``save_pretrained``


def _guess(head: bytes) -> str:
    """What a file of no format looks like."""
    if not head:
        return "an empty file"
    if head.startswith(b"PK"):
        return "a zip archive that holds other things"
    if head.startswith(b"version https://git-lfs"):
        return "a Git LFS pointer: fetch the file itself (git lfs pull)"
    if head.lstrip().lower().startswith((b"<!doctype", b"<html")):
        return "a web page: the download gave an error page"
    if head.count(0) == len(head):
        return "zeros: the file was never filled"
    return f"a file that starts with {json.dumps(head[:16].decode('latin-1'))}"
