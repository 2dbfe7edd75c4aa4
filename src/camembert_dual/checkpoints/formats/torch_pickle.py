"""``pytorch_model.bin`` and ``model.pt``: torch's zip, and its older stream, without torch."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from camembert_dual.checkpoints.archive import read_members
from camembert_dual.checkpoints.formats.pickle_machine import Global, Inert, Machine
from camembert_dual.checkpoints.lazy_arrays import Arrays, Entry
from camembert_dual.checkpoints.raw_file import RawFile
from camembert_dual.common.arrays import BFLOAT16, Array
from camembert_dual.common.errors import require_file, short

MAX_PICKLE = 1 << 26
MAGIC = 0x1950A86A20F9469CFC6C
STREAM_PROTOCOL = 1001
STORAGES: dict[str, np.dtype[np.generic]] = {
    "DoubleStorage": np.dtype("<f8"),
    "FloatStorage": np.dtype("<f4"),
    "HalfStorage": np.dtype("<f2"),
    "BFloat16Storage": BFLOAT16,
    "LongStorage": np.dtype("<i8"),
    "IntStorage": np.dtype("<i4"),
    "ShortStorage": np.dtype("<i2"),
    "CharStorage": np.dtype("i1"),
    "ByteStorage": np.dtype("u1"),
    "BoolStorage": np.dtype("?"),
}
# objects without weights beside a model: fairseq's arguments and, until 2020, its statistics
INERT = (
    "argparse.Namespace",
    "fairseq.meters.AverageMeter",
    "fairseq.meters.StopwatchMeter",
    "fairseq.meters.TimeMeter",
)


class Storage(NamedTuple):
    """A block of numbers that tensors are cut from."""

    key: str
    dtype: np.dtype[np.generic]
    size: int


@dataclass(frozen=True)
class Tensor:
    """A tensor as a pickle describes it: a part of a storage."""

    storage: Storage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]


def read_torch_zip(path: Path) -> tuple[Any, Callable[[Tensor, str], Entry]]:
    """Read an archive: the object it holds, and what turns its tensors into entries.

    Raises:
        CheckpointError: If the archive or the pickle breaks a rule.
    """
    raw = RawFile(path)
    members = read_members(raw)
    pickle = next((name for name in members if name.endswith("data.pkl")), "")
    prefix = pickle.removesuffix("data.pkl")
    order = f"{prefix}byteorder"
    if order in members:
        endian = raw.read(*members[order])[:8]
        require_file(path, endian == b"little", "the byte order must be little", endian)
    offset, size = members[pickle]
    require_file(path, size <= MAX_PICKLE, f"a pickle must have at most {MAX_PICKLE} bytes", size)
    machine = Machine(path, raw.read(offset, size), _names(path), lambda key: _storage(path, key))
    content = machine.load()

    def entry(tensor: Tensor, name: str) -> Entry:
        place = members.get(f"{prefix}data/{tensor.storage.key}")
        require_file(path, place, f"the archive must hold the data of {name!r}", "none")
        size = tensor.storage.size * tensor.storage.dtype.itemsize
        rule = f"the data of {name!r} must have {size} bytes"
        require_file(path, place[1] == size, rule, place[1])  # type: ignore[index]
        return _entry(raw, tensor, name, place[0])  # type: ignore[index]

    return content, entry


def read_torch_stream(path: Path) -> tuple[Any, Callable[[Tensor, str], Entry]]:
    """Read a file of torch before 1.6: four pickles, then the storages one after another.

    Raises:
        CheckpointError: If a pickle or a storage breaks a rule.
    """
    raw = RawFile(path)
    storages: dict[str, Storage] = {}

    def persistent(key: Any) -> Storage:
        storage = _storage(path, key)
        known = storages.setdefault(storage.key, storage)
        require_file(path, known == storage, "a storage must be described once", "twice")
        return storage

    machine = Machine(path, raw.read(0, min(raw.size, MAX_PICKLE)), _names(path), persistent)
    magic = machine.load()
    known = type(magic) is int and magic == MAGIC
    require_file(path, known, "a stream must begin as torch's do", "another")
    protocol = machine.load()
    require_file(
        path, protocol == STREAM_PROTOCOL, f"the version must be {STREAM_PROTOCOL}", protocol
    )
    system = machine.load()
    little = isinstance(system, dict) and system.get("little_endian") is True
    require_file(path, little, "the byte order must be little", "another")
    content = machine.load()
    keys = machine.load()
    texts = isinstance(keys, list) and all(isinstance(key, str) for key in keys)
    listed = texts and len(keys) == len(storages) and set(keys) == set(storages)
    require_file(path, listed, "a stream must list its storages", "another list")
    starts = {}
    position = machine.position
    for key in keys:
        count = int.from_bytes(raw.read(position, 8), "little", signed=True)
        rule = f"the storage {short(key, 40)!r} must have {storages[key].size} numbers"
        require_file(path, count == storages[key].size, rule, count)
        starts[key] = position + 8
        position += 8 + count * storages[key].dtype.itemsize
        require_file(path, position <= raw.size, "a stream must be whole", f"{raw.size} bytes")

    def entry(tensor: Tensor, name: str) -> Entry:
        return _entry(raw, tensor, name, starts[tensor.storage.key])

    return content, entry


def read_state_dict(
    path: Path, content: Any, entry: Callable[[Tensor, str], Entry], form: str
) -> Arrays:
    """Take the tensors of a state dict.

    Raises:
        CheckpointError: If the object is not a dict of tensors.
    """
    rule = "a PyTorch checkpoint must hold a dict of tensors by their names"
    require_file(path, isinstance(content, dict) and content, rule, f"a {type(content).__name__}")
    entries = {}
    for name, value in content.items():
        received = f"{short(repr(name), 80)}: {type(value).__name__}"
        require_file(path, isinstance(name, str) and isinstance(value, Tensor), rule, received)
        entries[name] = entry(value, name)
    return Arrays(entries, form)


def _storage(path: Path, key: Any) -> Storage:
    """A storage by its persistent id: ("storage", type, key, device, size[, view])."""
    rule = "a storage must be described by type, key, place and size"
    sound = isinstance(key, tuple) and len(key) in (5, 6) and key[0] == "storage"
    require_file(path, sound, rule, "another description")
    kind, name, count = key[1], key[2], key[4]
    dtype: Any = kind.value if isinstance(kind, Global) else None
    sound = (
        isinstance(dtype, np.dtype) and isinstance(name, str) and re.fullmatch(r"\w{1,40}", name)
    )
    require_file(path, sound and type(count) is int and count >= 0, rule, "another description")
    require_file(path, len(key) == 5 or key[5] is None, "a storage must not be a view", "a view")
    return Storage(name, dtype, count)


def _names(path: Path) -> Mapping[str, Global]:
    """Everything that a pickle may name."""

    def tensor(storage: Any, offset: Any, shape: Any, strides: Any, *rest: Any) -> Tensor:
        sound = isinstance(storage, Storage) and _are_sizes((offset,))
        sound = sound and _are_sizes(shape) and _are_sizes(strides) and len(shape) == len(strides)
        require_file(path, sound, "a tensor must be a part of a storage", "another description")
        # as many numbers as the storage has at most: an expanded view would fill the memory
        count = math.prod(shape)
        last = offset + sum((size - 1) * step for size, step in zip(shape, strides, strict=True))
        fits = count <= storage.size and (count == 0 or last < storage.size)
        require_file(
            path, fits, "a tensor must lie in its storage", f"{shape} in {storage.size} numbers"
        )
        return Tensor(storage, offset, tuple(shape), tuple(strides))

    def parameter(data: Any, *rest: Any) -> Tensor:
        require_file(
            path, isinstance(data, Tensor), "a parameter must be a tensor", "another object"
        )
        return data  # type: ignore[no-any-return]

    def ordered_dict(*items: Any) -> dict[Any, Any]:
        rule = "an ordered dict must be filled by items"
        pairs = items[0] if len(items) == 1 else []
        sound = isinstance(pairs, list) and all(
            isinstance(pair, tuple | list) and len(pair) == 2 and isinstance(pair[0], str)
            for pair in pairs
        )
        require_file(path, len(items) <= 1 and sound, rule, "another object")
        return dict(pairs)

    def size(*sizes: Any) -> tuple[int, ...]:
        sound = len(sizes) == 1 and isinstance(sizes[0], tuple | list) and _are_sizes(sizes[0])
        require_file(path, sound, "a size must be a tuple of integers", "another object")
        return tuple(sizes[0])

    names = {
        "collections.OrderedDict": Global(ordered_dict),
        "torch._utils._rebuild_tensor": Global(tensor),
        "torch._utils._rebuild_tensor_v2": Global(tensor),
        "torch._utils._rebuild_parameter": Global(parameter),
        "torch.Size": Global(size),
        "torch.device": Global(lambda *place: None),
    }
    names |= {name: Global(Inert) for name in INERT}
    names |= {f"torch.{kind}": Global(None, dtype) for kind, dtype in STORAGES.items()}
    return names


def _are_sizes(values: Any) -> bool:
    small = isinstance(values, tuple | list) and len(values) <= 8
    return small and all(type(value) is int and 0 <= value < 1 << 62 for value in values)


def _entry(raw: RawFile, tensor: Tensor, name: str, start: int) -> Entry:
    dtype = tensor.storage.dtype
    count = math.prod(tensor.shape)
    begin = start + tensor.offset * dtype.itemsize
    rows = _row_strides(tensor.shape)
    plain = count == 0 or all(
        size == 1 or step == row
        for size, step, row in zip(tensor.shape, tensor.strides, rows, strict=True)
    )
    transposed = not plain and len(tensor.shape) == 2 and tensor.strides == (1, tensor.shape[0])

    def read() -> Array:
        if plain:
            return raw.array(begin, dtype, tensor.shape)
        if transposed:
            return raw.array(begin, dtype, tensor.shape[::-1]).T
        steps = [step * dtype.itemsize for step in tensor.strides]
        block = raw.array(start, dtype, (tensor.storage.size,))[tensor.offset :]
        return np.ascontiguousarray(np.lib.stride_tricks.as_strided(block, tensor.shape, steps))

    place = (raw, begin, dtype, tensor.shape, tensor.strides)
    return Entry(raw.path, name, tensor.shape, dtype, read, place=place)


def _row_strides(shape: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(math.prod(shape[axis + 1 :]) for axis in range(len(shape)))
