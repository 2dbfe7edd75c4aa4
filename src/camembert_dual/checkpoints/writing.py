"""The weights of a checkpoint into files of any format that is written."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np

from camembert_dual.checkpoints.formats import keras_weights, safetensors, tf_h5, torch_zip
from camembert_dual.checkpoints.formats.safetensors import Planned, write_safetensors
from camembert_dual.checkpoints.lazy_arrays import dtype_of, is_finite, shape_of
from camembert_dual.common.arrays import BFLOAT16, Array
from camembert_dual.common.errors import require

FORMATS = {
    "safetensors": safetensors.FILE_NAME,
    "bin": torch_zip.FILE_NAME,
    "tf-h5": tf_h5.FILE_NAME,
    "keras-weights": keras_weights.FILE_NAME,
}
DTYPES: dict[str, np.dtype[np.generic]] = {
    "float16": np.dtype(np.float16),
    "bfloat16": BFLOAT16,
    "float32": np.dtype(np.float32),
    "float64": np.dtype(np.float64),
}
_UNITS = {
    "": 1,
    "B": 1,
    "KB": 10**3,
    "MB": 10**6,
    "GB": 10**9,
    "KIB": 2**10,
    "MIB": 2**20,
    "GIB": 2**30,
}


def write_weights(
    folder: Path,
    arrays: Mapping[str, Array],
    to: str,
    *,
    dtype: str | None = None,
    task: str = "CamembertModel",
    max_shard_size: int | str | None = None,
    wrote: Callable[[str, Array], object] = lambda name, array: None,
) -> tuple[Path, dict[str, str]]:
    """Write arrays one at a time.

    Args:
        folder: Where to.
        arrays: Published name to array, in the torch layout.
        to: A key of ``FORMATS``.
        dtype: Type of the floating point weights, a key of ``DTYPES``; None for their own.
        task: Name of the torch class, whose Keras name begins the names in ``tf_model.h5``.
        max_shard_size: Most bytes per safetensors file; None for one file.
        wrote: Told each name, and the array as it goes into the file.

    Returns:
        The file (or index) and published name to the name in it.

    Raises:
        OSError: If a file cannot be written.
        ValueError: If an option has no such value, or a value does not fit the type asked for.
    """
    require(to in FORMATS, f"A format must be one of {', '.join(FORMATS)}", repr(to))
    rule = f"A dtype must be one of {', '.join(DTYPES)}"
    require(dtype is None or dtype in DTYPES, rule, repr(dtype))
    limit = shard_limit(max_shard_size)
    require(limit is None or to == "safetensors", "Only safetensors are written in shards", to)
    wanted = None if dtype is None else DTYPES[dtype]

    def target(name: str) -> np.dtype[np.generic]:
        own = dtype_of(arrays, name)
        return wanted if wanted is not None and own in DTYPES.values() else own

    def read(name: str) -> Array:
        array = arrays[name]
        if array.dtype != target(name):
            with np.errstate(over="ignore"):
                array = array.astype(target(name))
            require(is_finite(array), f"{name} must fit {dtype}", "values beyond its range")
        wrote(name, array)
        return array

    planned = [Planned(name, target(name), shape_of(arrays, name)) for name in arrays]
    path = folder / FORMATS[to]
    if to == "tf-h5":
        snake = re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=LM)(?=[A-Z])", "_", task).lower()
        return path, tf_h5.write_h5(path, planned, read, f"tf_{snake}")
    if to == "keras-weights":
        return path, keras_weights.write_keras_weights(path, planned, read)
    names = {one.name: one.name for one in planned}
    if to == "bin":
        torch_zip.write_torch_zip(path, planned, read)
    elif limit is None:
        write_safetensors(path, planned, read, {"format": "pt"})
    else:
        path = _write_shards(folder, planned, read, limit)
    return path, names


def shard_limit(size: int | str | None) -> int | None:
    """Bytes from a number or a text such as ``"500MB"``.

    Raises:
        ValueError: If it is neither.
    """
    if size is None:
        return None
    found = re.fullmatch(r"(\d+)\s*([A-Za-z]*)", str(size))
    sound = found is not None and found[2].upper() in _UNITS and int(found[1]) > 0
    require(sound, 'max_shard_size must be a number of bytes or a text such as "500MB"', repr(size))
    return int(found[1]) * _UNITS[found[2].upper()]  # type: ignore[index]


def _write_shards(
    folder: Path, planned: list[Planned], read: Callable[[str], Array], limit: int
) -> Path:
    shards: list[list[Planned]] = [[]]
    for one in planned:
        if shards[-1] and sum(other.size for other in shards[-1]) + one.size > limit:
            shards.append([])
        shards[-1].append(one)
    weight_map: dict[str, str] = {}
    for number, shard in enumerate(shards, 1):
        name = f"model-{number:05d}-of-{len(shards):05d}.safetensors"
        write_safetensors(folder / name, shard, read, {"format": "pt"})
        weight_map |= {one.name: name for one in shard}
    total = sum(one.size for one in planned)
    content = {"metadata": {"total_size": total}, "weight_map": dict(sorted(weight_map.items()))}
    path = folder / f"{safetensors.FILE_NAME}.index.json"
    path.write_text(json.dumps(content, indent=2) + "\n", "utf-8")
    return path
