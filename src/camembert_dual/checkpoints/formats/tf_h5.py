"""``tf_model.h5``: the weights file of Keras 2, without TensorFlow."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from camembert_dual.checkpoints.formats.hdf5.arrays import raw_entry
from camembert_dual.checkpoints.formats.hdf5.objects import Node
from camembert_dual.checkpoints.formats.hdf5.writing import new_hdf5, write_dataset
from camembert_dual.checkpoints.formats.safetensors import Planned
from camembert_dual.checkpoints.formats.tf_layout import (
    is_transposed,
    keras_path,
    published_by_tf,
    tf_name,
)
from camembert_dual.checkpoints.lazy_arrays import Arrays
from camembert_dual.common.arrays import Array
from camembert_dual.common.errors import require_file
from camembert_dual.parameters import BACKBONE, EMBEDDINGS

FILE_NAME = "tf_model.h5"
LAYERS = "layer_names"
WEIGHTS = "weight_names"
LM_HEAD = "lm_head"
ATTRIBUTE_BYTES = 64_000  # HDF5 keeps an attribute in an object header of 64 kB


def is_h5_weights(root: Node) -> bool:
    """Whether a file has the layout of Keras 2."""
    return LAYERS in root.attributes or f"{LAYERS}0" in root.attributes


def read_h5(root: Node) -> Arrays:
    """Read the names; the attributes are followed, not the listing of the groups.

    Args:
        root: The root group of the file.

    Raises:
        CheckpointError: If the file breaks the layout's rules.
    """
    path = root.file.path
    raw = []
    for layer in _listed(root, LAYERS):
        group = root.child(layer)
        if not group.is_group:  # a shard lists weights, without the model's name
            raw.append(raw_entry(group, layer))
        elif any(name.startswith(WEIGHTS) for name in group.attributes):
            for name in _listed(group, WEIGHTS):
                raw.append(raw_entry(group.child(name), name))
    require_file(path, raw, "a checkpoint must hold weights", "none")
    return published_by_tf(raw, "tf h5", path)


def _listed(node: Node, attribute: str) -> list[str]:
    """A list of names kept as an attribute, whole or in numbered pieces (each at most 64 kB)."""
    if attribute in node.attributes:
        return node.texts(attribute)
    pieces = 0
    names: list[str] = []
    while f"{attribute}{pieces}" in node.attributes:
        names += node.texts(f"{attribute}{pieces}")
        pieces += 1
    rule = f"the group '/{node.name}' must have the attribute {attribute}"
    require_file(node.file.path, pieces, rule, "none")
    return names


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
