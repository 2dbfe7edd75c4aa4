"""What a group holds: symbol tables (section III.A, III.B, III.D) and links (IV.A.2.g)."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from camembert_dual.checkpoints.formats.hdf5.file import UNDEFINED, Hdf5File
from camembert_dual.common.errors import CheckpointError, require_file, short

SOFT = 2  # the kind of a symbol table's entry that is a link
ENTRY = 40
Members = dict[str, int | None]


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
        text = f"{file.path}: a name must be UTF-8; received {short(data)}."
        raise CheckpointError(text) from None
