"""One file in, its arrays out, whatever its format."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

from camembert_dual.checkpoints.formats import sniff
from camembert_dual.checkpoints.formats.fairseq import is_fairseq, read_fairseq
from camembert_dual.checkpoints.formats.hdf5.file import Hdf5File
from camembert_dual.checkpoints.formats.hdf5.objects import read_node
from camembert_dual.checkpoints.formats.keras_weights import (
    read_keras_archive,
    read_keras_config,
    read_keras_weights,
)
from camembert_dual.checkpoints.formats.safetensors import read_safetensors
from camembert_dual.checkpoints.formats.sharded import read_index
from camembert_dual.checkpoints.formats.tf_h5 import is_h5_weights, read_h5
from camembert_dual.checkpoints.formats.torch_pickle import (
    read_state_dict,
    read_torch_stream,
    read_torch_zip,
)
from camembert_dual.checkpoints.lazy_arrays import Arrays
from camembert_dual.checkpoints.raw_file import RawFile
from camembert_dual.common.errors import require_file


class Content(NamedTuple):
    """What a file holds.

    Attributes:
        arrays: Its arrays.
        config: The keys of a ``config.json``, where the format has them itself; None elsewhere.
    """

    arrays: Arrays
    config: dict[str, Any] | None = None


def read_file(path: Path) -> Content:
    """Open a file of any format without reading its arrays.

    Args:
        path: The file, an index of shards included.

    Raises:
        CheckpointError: If the file breaks a rule of its format.
        OSError: If the file cannot be read.
    """
    form = sniff.sniff(path)
    if form == sniff.SAFETENSORS:
        return Content(read_safetensors(path))
    if form == sniff.HDF5:
        raw = RawFile(path)
        return Content(_hdf5(Hdf5File(raw, 0, raw.size)))
    if form == sniff.KERAS_ARCHIVE:
        return Content(read_keras_archive(path, _hdf5), read_keras_config(path))
    if form == sniff.INDEX:
        return Content(read_index(path, _shard))
    read = read_torch_zip if form == sniff.TORCH_ZIP else read_torch_stream
    content, entry = read(path)
    if is_fairseq(content):
        return Content(*read_fairseq(path, content, entry))
    return Content(read_state_dict(path, content, entry, form))


def _shard(path: Path) -> Arrays:
    require_file(
        path, sniff.sniff(path) != sniff.INDEX, "a shard must hold weights", "another index"
    )
    return read_file(path).arrays


def _hdf5(file: Hdf5File) -> Arrays:
    root = read_node(file, file.root, "")
    return read_h5(root) if is_h5_weights(root) else read_keras_weights(root)
