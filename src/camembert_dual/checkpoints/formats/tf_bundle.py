"""TensorFlow's checkpoints (``.index`` beside ``.data-…``) and the variables of its SavedModels.

The index is a sorted table of blocks, each key sharing its beginning with the one before (LevelDB's
table format), from keys to messages that say where an array lies (``tensor_bundle.proto``). What a
variable was called when its model was built stands in one entry of its own
(``trackable_object_graph.proto``); keys name the attributes that lead to it. The checksums are not
compared: what is wrong in an array shows in its shape, or where values are not finite.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from camembert_dual.checkpoints.formats.base import Content, Format
from camembert_dual.checkpoints.formats.keras_config import find_configs, read_document
from camembert_dual.checkpoints.formats.tf_layout import published_by_tf
from camembert_dual.checkpoints.lazy_arrays import LazyArray, LazyArrays
from camembert_dual.checkpoints.raw_file import RawFile
from camembert_dual.common.arrays import BFLOAT16, Array
from camembert_dual.common.errors import file_error, require_file, short, shown
from camembert_dual.common.protobuf import (
    DamagedError,
    as_bytes,
    as_int,
    read_fields,
    read_varint,
)
from camembert_dual.storage.file_names import (
    KERAS_METADATA,
    SAVED_VARIABLES,
    TF_INDEX,
    tf_data_name,
)

MAGIC = bytes.fromhex("57fb808b247547db")  # ends the file
FOOTER = 48
MAX_INDEX = 1 << 28
OBJECT_GRAPH = "_CHECKPOINTABLE_OBJECT_GRAPH"
ATTRIBUTE = "/.ATTRIBUTES/VARIABLE_VALUE"
DTYPES: dict[int, np.dtype[np.generic]] = {  # numbers of types.proto
    1: np.dtype("<f4"),
    2: np.dtype("<f8"),
    3: np.dtype("<i4"),
    9: np.dtype("<i8"),
    14: BFLOAT16,
    19: np.dtype("<f2"),
}
STRINGS = 7
NOT_WEIGHTS = (".OPTIMIZER_SLOT", "optimizer", "save_counter", "keras_api")  # parts of a key


class Entry(NamedTuple):
    """Where an array lies.

    Attributes:
        dtype: The number of its type.
        shape: Its shape.
        shard: The number of its file.
        offset: Where it begins there.
        size: Its bytes.
        in_slices: Whether it lies there in parts.
    """

    dtype: int
    shape: tuple[int, ...]
    shard: int
    offset: int
    size: int
    in_slices: bool


def _matches(path: Path, head: bytes) -> bool:
    raw = RawFile(path)
    return raw.size >= FOOTER and raw.read(raw.size - len(MAGIC), len(MAGIC)) == MAGIC


def _read(path: Path) -> Content:
    """Read the names; keys of optimizers and counters are dropped.

    Raises:
        CheckpointError: If the index is not whole or holds what is not read.
    """
    raw = RawFile(path)
    require_file(path, raw.size <= MAX_INDEX, f"an index must have at most {MAX_INDEX} bytes", "")
    try:
        table = dict(_table(raw))
        shards = _shards(path, table.pop("", b""))
        entries = {key: _entry(value) for key, value in table.items()}
        graph = entries.pop(OBJECT_GRAPH, None)
        names = {} if graph is None else _full_names(_text(shards, graph))
    except (DamagedError, IndexError, UnicodeDecodeError, struct.error) as error:
        raise file_error(path, "an index of TensorFlow must be whole", str(error)) from None
    stored = []
    dropped: dict[str, str] = {}
    for key, entry in entries.items():
        part = next((part for part in key.split("/") if part in NOT_WEIGHTS), None)
        if part is not None or entry.dtype not in DTYPES:
            dropped[part or key] = "not a weight of the model"
        else:
            name = names.get(key, key.removesuffix(ATTRIBUTE))
            stored.append(_lazy(path, shards, name, entry))
    require_file(path, stored, "a checkpoint must hold weights", "none")
    arrays = published_by_tf(stored, FORMAT.title, path)
    told = (*arrays.dropped, *dropped.items())
    return Content(LazyArrays(arrays.lazy, arrays.format, told, arrays.own), _config(path))


def _config(path: Path) -> dict[str, Any] | None:
    """What Keras 2 wrote beside a SavedModel of the CamemBERT in it (``saved_metadata.proto``).

    Raises:
        CheckpointError: If that file is not whole.
    """
    metadata = path.parent.parent / KERAS_METADATA
    if path.name != SAVED_VARIABLES[-1] or not metadata.is_file():
        return None
    raw = RawFile(metadata)
    require_file(metadata, raw.size <= MAX_INDEX, f"a file must have at most {MAX_INDEX} bytes", "")
    try:
        nodes = [dict(read_fields(as_bytes(one))) for _, one in read_fields(raw.read(0, raw.size))]
        texts = [as_bytes(node.get(5, b"{}")) for node in nodes]
    except DamagedError as error:
        raise file_error(metadata, "metadata of Keras must be whole", str(error)) from None
    documents = (read_document(metadata, text, "an object's metadata") for text in texts)
    return next((config for one in documents for config in find_configs(one)), None)


def _table(raw: RawFile) -> Iterator[tuple[str, bytes]]:
    """The keys and values of a table: the footer leads to a block that leads to all others."""
    footer = raw.read(raw.size - FOOTER, FOOTER)
    _, position = _handle(footer, 0)
    place, _ = _handle(footer, position)
    read = 0
    for _, value in _block(raw, *place):
        inner, _ = _handle(value, 0)
        read += inner[1]
        rule = "the blocks of an index must not lie over each other"
        require_file(raw.path, read <= raw.size, rule, f"{read} bytes of {raw.size}")
        for key, one in _block(raw, *inner):
            yield key.decode(), one


def _handle(data: bytes, position: int) -> tuple[tuple[int, int], int]:
    """The offset and size of a block, and the position behind them."""
    offset, position = read_varint(data, position)
    size, position = read_varint(data, position)
    return (offset, size), position


def _block(raw: RawFile, offset: int, size: int) -> Iterator[tuple[bytes, bytes]]:
    """The keys and values of a block; its end lists where keys are whole, which is not needed."""
    data = raw.read(offset, size + 1)
    require_file(raw.path, data[-1] == 0, "an index must not be compressed", f"kind {data[-1]}")
    (restarts,) = struct.unpack("<I", data[-5:-1])
    end = size - 4 - 4 * restarts
    key, position = b"", 0
    while position < end:
        shared, position = read_varint(data, position)
        unshared, position = read_varint(data, position)
        length, position = read_varint(data, position)
        if shared > len(key) or position + unshared + length > end:
            raise DamagedError(f"an entry at {position} that leaves its block")
        key = key[:shared] + data[position : position + unshared]
        position += unshared
        yield key, data[position : position + length]
        position += length


def _shards(path: Path, header: bytes) -> list[RawFile]:
    """The files of a checkpoint, by number."""
    fields = dict(read_fields(header))
    count, big_endian = as_int(fields.get(1, 1)), as_int(fields.get(2, 0))
    require_file(path, not big_endian, "arrays must lie there with their little end first", "big")
    stem = path.name.removesuffix(TF_INDEX)
    names = [tf_data_name(stem, number, count) for number in range(min(count, 10_000))]
    missing = [name for name in names if not (path.parent / name).is_file()]
    if missing or not names:
        told = f"none named {short(missing[0], 120)}" if missing else "no file"
        rule = "the files of a checkpoint must be there"
        raise FileNotFoundError(f"{path}: {rule}; received {told}.")
    return [RawFile(path.parent / name) for name in names]


def _entry(value: bytes) -> Entry:
    fields: dict[int, int | bytes] = {}
    in_slices = False
    for number, one in read_fields(value):
        in_slices |= number == 7
        fields[number] = one
    dimensions = [
        as_int(dict(read_fields(as_bytes(dimension))).get(1, 0))
        for number, dimension in read_fields(as_bytes(fields.get(2, b"")))
        if number == 2
    ]
    dtype, shard, offset, size = (as_int(fields.get(number, 0)) for number in (1, 3, 4, 5))
    return Entry(dtype, tuple(dimensions), shard, offset, size, in_slices)


def _lazy(path: Path, shards: list[RawFile], name: str, entry: Entry) -> LazyArray:
    dtype = DTYPES[entry.dtype]
    expected = dtype.itemsize
    for size in entry.shape:
        expected *= size
    told = shown(name)
    require_file(path, not entry.in_slices, "an array must lie there in one piece", told)
    require_file(path, entry.shard < len(shards), "an array must lie in one of the files", told)
    rule = "an array must have the bytes of its shape"
    require_file(path, entry.size == expected, rule, f"{entry.size} bytes for {told}")
    raw = shards[entry.shard]

    def read() -> Array:
        return raw.array(entry.offset, dtype, entry.shape)

    return LazyArray(path, name, entry.shape, dtype, read, storage_key=(entry.shard, entry.offset))


def _text(shards: list[RawFile], entry: Entry) -> bytes:
    """The bytes of a single string: its length, a checksum of four bytes, and itself."""
    if entry.dtype != STRINGS or entry.shard >= len(shards):
        raise DamagedError("an object graph that is no string")
    data = shards[entry.shard].read(entry.offset, entry.size)
    length, position = read_varint(data, 0)
    return data[position + 4 : position + 4 + length]


def _full_names(graph: bytes) -> dict[str, str]:
    """Key to the name that the variable was built with."""
    names = {}
    for _, node in read_fields(graph):
        for number, attribute in read_fields(as_bytes(node)):
            if number == 2:
                fields = {number: as_bytes(one) for number, one in read_fields(as_bytes(attribute))}
                full_name = fields.get(2, b"").decode()
                if full_name:
                    names[fields.get(3, b"").decode()] = full_name
    return names


FORMAT = Format("tf-checkpoint", "tf checkpoint", f"model{TF_INDEX}", _matches, _read)
