"""A file, or a member of a zip archive, read by offset, with every read bounded by its size."""

from __future__ import annotations

import itertools
import os
import threading
import weakref
import zipfile
from pathlib import Path

import numpy as np
import numpy.typing as npt

from camembert_dual.common.arrays import Array
from camembert_dual.common.errors import file_error, require_file, short

ZIP = b"PK\x03\x04"
_ZIP_ERRORS = (zipfile.BadZipFile, ValueError, OSError, NotImplementedError, EOFError)


class RawFile:
    """An open file; it stays the same file when a save replaces it.

    Plain reads instead of a memory map: mapped pages count as used memory until all of the file is
    read.

    Args:
        path: The file.

    Raises:
        CheckpointError: If it is not a regular file.
        OSError: If it cannot be opened.
    """

    def __init__(self, path: Path) -> None:
        require_file(path, path.is_file(), "a checkpoint must be a regular file", "something else")
        self.path = path
        self._file = path.open("rb", buffering=0)
        weakref.finalize(self, self._file.close)
        self._lock = threading.Lock()
        self.size = os.fstat(self._file.fileno()).st_size

    def read(self, offset: int, count: int) -> bytes:
        """Read ``count`` bytes.

        Raises:
            CheckpointError: If the file does not have them.
        """
        return self._read(offset, count).tobytes()

    def array(self, offset: int, dtype: np.dtype[np.generic], shape: tuple[int, ...]) -> Array:
        """Read an array that lies there in rows.

        Raises:
            CheckpointError: If the file does not have that many bytes.
        """
        count = dtype.itemsize
        for size in shape:
            count *= size
        array: Array = self._read(offset, count).view(dtype).reshape(shape)
        return array

    def _read(self, offset: int, count: int) -> npt.NDArray[np.uint8]:
        rule = f"bytes {offset} to {offset + count} must lie in the file"
        fits = offset >= 0 and count >= 0 and offset + count <= self.size
        require_file(self.path, fits, rule, f"a file of {self.size} bytes")
        buffer = np.empty(count, dtype=np.uint8)
        view = memoryview(buffer.data)
        with self._lock:
            self._file.seek(offset)
            done = 0
            while done < count:
                got = self._file.readinto(view[done : done + (1 << 28)])
                require_file(self.path, got, rule, "a file that became shorter")
                done += got
        return buffer


def read_members(raw: RawFile) -> dict[str, tuple[int, int]]:
    """Find where the members of a zip archive lie, which are kept in it as they are.

    Args:
        raw: The archive.

    Returns:
        Name to offset and size.

    Raises:
        CheckpointError: If the archive is not whole, a member is compressed, out of range, there
            twice or over another.
    """
    path = raw.path
    places: dict[str, tuple[int, int]] = {}
    spans = []
    for info in _infos(path):
        name = short(info.filename, 80)
        stored = info.compress_type == zipfile.ZIP_STORED and info.file_size == info.compress_size
        plain = stored and not info.flag_bits & 1
        require_file(path, plain, "an archive must keep its members uncompressed", name)
        header = raw.read(info.header_offset, 30)
        start = info.header_offset + 30
        start += int.from_bytes(header[26:28], "little") + int.from_bytes(header[28:30], "little")
        end = start + info.file_size
        inside = header[:4] == ZIP and end <= raw.size
        require_file(path, inside, f"the member {name} must lie in the file", "one that does not")
        require_file(
            path, info.filename not in places, "a member must be there once", f"{name} twice"
        )
        places[info.filename] = (start, info.file_size)
        spans.append((info.header_offset, end))
    spans.sort()
    apart = all(one[1] <= other[0] for one, other in itertools.pairwise(spans))
    require_file(path, apart, "members must not lie over each other", "some that do")
    return places


def member_names(path: Path) -> list[str]:
    """The names of a zip archive's members.

    Raises:
        CheckpointError: If the archive is not whole.
    """
    return [info.filename for info in _infos(path)]


def _infos(path: Path) -> list[zipfile.ZipInfo]:
    try:
        with zipfile.ZipFile(path) as archive:
            return archive.infolist()
    except _ZIP_ERRORS as error:
        raise file_error(path, "a zip archive must be whole", str(error)) from None
