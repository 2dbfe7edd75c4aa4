"""The bytes of an HDF5 file, where its root group begins (section II.A, the superblock), and links.

What a group holds is said by symbol tables (III.A, III.B, III.D) and links (IV.A.2.g).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from camembert_dual.checkpoints.raw_file import RawFile
from camembert_dual.common.errors import file_error, require_file

UNDEFINED = 2**64 - 1  # the address of what was never written
MAX_DESCRIPTION = 1 << 24  # bytes; camembert-large with an optimiser's state takes a third
LEAST_READ = 512  # a small read counts as so much: its time does not depend on its size
SOFT = 2  # the kind of a symbol table's entry that is a link
ENTRY = 40  # bytes of it
SIGNATURE = b"\x89HDF\r\n\x1a\n"
Members = dict[str, int | None]


class Hdf5File:
    """A file or a part of one, all of whose addresses are checked.

    What describes the arrays may take so many bytes and no more, each counted as often as it is
    read: that ends whatever refers to itself.

    Args:
        raw: The file.
        start: Where in it the HDF5 file begins.
        size: Its bytes.

    Raises:
        CheckpointError: If it does not begin as an HDF5 file does.
    """

    def __init__(self, raw: RawFile, start: int, size: int) -> None:
        self.raw = raw
        self.path = raw.path
        self.start = start
        self.size = size
        self._left = MAX_DESCRIPTION
        self.root = self._root()

    def read(self, address: int, count: int) -> bytes:
        """Read a part of the description.

        Raises:
            CheckpointError: If it does not lie in the file, or it is too much.
        """
        self.check_range(address, count)
        self._left -= max(count, LEAST_READ)
        rule = f"the description of an HDF5 file must take at most {MAX_DESCRIPTION} bytes"
        require_file(self.path, self._left >= 0, rule, "more, or one that refers to itself")
        return self.raw.read(self.start + address, count)

    def check_range(self, address: int, count: int) -> None:
        """Require that bytes lie in the file.

        Raises:
            CheckpointError: If they do not.
        """
        rule = f"an HDF5 file must be whole, with {count} bytes at {address}"
        require_file(self.path, address + count <= self.size, rule, f"a file of {self.size} bytes")

    def _root(self) -> int:
        head = self.read(0, min(self.size, 96)).ljust(96, b"\0")
        version = head[8]
        require_file(self.path, version <= 3, "the version of HDF5 must be 0 to 3", version)
        is_old = version <= 1
        sizes = head[13:15] if is_old else head[9:11]
        rule = "HDF5 addresses and sizes must have 8 bytes"
        require_file(self.path, sizes == b"\x08\x08", rule, sizes)
        if is_old:  # base address, free space, end, driver, root's name, root's header
            base, *_, root = struct.unpack_from("<6Q", head, 24 + 4 * version)
        else:  # base address, extension, end, root's header
            base, *_, root = struct.unpack_from("<4Q", head, 12)
        require_file(self.path, base == 0, "HDF5 addresses must count from the file's start", base)
        return int(root)


def read_symbol_table(file: Hdf5File, body: bytes) -> Members:
    """Name to address of the members of a group; None for a link to other data.

    Args:
        file: The file.
        body: The message: where its tree of entries and its heap of names lie.

    Raises:
        CheckpointError: If either is not whole.
    """
    require_file(file.path, len(body) >= 16, "a symbol table must be whole", f"{len(body)} bytes")
    tree, heap = struct.unpack_from("<QQ", body)
    names = _read_names(file, heap)
    members: Members = {}
    for node in _read_tree(file, tree, None):
        head = file.read(node, 8)
        require_file(file.path, head[:5] == b"SNOD\x01", "a group must list its members", head[:5])
        (count,) = struct.unpack_from("<H", head, 6)
        entries = file.read(node + 8, count * ENTRY)
        for offset, address, kind in struct.iter_unpack("<QQI20x", entries):
            end = names.find(b"\0", offset)
            require_file(file.path, end >= 0, "a name must lie in its heap", offset)
            members[_text(file, names[offset:end])] = None if kind == SOFT else address
    return members


def _read_tree(file: Hdf5File, address: int, level: int | None) -> Iterator[int]:
    """The addresses of a tree's leaves, from left to right."""
    head = file.read(address, 24)
    kind, own, used = struct.unpack_from("<BBH", head, 4)
    is_tree = head[:4] == b"TREE" and kind == 0 and level in (None, own)
    require_file(file.path, is_tree, "a group must have a tree of its members", head[:6])
    for _, child in struct.iter_unpack("<QQ", file.read(address + 24, used * 16)):
        if own:
            yield from _read_tree(file, child, own - 1)
        else:
            yield child


def _read_names(file: Hdf5File, address: int) -> bytes:
    head = file.read(address, 32)
    require_file(file.path, head[:5] == b"HEAP\0", "a group must have a heap of names", head[:5])
    size, _, start = struct.unpack_from("<3Q", head, 8)
    return file.read(start, size)


def read_link(file: Hdf5File, body: bytes) -> Members:
    """The name and address of one member of a newer group; None for a link to other data.

    Raises:
        CheckpointError: If it is not whole.
    """
    version, flags = body[:2].ljust(2, b"\0")
    place = 2
    kind = body[place] if flags & 0x08 and len(body) > place else 0
    place += (1 if flags & 0x08 else 0) + (8 if flags & 0x04 else 0) + (1 if flags & 0x10 else 0)
    width = 1 << (flags & 3)
    size = int.from_bytes(body[place : place + width], "little")
    name, rest = body[place + width :][:size], body[place + width + size :]
    is_whole = version == 1 and len(name) == size and (kind != 0 or len(rest) >= 8)
    require_file(file.path, is_whole, "a link must be whole", f"{len(body)} bytes")
    return {_text(file, name): int.from_bytes(rest[:8], "little") if kind == 0 else None}


def check_link_info(file: Hdf5File, body: bytes) -> None:
    """Require that a newer group keeps its links in its header.

    Raises:
        CheckpointError: If they lie in a heap, as those of large groups do in the newest files.
    """
    place = 2 + (8 if body[1:2] and body[1] & 1 else 0)
    heap = int.from_bytes(body[place : place + 8].ljust(8, b"\xff"), "little")
    rule = "a group must keep its members in the format that h5py writes by default"
    require_file(file.path, heap == UNDEFINED, rule, "a heap of links (libver 'latest')")


def _text(file: Hdf5File, data: bytes) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        raise file_error(file.path, "a name must be UTF-8", data) from None
