"""``tf_model.h5``: the weights file of Keras 2, without TensorFlow."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from camembert_dual.checkpoints.formats.base import Content, Format, PlannedArray, Read
from camembert_dual.checkpoints.formats.hdf5.file import SIGNATURE
from camembert_dual.checkpoints.formats.hdf5.objects import Node, lazy_dataset, open_hdf5
from camembert_dual.checkpoints.formats.hdf5.writing import new_hdf5, write_dataset
from camembert_dual.checkpoints.formats.keras_config import find_configs, read_document
from camembert_dual.checkpoints.formats.tf_layout import published_by_tf
from camembert_dual.checkpoints.raw_file import RawFile
from camembert_dual.common.errors import require_file
from camembert_dual.common.model_names import keras_name
from camembert_dual.parameter_names import LM_HEAD, is_transposed, keras_path, tf_name
from camembert_dual.parameters import BACKBONE, EMBEDDINGS
from camembert_dual.storage.file_names import TF_H5

LAYERS = "layer_names"
WEIGHTS = "weight_names"
MODEL, MODEL_WEIGHTS = "model_config", "model_weights"
ATTRIBUTE_BYTES = 64_000  # HDF5 keeps an attribute in an object header of 64 kB


def _matches(path: Path, head: bytes) -> bool:
    """Whether an HDF5 file has the layout of Keras 2: of weights, or of a whole model."""
    if not head.startswith(SIGNATURE):
        return False
    attributes = _weights(open_hdf5(RawFile(path))).attributes
    return LAYERS in attributes or f"{LAYERS}0" in attributes


def _read(path: Path) -> Content:
    """Read the names; the attributes are followed, not the listing of the groups.

    Raises:
        CheckpointError: If the file breaks the layout's rules.
    """
    file = open_hdf5(RawFile(path))
    root = _weights(file)
    raw = []
    for layer in _listed(root, LAYERS):
        group = root.child(layer)
        if not group.is_group:  # a shard lists weights, without the model's name
            raw.append(lazy_dataset(group, layer))
        elif any(name.startswith(WEIGHTS) for name in group.attributes):
            for name in _listed(group, WEIGHTS):
                raw.append(lazy_dataset(group.child(name), name))
    require_file(path, raw, "a checkpoint must hold weights", "none")
    configs = [
        config
        for text in file.texts(MODEL)
        for config in find_configs(read_document(path, text, f"the attribute {MODEL}"))
    ]
    return Content(published_by_tf(raw, "tf h5", path), next(iter(configs), None))


def _weights(file: Node) -> Node:
    """The group of the layers: in ``model.save("m.h5")`` it lies beside the model and optimizer."""
    return file.child(MODEL_WEIGHTS) if MODEL_WEIGHTS in file.members else file


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


def _write(
    path: Path, planned: Sequence[PlannedArray], read: Read, architecture: str
) -> dict[str, str]:
    """Write a file, an array at a time, as ``transformers`` 4.34 reads it.

    Raises:
        OSError: If the file cannot be written.
    """
    model = keras_name(architecture)  # comes first in each weight's name
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


FORMAT = Format("tf-h5", "tf h5", TF_H5, _matches, _read, _write)
