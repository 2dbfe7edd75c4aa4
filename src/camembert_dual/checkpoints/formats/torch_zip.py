"""``pytorch_model.bin`` written an array at a time, without torch: a pickle and plain bytes."""

from __future__ import annotations

import math
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

from camembert_dual.checkpoints.formats.safetensors import Planned, write_array
from camembert_dual.checkpoints.formats.torch_pickle import STORAGES
from camembert_dual.common.arrays import Array
from camembert_dual.common.errors import require_file

FILE_NAME = "pytorch_model.bin"
FOLDER = "pytorch_model"
ALIGNMENT = 64  # torch maps the bytes into memory, where numbers must be aligned
_KINDS = {dtype: kind for kind, dtype in STORAGES.items()}
_EMPTY_DICT = b"ccollections\nOrderedDict\n)R"


def write_torch_zip(path: Path, planned: list[Planned], read: Callable[[str], Array]) -> None:
    """Write a state dict as ``torch.save`` does.

    Args:
        path: The file.
        planned: What it will hold.
        read: Gives an array by its name.

    Raises:
        OSError: If the file cannot be written.
        CheckpointError: If torch has no such type.
    """
    for one in planned:
        require_file(
            path, one.dtype in _KINDS, f"torch must have the type of {one.name}", one.dtype
        )
    with path.open("wb") as file, zipfile.ZipFile(file, "w") as archive:
        _member(archive, "data.pkl", [_pickle(planned)])
        _member(archive, "byteorder", [b"little"])
        for number, one in enumerate(planned):
            info = _info(archive, f"data/{number}", one.size)
            with archive.open(info, "w") as member:
                write_array(member.write, read(one.name))
        _member(archive, "version", [b"3\n"])


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


def _pickle(planned: list[Planned]) -> bytes:
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
