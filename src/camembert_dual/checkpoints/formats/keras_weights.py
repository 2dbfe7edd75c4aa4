"""Keras 3's ``.weights.h5`` of this package's models, without Keras.

Keras files weights by the attributes of the objects that hold them; ``parameter_names`` has both.
Each layer's name lies beside its weights and is not needed.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from camembert_dual.checkpoints.formats.base import Content, Format, PlannedArray, Read
from camembert_dual.checkpoints.formats.hdf5.file import SIGNATURE
from camembert_dual.checkpoints.formats.hdf5.objects import (
    Node,
    lazy_dataset,
    open_hdf5,
    read_datasets,
)
from camembert_dual.checkpoints.formats.hdf5.writing import new_hdf5
from camembert_dual.checkpoints.formats.tf_layout import published_by_tf
from camembert_dual.checkpoints.lazy_arrays import LazyArray, LazyArrays
from camembert_dual.checkpoints.raw_file import RawFile
from camembert_dual.common.arrays import BFLOAT16
from camembert_dual.common.errors import require_file
from camembert_dual.keras_attributes import keras_2_word, keras_attributes, keras_layers
from camembert_dual.parameter_names import (
    VARIABLES,
    is_transposed,
    keras_path,
    keras_words,
)
from camembert_dual.storage.file_names import KERAS_WEIGHTS

_NOT_WEIGHTS = ("optimizer", "compile_metrics", "metrics", "seed_generator")


def read_layers(root: Node) -> LazyArrays:
    """Read the names of the weights below a root group.

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
        if parts[0] in _NOT_WEIGHTS:
            dropped[parts[0]] = "not a weight of the model"
        elif parts[-2:] == (VARIABLES, "seed"):
            dropped["/".join(parts)] = "the state of a dropout"
        else:
            raw.append(_lazy_weight(parts, dataset))
    require_file(path, raw, "a checkpoint must hold weights", "none")
    arrays = published_by_tf(raw, "keras weights", path)
    told = (*arrays.dropped, *dropped.items())
    return LazyArrays(arrays.lazy, arrays.format, told, arrays.own)


def _lazy_weight(parts: tuple[str, ...], dataset: Node) -> LazyArray:
    """A weight under its Keras path, where the table has one."""
    *attributes, last = parts
    if attributes[-1:] != [VARIABLES]:
        return lazy_dataset(dataset, "/".join(parts))
    layers = keras_layers(attributes[:-1])
    word = keras_2_word(layers, last)
    word = word or dict(zip("01", keras_words(layers), strict=False)).get(last, last)
    return lazy_dataset(dataset, "/".join((*layers, word)))


def _write(
    path: Path, planned: Sequence[PlannedArray], read: Read, architecture: str
) -> dict[str, str]:
    """Write a file, an array at a time, as this package's models load it with ``load_weights``.

    Raises:
        OSError: If the file cannot be written.
    """
    names = {}
    with new_hdf5(path) as file:
        file.create_group(VARIABLES)
        for one in planned:
            array = read(one.name)
            *layers, word = keras_path(one.name).split("/")
            group = _make_groups(file, layers)
            stored = array.T if is_transposed(one.name) else array
            number = str(keras_words(layers).index(word))
            dataset = group.create_dataset(number, data=stored)
            if array.dtype == BFLOAT16:
                dataset.attrs["dtype"] = "bfloat16"
            names[one.name] = dataset.name.lstrip("/")
    return names


def _make_groups(file: Any, layers: list[str]) -> Any:
    """The group of a layer's weights; its name and those of the layers around it lie beside."""
    for end in range(1, len(layers) + 1):
        outer = file.require_group("/".join(keras_attributes(layers[:end])))
        outer.require_group(VARIABLES).attrs["name"] = layers[end - 1]
    return file["/".join(keras_attributes(layers))][VARIABLES]


FORMAT = Format(
    "keras-weights",
    "keras weights",
    KERAS_WEIGHTS,
    lambda path, head: head.startswith(SIGNATURE),
    lambda path: Content(read_layers(open_hdf5(RawFile(path)))),
    _write,
)
