"""Torch's zip, ``pytorch_model.bin``, without torch: a pickle and plain bytes, read and written."""

from __future__ import annotations

import math
import struct
import zipfile
from collections.abc import Sequence
from pathlib import Path

from camembert_dual.checkpoints.formats.base import (
    Content,
    Format,
    PlannedArray,
    Read,
    write_array,
)
from camembert_dual.checkpoints.formats.pickle_machine import Machine
from camembert_dual.checkpoints.formats.torch_pickle import (
    MAX_PICKLE,
    STORAGES,
    Builders,
    Tensor,
    TorchFile,
    lazy_array,
    read_state_dict,
    read_storage,
)
from camembert_dual.checkpoints.lazy_arrays import LazyArray
from camembert_dual.checkpoints.raw_file import ZIP, RawFile, member_names, read_members
from camembert_dual.common.errors import require_file
from camembert_dual.storage.file_names import TORCH_BIN

TITLE = "torch zip"
PICKLE = "data.pkl"
FOLDER = TORCH_BIN.partition(".")[0]
ALIGNMENT = 64  # torch maps the bytes into memory, where numbers must be aligned
_KINDS = {dtype: kind for kind, dtype in STORAGES.items()}
_EMPTY_DICT = b"ccollections\nOrderedDict\n)R"


def is_torch_zip(path: Path, head: bytes) -> bool:
    """Whether a file is a zip archive with a pickle."""
    names = member_names(path) if head.startswith(ZIP) else []
    return any(name == PICKLE or name.endswith(f"/{PICKLE}") for name in names)


def open_zip(path: Path) -> TorchFile:
    """Read the object that an archive holds.

    Raises:
        CheckpointError: If the archive or the pickle breaks a rule.
    """
    raw = RawFile(path)
    members = read_members(raw)
    pickle = next((name for name in members if name.endswith(PICKLE)), "")
    prefix = pickle.removesuffix(PICKLE)
    order = f"{prefix}byteorder"
    if order in members:
        endian = raw.read(*members[order])[:8]
        require_file(path, endian == b"little", "the byte order must be little", endian)
    offset, size = members[pickle]
    require_file(path, size <= MAX_PICKLE, f"a pickle must have at most {MAX_PICKLE} bytes", size)
    names = Builders(path).names()
    machine = Machine(path, raw.read(offset, size), names, lambda key: read_storage(path, key))
    content = machine.load()

    def lazy(tensor: Tensor, name: str) -> LazyArray:
        place = members.get(f"{prefix}data/{tensor.storage.key}")
        require_file(path, place, f"the archive must hold the data of {name!r}", "none")
        size = tensor.storage.size * tensor.storage.dtype.itemsize
        rule = f"the data of {name!r} must have {size} bytes"
        require_file(path, place[1] == size, rule, place[1])  # type: ignore[index]
        return lazy_array(raw, tensor, name, place[0])  # type: ignore[index]

    return TorchFile(content, lazy)


def _read(path: Path) -> Content:
    return Content(read_state_dict(path, open_zip(path), TITLE))


def _write(
    path: Path, planned: Sequence[PlannedArray], read: Read, architecture: str
) -> dict[str, str]:
    """Write a state dict as ``torch.save`` does.

    Raises:
        OSError: If the file cannot be written.
        CheckpointError: If torch has no such type.
    """
    for one in planned:
        require_file(
            path, one.dtype in _KINDS, f"torch must have the type of {one.name}", one.dtype
        )
    with path.open("wb") as file, zipfile.ZipFile(file, "w") as archive:
        _member(archive, PICKLE, [_pickle(planned)])
        _member(archive, "byteorder", [b"little"])
        for number, one in enumerate(planned):
            info = _info(archive, f"data/{number}", one.size)
            with archive.open(info, "w") as member:
                write_array(member.write, read(one.name))
        _member(archive, "version", [b"3\n"])
    return {one.name: one.name for one in planned}


def _member(archive: zipfile.ZipFile, name: str, parts: list[bytes]) -> None:
    content = b"".join(parts)
    with archive.open(_info(archive, name, len(content)), "w") as member:
        member.write(content)


def _info(archive: zipfile.ZipFile, name: str, size: int) -> zipfile.ZipInfo:
    """A member whose bytes begin at a multiple of ``ALIGNMENT``, by padding in its header."""
    info = zipfile.ZipInfo(f"{FOLDER}/{name}")
    info.file_size = size
    large = size * 1.05 > zipfile.ZIP64_LIMIT  # zipfile then adds 20 bytes for the sizes
    start = archive.fp.tell() + 30 + len(info.filename) + 4 + (20 if large else 0)  # type: ignore[union-attr]
    padding = -start % ALIGNMENT
    info.extra = struct.pack("<HH", 0x4246, padding) + b"Z" * padding
    return info


def _pickle(planned: Sequence[PlannedArray]) -> bytes:
    """The instructions that make the dict: a call of ``_rebuild_tensor_v2`` for each array."""
    parts = [b"\x80\x02", _EMPTY_DICT, b"("]
    for number, one in enumerate(planned):
        strides = tuple(math.prod(one.shape[axis + 1 :]) for axis in range(len(one.shape)))
        storage = (
            b"("
            + _text("storage")
            + f"ctorch\n{_KINDS[one.dtype]}\n".encode()
            + _text(str(number))
            + _text("cpu")
            + _integer(math.prod(one.shape))
            + b"tQ"
        )
        tensor = b"".join(
            [storage, _integer(0), _integers(one.shape), _integers(strides), b"\x89", _EMPTY_DICT]
        )
        parts += [_text(one.name), b"ctorch._utils\n_rebuild_tensor_v2\n(", tensor, b"tR"]
    return b"".join([*parts, b"u."])


def _text(text: str) -> bytes:
    encoded = text.encode()
    return b"X" + struct.pack("<I", len(encoded)) + encoded


def _integer(number: int) -> bytes:
    return b"\x8a\x08" + struct.pack("<q", number)


def _integers(numbers: tuple[int, ...]) -> bytes:
    return b"(" + b"".join(_integer(number) for number in numbers) + b"t"


FORMAT = Format("bin", TITLE, TORCH_BIN, is_torch_zip, _read, _write)
