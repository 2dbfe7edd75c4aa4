"""Tensors of a pickle: what PyTorch's files hold, whatever holds the pickle, without torch."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from camembert_dual.checkpoints.formats.pickle_machine import Global, Inert
from camembert_dual.checkpoints.lazy_arrays import LazyArray, LazyArrays
from camembert_dual.checkpoints.raw_file import RawFile
from camembert_dual.common.arrays import BFLOAT16, Array
from camembert_dual.common.errors import require_file, short

MAX_PICKLE = 1 << 26
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


LazyTensor = Callable[[Tensor, str], LazyArray]  # a tensor, with its name, as an array


class TorchFile(NamedTuple):
    """What a file of torch holds.

    Attributes:
        content: The object that was saved.
        lazy: What turns one of its tensors into an array.
    """

    content: Any
    lazy: LazyTensor


def read_state_dict(path: Path, file: TorchFile, title: str) -> LazyArrays:
    """Take the tensors of a state dict.

    Raises:
        CheckpointError: If the object is not a dict of tensors.
    """
    content = file.content
    rule = "a PyTorch checkpoint must hold a dict of tensors by their names"
    inner = content.get("state_dict") if isinstance(content, dict) else None
    if isinstance(inner, dict):  # as Lightning writes it
        rule += ", as this one does under 'state_dict' (save that alone)"
    require_file(path, isinstance(content, dict) and content, rule, f"a {type(content).__name__}")
    lazy = {}
    for name, value in content.items():
        received = f"{short(repr(name), 80)}: {type(value).__name__}"
        require_file(path, isinstance(name, str) and isinstance(value, Tensor), rule, received)
        lazy[name] = file.lazy(value, name)
    return LazyArrays(lazy, title)


def lazy_array(raw: RawFile, tensor: Tensor, name: str, start: int) -> LazyArray:
    """A tensor whose storage begins at ``start``, as an array to be read."""
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

    key = (raw, begin, dtype, tensor.shape, tensor.strides)
    return LazyArray(raw.path, name, tensor.shape, dtype, read, storage_key=key)


def _row_strides(shape: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(math.prod(shape[axis + 1 :]) for axis in range(len(shape)))


def read_storage(path: Path, key: Any) -> Storage:
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


class Builders:
    """Everything that a pickle may name, and what each stands for.

    Args:
        path: The file, for messages.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def names(self) -> Mapping[str, Global]:
        """Allowed names, as ``"module.name"``."""
        names = {
            "collections.OrderedDict": Global(self._ordered_dict),
            "torch._utils._rebuild_tensor": Global(self._tensor),
            "torch._utils._rebuild_tensor_v2": Global(self._tensor),
            "torch._utils._rebuild_parameter": Global(self._parameter),
            "torch.Size": Global(self._size),
            "torch.device": Global(lambda *place: None),
        }
        names |= {name: Global(Inert) for name in INERT}
        return names | {f"torch.{kind}": Global(None, dtype) for kind, dtype in STORAGES.items()}

    def _tensor(self, storage: Any, offset: Any, shape: Any, strides: Any, *rest: Any) -> Tensor:
        sound = isinstance(storage, Storage) and _are_sizes((offset,))
        sound = sound and _are_sizes(shape) and _are_sizes(strides) and len(shape) == len(strides)
        self._require(sound, "a tensor must be a part of a storage", "another description")
        # as many numbers as the storage has at most: an expanded view would fill the memory
        count = math.prod(shape)
        last = offset + sum((size - 1) * step for size, step in zip(shape, strides, strict=True))
        fits = count <= storage.size and (count == 0 or last < storage.size)
        received = f"{shape} in {storage.size} numbers"
        self._require(fits, "a tensor must lie in its storage", received)
        return Tensor(storage, offset, tuple(shape), tuple(strides))

    def _parameter(self, data: Any, *rest: Any) -> Tensor:
        self._require(isinstance(data, Tensor), "a parameter must be a tensor", "another object")
        return data  # type: ignore[no-any-return]

    def _ordered_dict(self, *items: Any) -> dict[Any, Any]:
        pairs = items[0] if len(items) == 1 else []
        sound = isinstance(pairs, list) and all(
            isinstance(pair, tuple | list) and len(pair) == 2 and isinstance(pair[0], str)
            for pair in pairs
        )
        rule = "an ordered dict must be filled by items"
        self._require(len(items) <= 1 and sound, rule, "another object")
        return dict(pairs)

    def _size(self, *sizes: Any) -> tuple[int, ...]:
        sound = len(sizes) == 1 and isinstance(sizes[0], tuple | list) and _are_sizes(sizes[0])
        self._require(sound, "a size must be a tuple of integers", "another object")
        return tuple(sizes[0])

    def _require(self, holds: object, rule: str, received: object) -> None:
        require_file(self.path, holds, rule, received)


def _are_sizes(values: Any) -> bool:
    small = isinstance(values, tuple | list) and len(values) <= 8
    return small and all(type(value) is int and 0 <= value < 1 << 62 for value in values)
