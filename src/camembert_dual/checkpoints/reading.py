"""One file in, its arrays out, whatever its format."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

from camembert_dual.checkpoints import sniff
from camembert_dual.checkpoints.entries import Arrays
from camembert_dual.checkpoints.errors import CheckpointError, require
from camembert_dual.checkpoints.fairseq import is_fairseq, read_fairseq
from camembert_dual.checkpoints.h5_file import is_h5_weights, read_h5
from camembert_dual.checkpoints.hdf5 import HDF5_ERRORS, broken, open_hdf5
from camembert_dual.checkpoints.index import read_index
from camembert_dual.checkpoints.keras_file import (
    read_keras_archive,
    read_keras_config,
    read_keras_weights,
)
from camembert_dual.checkpoints.safetensors_file import read_safetensors
from camembert_dual.checkpoints.torch_file import (
    read_state_dict,
    read_torch_stream,
    read_torch_zip,
)


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
        ImportError: If the format needs h5py and there is none.
        OSError: If the file cannot be read.
    """
    form = sniff.sniff(path)
    if form == sniff.SAFETENSORS:
        return Content(read_safetensors(path))
    if form == sniff.HDF5:
        return Content(_hdf5(path, open_hdf5(path)))
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
    require(path, sniff.sniff(path) != sniff.INDEX, "a shard must hold weights", "another index")
    return read_file(path).arrays


def _hdf5(path: Path, file: Any) -> Arrays:
    try:
        return read_h5(path, file) if is_h5_weights(file) else read_keras_weights(path, file)
    except CheckpointError:
        raise
    except HDF5_ERRORS as error:
        raise broken(path, error) from None
