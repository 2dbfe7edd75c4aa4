"""``tf_model.h5``: the weights file of Keras 2, without TensorFlow."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from camembert_dual.checkpoints.entries import Array, Arrays
from camembert_dual.checkpoints.errors import require
from camembert_dual.checkpoints.hdf5 import datasets, new_hdf5, raw_entry, write_dataset
from camembert_dual.checkpoints.safetensors_file import Planned
from camembert_dual.checkpoints.tf_names import (
    is_transposed,
    keras_path,
    published_by_tf,
    tf_name,
)
from camembert_dual.parameters import BACKBONE, EMBEDDINGS

FILE_NAME = "tf_model.h5"
LAYERS = "layer_names"
WEIGHTS = "weight_names"
TOP_LEVEL = "top_level_model_weights"  # later writers of Keras 2 add this group and do not list it
LM_HEAD = "lm_head"
ATTRIBUTE_BYTES = 64_000  # HDF5 keeps an attribute in an object header of 64 kB


def is_h5_weights(file: Any) -> bool:
    """Whether an open file has the layout of Keras 2."""
    return LAYERS in file.attrs or f"{LAYERS}0" in file.attrs


def read_h5(path: Path, file: Any) -> Arrays:
    """Read the datasets; a layer's weights are named below its group.

    Args:
        path: The file.
        file: The same, open.

    Raises:
        CheckpointError: If the file breaks the layout's rules.
    """
    raw = []
    dropped = []
    # the head may hold a second copy of the backbone's embeddings
    for parts, dataset in sorted(datasets(path, file), key=lambda one: one[0][0] != BACKBONE):
        first = file[parts[0]].attrs
        is_layer = WEIGHTS in first or f"{WEIGHTS}0" in first  # else a shard, without layers
        name = "/".join(parts[1:] if is_layer else parts)
        if parts[0] == TOP_LEVEL:
            dropped.append((name, "not a weight of a layer"))
        else:
            raw.append(raw_entry(path, dataset, name))
    require(path, raw, "a checkpoint must hold weights", "none")
    arrays = published_by_tf(raw, "tf h5", path)
    return Arrays(arrays.entries, arrays.format, (*arrays.dropped, *dropped))


def write_h5(
    path: Path, planned: list[Planned], read: Callable[[str], Array], model: str
) -> dict[str, str]:
    """Write a file, an array at a time, as ``transformers`` 4.34 reads it.

    Args:
        path: The file.
        planned: What it will hold, by published names.
        read: Gives an array in the torch layout by its name.
        model: The name that comes first in each weight's name.

    Returns:
        Published name to the name in the file.

    Raises:
        OSError: If the file cannot be written.
    """
    names: dict[str, str] = {}
    groups: dict[str, list[str]] = {BACKBONE: []}
    for one in planned:
        names[one.name] = f"{model}/{tf_name(one.name)}"
        groups.setdefault(keras_path(one.name).partition("/")[0], []).append(one.name)
    with new_hdf5(path) as file:
        _set_texts(file, LAYERS, list(groups))
        # read by transformers before it looks at anything else; the format is that of Keras 2
        file.attrs["backend"] = b"tensorflow"
        file.attrs["keras_version"] = b"2.14.0"
        for layer, members in groups.items():
            group = file.create_group(layer)
            # the reference's LM head owns the embeddings, too, and misses them if not listed
            again = [names[name] for name in groups[BACKBONE] if _is_embedding(name)]
            again = again if layer == LM_HEAD else []
            _set_texts(group, WEIGHTS, [*(names[name] for name in members), *again])
            for name in again:
                group[name] = file[BACKBONE][name]  # a second name of the same data
            for name in members:
                array = read(name)
                write_dataset(group, names[name], array.T if is_transposed(name) else array)
    return names


def _is_embedding(name: str) -> bool:
    return any(name.removeprefix(f"{BACKBONE}.") == row.name for row in EMBEDDINGS)


def _set_texts(group: Any, attribute: str, names: list[str]) -> None:
    texts = [name.encode() for name in names]
    width = max(len(text) for text in texts) if texts else 1
    if len(texts) * width <= ATTRIBUTE_BYTES:
        group.attrs[attribute] = np.array(texts, dtype=f"S{width}")
        return
    per_piece = ATTRIBUTE_BYTES // width
    for number, start in enumerate(range(0, len(texts), per_piece)):
        group.attrs[f"{attribute}{number}"] = np.array(texts[start : start + per_piece])
