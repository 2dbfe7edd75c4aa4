"""From the names and layout of TensorFlow's files to the published ones.

A name there is a Keras path with spellings of its own, a kernel is the transpose of the published
weight, and one array may be there twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Set
from dataclasses import replace
from pathlib import Path

import numpy as np

from camembert_dual.checkpoints.lazy_arrays import LazyArray, LazyArrays, is_finite
from camembert_dual.common.arrays import Array
from camembert_dual.common.errors import listed, require_file
from camembert_dual.parameter_names import OWN_WORDS, model_of_tf_name, slot_of_tf_name
from camembert_dual.parameters import BACKBONE, Row


def named_by_tf(names: Iterable[str]) -> bool:
    """Whether names without any other sign are TF's."""
    return any("/" in name for name in names)


def published_by_tf(stored: Iterable[LazyArray], title: str, path: Path) -> LazyArrays:
    """Give TF's arrays their published names and the torch layout.

    A weight that is held twice, as the embeddings of an LM head are, is read once and compared.

    Args:
        stored: The arrays as the file holds them.
        title: What the format is called.
        path: The file.
    """
    published: dict[str, LazyArray] = {}
    dropped = []
    inner, own = _split(list(stored), path)
    models = {model_of_tf_name(one.stored_name) for one in inner}
    for one in inner:
        slot = slot_of_tf_name(one.stored_name)
        if slot is None:
            name, turned = _own_name(one.stored_name, models, len(one.shape))
            found = _turned(one, one.shape) if turned else one
        else:
            name, found = slot.name, _in_torch_layout(one, slot.row)
        first = published.setdefault(name, found)
        if first is not found and (
            first.storage_key is None or first.storage_key != found.storage_key
        ):
            published[name] = _checked(first, found)
            dropped.append((one.stored_name, f"a second copy of {name}, checked equal"))
    dropped += [(name, "a weight of a layer of the user's own") for name in own]
    return LazyArrays(published, title, tuple(dropped), own)


def _own_name(name: str, models: Set[str], rank: int) -> tuple[str, bool]:
    """The published name of a weight of a user's own layer in TF's own files.

    Args:
        name: The name there.
        models: What the names of the table's weights begin with, the model's name.
        rank: How many axes it has.

    Returns:
        The name, and whether PyTorch holds the transpose, as of the kernels of dense layers and of
        convolutions over one axis.
    """
    first, _, rest = name.removesuffix(":0").partition("/")
    layer, _, word = (rest if first in models else f"{first}/{rest}").rpartition("/")
    turned = word == "kernel" and rank in (2, 3)
    word = "weight" if turned else OWN_WORDS.get(word, word)
    return ".".join([*layer.split("/"), word]), turned


def _split(stored: list[LazyArray], path: Path) -> tuple[list[LazyArray], dict[str, LazyArray]]:
    """Tell CamemBERT's arrays from those of the layers that a user built around it.

    Raises:
        CheckpointError: If there are two CamemBERTs.
    """
    models = {one.stored_name: model_of_tf_name(one.stored_name) for one in stored}
    with_encoder = {model for name, model in models.items() if model and "/encoder/" in name}
    if not with_encoder or any(name.startswith(f"{BACKBONE}/") for name in models):
        return stored, {}
    outer = sorted(
        model
        for model in with_encoder
        if not any(model.startswith(f"{one}/") for one in with_encoder)
    )
    require_file(path, len(outer) == 1, "a file must hold one CamemBERT", listed(outer))
    own = {
        name: one
        for one in stored
        if not models[name := one.stored_name] and not name.startswith(f"{outer[0]}/")
    }
    return [one for one in stored if one.stored_name not in own], own


def _in_torch_layout(one: LazyArray, row: Row) -> LazyArray:
    shape = _without_head_axis(one.shape, row)
    if row.transposed and len(shape) == 2:
        return _turned(one, shape)
    return replace(one, shape=shape, read=lambda: one.read().reshape(shape), transposed=False)


def _turned(one: LazyArray, shape: tuple[int, ...]) -> LazyArray:
    """A kernel with its axes in the order that PyTorch has them in."""
    read = one.read
    return replace(one, shape=shape[::-1], read=lambda: read().reshape(shape).T, transposed=True)


def _without_head_axis(shape: tuple[int, ...], row: Row) -> tuple[int, ...]:
    """Join the axes of heads and head size, which files of early 2021 (EinsumDense) keep apart.

    Only where the rank says so: a reshape of any other array would let a forgotten transpose pass.
    """
    if "A" not in row.shape or len(shape) != len(row.shape) + 1:
        return shape
    if row.shape == "DA":  # the kernel (H, K, D) of the attention's output
        return (shape[0] * shape[1], shape[2])
    return (*shape[:-2], shape[-2] * shape[-1])


def _checked(first: LazyArray, second: LazyArray) -> LazyArray:
    def read() -> Array:
        array, copy = first.read(), second.read()
        same = array.dtype == copy.dtype and np.array_equal(array, copy)
        rule = f"{second.stored_name!r} must equal {first.stored_name!r}, whose copy it is"
        require_file(first.path, same or not is_finite(array), rule, "another value")
        return array

    return replace(first, read=read, storage_key=None)
