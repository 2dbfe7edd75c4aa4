"""The stream of torch before 1.6, without torch: four pickles, then the storages."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from camembert_dual.checkpoints.formats.base import Content, Format
from camembert_dual.checkpoints.formats.pickle_machine import Machine
from camembert_dual.checkpoints.formats.torch_pickle import (
    MAX_PICKLE,
    Builders,
    Storage,
    Tensor,
    TorchFile,
    lazy_array,
    read_state_dict,
    read_storage,
)
from camembert_dual.checkpoints.lazy_arrays import LazyArray
from camembert_dual.checkpoints.raw_file import RawFile
from camembert_dual.common.errors import require_file, short
from camembert_dual.storage.file_names import TORCH_BIN

TITLE = "torch stream"
MAGIC = 0x1950A86A20F9469CFC6C
VERSION = 1001


def is_torch_stream(path: Path, head: bytes) -> bool:
    """Whether a file begins with a pickle of protocol 2 to 5."""
    return head[:1] == b"\x80" and head[1:2] in (b"\x02", b"\x03", b"\x04", b"\x05")


def open_stream(path: Path) -> TorchFile:
    """Read the object that a stream holds.

    Raises:
        CheckpointError: If a pickle or a storage breaks a rule.
    """
    raw = RawFile(path)
    storages: dict[str, Storage] = {}

    def persistent(key: Any) -> Storage:
        storage = read_storage(path, key)
        known = storages.setdefault(storage.key, storage)
        require_file(path, known == storage, "a storage must be described once", "twice")
        return storage

    data = raw.read(0, min(raw.size, MAX_PICKLE))
    machine = Machine(path, data, Builders(path).names(), persistent)
    _check_head(path, machine)
    content = machine.load()
    keys = machine.load()
    texts = isinstance(keys, list) and all(isinstance(key, str) for key in keys)
    listed = texts and len(keys) == len(storages) and set(keys) == set(storages)
    require_file(path, listed, "a stream must list its storages", "another list")
    starts = _find_storages(raw, machine.position, [storages[key] for key in keys])

    def lazy(tensor: Tensor, name: str) -> LazyArray:
        return lazy_array(raw, tensor, name, starts[tensor.storage.key])

    return TorchFile(content, lazy)


def _check_head(path: Path, machine: Machine) -> None:
    """Read the three pickles before the object: a magic number, a version and the system."""
    magic = machine.load()
    known = type(magic) is int and magic == MAGIC
    require_file(path, known, "a stream must begin as torch's do", "another")
    version = machine.load()
    require_file(path, version == VERSION, f"the version must be {VERSION}", version)
    system = machine.load()
    little = isinstance(system, dict) and system.get("little_endian") is True
    require_file(path, little, "the byte order must be little", "another")


def _find_storages(raw: RawFile, position: int, storages: list[Storage]) -> dict[str, int]:
    """Where the numbers of each storage begin; its size comes before them."""
    starts = {}
    for one in storages:
        count = int.from_bytes(raw.read(position, 8), "little", signed=True)
        rule = f"the storage {short(one.key, 40)!r} must have {one.size} numbers"
        require_file(raw.path, count == one.size, rule, count)
        starts[one.key] = position + 8
        position += 8 + count * one.dtype.itemsize
        require_file(raw.path, position <= raw.size, "a stream must be whole", f"{raw.size} bytes")
    return starts


def _read(path: Path) -> Content:
    return Content(read_state_dict(path, open_stream(path), TITLE))


FORMAT = Format("torch-stream", TITLE, TORCH_BIN, is_torch_stream, _read)
