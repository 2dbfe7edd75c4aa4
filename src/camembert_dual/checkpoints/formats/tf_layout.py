"""From the names of TensorFlow's files to the published names, by the rows of the parameter table.

A name there is a Keras path with three spellings of its own: layers are ``layer_._N``, a ``:0``
ends it, and the name of the model comes first. Word embeddings are called ``weight`` and the other
tables ``embeddings``; either is read for all three.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple

import numpy as np

from camembert_dual import parameters as table
from camembert_dual.checkpoints.lazy_arrays import Arrays, Entry, is_finite
from camembert_dual.common.arrays import Array
from camembert_dual.common.errors import require_file
from camembert_dual.parameters import BACKBONE, Row

_IN_LAYER = re.compile(r"encoder/layer_(?:\._)?(\d{1,4})/(.+)")
_LAYER_ROWS = {
    row.path: row
    for row in (
        *table.SELF_ATTENTION,
        *table.RELATIVE_POSITIONS,
        *table.CROSS_ATTENTION,
        *table.FEED_FORWARD,
    )
}
_BACKBONE_ROWS = {row.path: row for row in (*table.EMBEDDINGS, *table.POOLER)}
_HEAD_ROWS = {row.path: row for task in table.TASKS.values() for row in task.head} | {
    row.path: row for row in table.DECODER
}
WORD_EMBEDDINGS = table.EMBEDDINGS[0].path


class RawEntry(NamedTuple):
    """An array as a TF file holds it."""

    source: str
    shape: tuple[int, ...]
    dtype: np.dtype[np.generic]
    read: Callable[[], Array]
    place: object = None


class Place(NamedTuple):
    """A row of the table, at its place in a model.

    Attributes:
        name: Published name, with the backbone's prefix.
        row: The row.
    """

    name: str
    row: Row


def find_path(path: str) -> Place | None:
    """Find the row of a Keras path below the model's own name; None if there is none."""
    path = re.sub(r"_embeddings/weight$", "_embeddings/embeddings", path)
    if path in _HEAD_ROWS:
        return Place(_HEAD_ROWS[path].name, _HEAD_ROWS[path])
    path = path.removeprefix(f"{BACKBONE}/")
    if path in _BACKBONE_ROWS:
        return Place(f"{BACKBONE}.{_BACKBONE_ROWS[path].name}", _BACKBONE_ROWS[path])
    found = _IN_LAYER.fullmatch(path)
    row = _LAYER_ROWS.get(found[2]) if found else None
    if found is None or row is None:
        return None
    return Place(f"{BACKBONE}.encoder.layer.{int(found[1])}.{row.name}", row)


def find_name(name: str) -> Place | None:
    """Find the row of a published name, with or without prefix; None if there is none."""
    for row in _HEAD_ROWS.values():
        if row.name == name:
            return Place(name, row)
    bare = name.removeprefix(f"{BACKBONE}.")
    for row in _BACKBONE_ROWS.values():
        if row.name == bare:
            return Place(f"{BACKBONE}.{bare}", row)
    found = re.fullmatch(r"encoder\.layer\.(\d{1,4})\.(.+)", bare)
    for row in _LAYER_ROWS.values():
        if found and row.name == found[2]:
            return Place(f"{BACKBONE}.{bare}", row)
    return None


def keras_path(name: str) -> str:
    """The Keras path of a published name, below the model's own name.

    Raises:
        ValueError: If the table has no such name.
    """
    place = find_name(name)
    if place is None:
        raise ValueError(f"A weight must have a row in the parameter table; received {name!r}.")
    if place.row.path in _HEAD_ROWS and place.name == place.row.name:
        return place.row.path
    found = re.search(r"encoder\.layer\.(\d+)\.", name)
    return f"{BACKBONE}/" + (f"encoder/layer_{found[1]}/" if found else "") + place.row.path


def tf_name(name: str) -> str:
    """The name of a published weight in TF's own files, below the model's own name."""
    path = keras_path(name)
    if path == f"{BACKBONE}/{WORD_EMBEDDINGS}":
        path = path.removesuffix("embeddings") + "weight"
    return re.sub(r"encoder/layer_(\d+)/", r"encoder/layer_._\1/", path) + ":0"


def is_transposed(name: str) -> bool:
    """Whether TF files and Keras hold the transpose of a published weight."""
    place = find_name(name)
    return place is not None and place.row.transposed


def named_by_tf(names: Iterable[str]) -> bool:
    """Whether names without any other sign are TF's."""
    return any("/" in name for name in names)


def published_by_tf(entries: Iterable[RawEntry], form: str, path: Path) -> Arrays:
    """Give TF's arrays their published names and the torch layout.

    A weight that is held twice, as the embeddings of an LM head are, is read once and compared.

    Args:
        entries: The arrays.
        form: Name of the format.
        path: The file.
    """
    published: dict[str, Entry] = {}
    dropped = []
    for one in entries:
        place = _find(one.source)
        entry = _in_torch_layout(one, place, path)
        name = one.source if place is None else place.name
        if name in published:
            first = published[name]
            if first.place is None or first.place != entry.place:
                published[name] = _checked(first, entry)
                dropped.append((one.source, f"a second copy of {name}, checked equal"))
        else:
            published[name] = entry
    return Arrays(published, form, tuple(dropped))


def _find(name: str) -> Place | None:
    path = name.removesuffix(":0")
    for start in (path, path.partition("/")[2]):
        place = find_path(start)
        if place is not None:
            return place
    # the second copy of the embeddings may lie below the head's name
    _, separator, rest = path.partition(f"/{BACKBONE}/")
    return find_path(f"{BACKBONE}/{rest}") if separator else None


def _in_torch_layout(one: RawEntry, place: Place | None, path: Path) -> Entry:
    if place is None:
        return Entry(path, one.source, one.shape, one.dtype, one.read, place=one.place)
    shape = _without_head_axis(one.shape, place.row)
    transposed = place.row.transposed and len(shape) == 2

    def read() -> Array:
        array = one.read().reshape(shape)
        return array.T if transposed else array

    torch_shape = shape[::-1] if transposed else shape
    return Entry(path, one.source, torch_shape, one.dtype, read, transposed, one.place)


def _without_head_axis(shape: tuple[int, ...], row: Row) -> tuple[int, ...]:
    """Join the axes of heads and head size, which files of early 2021 (EinsumDense) keep apart.

    Only where the rank says so: a reshape of any other array would let a forgotten transpose pass.
    """
    if "A" not in row.shape or len(shape) != len(row.shape) + 1:
        return shape
    if row.shape == "DA":  # the kernel (H, K, D) of the attention's output
        return (shape[0] * shape[1], shape[2])
    return (*shape[:-2], shape[-2] * shape[-1])


def _checked(first: Entry, second: Entry) -> Entry:
    def read() -> Array:
        array, copy = first.read(), second.read()
        same = array.dtype == copy.dtype and np.array_equal(array, copy)
        rule = f"{second.source!r} must equal {first.source!r}, whose copy it is"
        require_file(first.path, same or not is_finite(array), rule, "another value")
        return array

    return Entry(first.path, first.source, first.shape, first.dtype, read, first.transposed, None)
