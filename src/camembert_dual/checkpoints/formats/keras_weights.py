"""Keras 3's ``.weights.h5`` and ``.keras`` of this package's models, without Keras.

Keras files weights by the attributes of the objects that hold them, which differ from the names
of the table's paths in a few places. Each layer's name lies beside its weights and is not needed.
"""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from camembert_dual.checkpoints.archive import read_members
from camembert_dual.checkpoints.formats.hdf5.arrays import raw_entry, read_datasets
from camembert_dual.checkpoints.formats.hdf5.file import Hdf5File
from camembert_dual.checkpoints.formats.hdf5.objects import Node
from camembert_dual.checkpoints.formats.hdf5.writing import new_hdf5
from camembert_dual.checkpoints.formats.safetensors import Planned
from camembert_dual.checkpoints.formats.tf_layout import is_transposed, keras_path, published_by_tf
from camembert_dual.checkpoints.lazy_arrays import Arrays
from camembert_dual.checkpoints.raw_file import RawFile
from camembert_dual.common.arrays import BFLOAT16, Array
from camembert_dual.common.errors import CheckpointError, require_file, short
from camembert_dual.parameters import BACKBONE, TASKS

FILE_NAME = "model.weights.h5"
ARCHIVED_CONFIG = "config.json"
VARIABLES = "vars"
MAX_CONFIG = 1 << 24
_NOT_WEIGHTS = ("optimizer", "compile_metrics", "metrics", "seed_generator")


def read_keras_weights(root: Node) -> Arrays:
    """Read the names of a ``.weights.h5``.

    Args:
        root: The root group of the file.

    Raises:
        CheckpointError: If the file breaks the layout's rules.
    """
    path = root.file.path
    found = read_datasets(root)
    rule = "an HDF5 file must be laid out as Keras 2 (layer_names) or Keras 3 (vars) does"
    laid_out = any(VARIABLES in parts for parts, _ in found)
    require_file(path, laid_out, rule, ", ".join(root.members) or "no groups")
    raw = []
    dropped: dict[str, str] = {}
    for parts, dataset in found:
        *attributes, last = parts
        if parts[0] in _NOT_WEIGHTS:
            dropped[parts[0]] = "not a weight of the model"
        elif parts[-2:] == (VARIABLES, "seed"):
            dropped["/".join(parts)] = "the state of a dropout"
        elif attributes[-1:] == [VARIABLES]:
            layers = _layers(attributes[:-1])
            word = dict(zip("01", _words(layers), strict=False)).get(last, last)
            raw.append(raw_entry(dataset, "/".join((*layers, word))))
        else:
            raw.append(raw_entry(dataset, "/".join(parts)))
    require_file(path, raw, "a checkpoint must hold weights", "none")
    arrays = published_by_tf(raw, "keras weights", path)
    return Arrays(arrays.entries, arrays.format, (*arrays.dropped, *dropped.items()))


def _layers(attributes: Sequence[str]) -> list[str]:
    """The names of a layer and those around it, by the attributes that lead to it.

    This is the reverse of ``_attributes``.
    """
    names = []
    for holder, attribute in itertools.pairwise(("", *attributes)):
        number = re.fullmatch(r"encoder_layer(?:_(\d{1,4}))?", attribute)
        if number and holder == "layer":
            names.append(f"layer_{number[1] or 0}")
        elif attribute == "projection":
            names.append("output")
        elif holder == "layers" and attribute == "tf_camembert_model":
            names.append(BACKBONE)
        elif holder == "layers" and attribute == "dense":
            names.append("qa_outputs")
        elif attribute not in ("layer", "layers"):
            names.append(attribute)
    return names


def _words(layers: Sequence[str]) -> tuple[str, ...]:
    """The last words of the paths of a layer's weights, in the order in which Keras counts them."""
    layer = layers[-1] if layers else ""
    if layer.lower() in ("layernorm", "layer_norm"):
        return ("gamma", "beta")
    if layer.endswith(("_embeddings", "_embedding", "decoder")):
        return ("embeddings",)
    return ("bias",) if layer == "lm_head" else ("kernel", "bias")


def write_keras_weights(
    path: Path, planned: list[Planned], read: Callable[[str], Array]
) -> dict[str, str]:
    """Write a file, an array at a time, as this package's models load it with ``load_weights``.

    Args:
        path: The file.
        planned: What it will hold, by published names.
        read: Gives an array in the torch layout by its name.

    Returns:
        Published name to the name in the file.

    Raises:
        OSError: If the file cannot be written.
    """
    bare = not any(one.name.startswith(f"{BACKBONE}.") for one in planned)
    names = {}
    with new_hdf5(path) as file:
        file.create_group(VARIABLES)
        for one in planned:
            array = read(one.name)
            parts = keras_path(one.name).split("/")
            if bare:
                parts = parts[1:]
            layers, word = parts[:-1], parts[-1]
            here = "/".join(_attributes(layers, bare))
            for end in range(1, len(layers) + 1):
                if layers[:end] != ["encoder", "layer"]:
                    outer = file.require_group("/".join(_attributes(layers[:end], bare)))
                    outer.require_group(VARIABLES).attrs["name"] = layers[end - 1]
            stored = array.T if is_transposed(one.name) else array
            number = str(_words(layers).index(word))
            dataset = file[here][VARIABLES].create_dataset(number, data=stored)
            if array.dtype == BFLOAT16:
                dataset.attrs["dtype"] = "bfloat16"
            names[one.name] = dataset.name.lstrip("/")
    return names


def _attributes(layers: list[str], bare: bool) -> list[str]:
    """Where Keras looks for layers: by attribute, or by class in the list of a model's layers."""
    parts = []
    for place, layer in enumerate(layers):
        number = re.fullmatch(r"layer_(\d+)", layer)
        if number:
            parts += ["layer", "encoder_layer" + (f"_{number[1]}" if int(number[1]) else "")]
        elif layer == "output":
            parts.append("projection")
        elif place == 0 and layer == BACKBONE:
            parts += ["layers", "tf_camembert_model"]
        elif place == 0 and layer == "qa_outputs":
            parts += ["layers", "dense"]
        elif layer in ("lm_head", "pooler"):
            parts += ["layers", layer]
        else:
            parts.append(layer)
    return parts


def read_keras_archive(path: Path, read: Callable[[Hdf5File], Arrays]) -> Arrays:
    """Read the weights of a ``.keras`` file where they lie in the archive.

    Args:
        path: The archive.
        read: Reads an HDF5 file.

    Raises:
        CheckpointError: If the archive breaks a rule.
    """
    raw = RawFile(path)
    return read(Hdf5File(raw, *_member(raw, FILE_NAME)))


def read_keras_config(path: Path) -> dict[str, Any]:
    """Take the configuration out of a ``.keras`` file, as data.

    Keras' own reader would build objects from it.

    Returns:
        The keys of a ``config.json``, with ``architectures``.

    Raises:
        CheckpointError: If the file is not of one of this package's models.
    """
    raw = RawFile(path)
    start, size = _member(raw, ARCHIVED_CONFIG)
    rule = f"{ARCHIVED_CONFIG} must have at most {MAX_CONFIG} bytes"
    require_file(path, size <= MAX_CONFIG, rule, size)
    try:
        content = json.loads(raw.read(start, size))
    except (ValueError, RecursionError) as error:
        rule = f"{ARCHIVED_CONFIG} in the archive must be JSON"
        raise CheckpointError(f"{path}: {rule}; received {short(str(error))}.") from None
    task = str(content.get("class_name") if isinstance(content, dict) else "").removeprefix("TF")
    rule = "the model must be one of this package's"
    require_file(path, task in TASKS, rule, task or "another object")
    arguments = content.get("config")
    config = arguments.get("config") if isinstance(arguments, dict) else None
    found = type(config).__name__
    require_file(path, isinstance(config, dict), "the model's config must be there", found)
    return {**config, "architectures": [task]}  # type: ignore[dict-item]


def _member(raw: RawFile, name: str) -> tuple[int, int]:
    place = read_members(raw).get(name)
    require_file(raw.path, place, f"a .keras archive must hold {name}", "none")
    return place  # type: ignore[return-value]
