"""Groups and datasets: the messages of an object's header (section IV.A), and what they say.

A dataset of a checkpoint is numbers in one piece (IV.A.2.i, the layout).
"""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass, field
from enum import IntEnum
from functools import cached_property
from typing import NamedTuple

from camembert_dual.checkpoints.formats.hdf5 import values
from camembert_dual.checkpoints.formats.hdf5.file import (
    Hdf5File,
    Members,
    check_link_info,
    read_link,
    read_symbol_table,
)
from camembert_dual.checkpoints.lazy_arrays import LazyArray
from camembert_dual.checkpoints.raw_file import RawFile
from camembert_dual.common.arrays import BFLOAT16, Array
from camembert_dual.common.errors import file_error, require_file, short

MAX_MESSAGES = 10_000
MAX_DEPTH = 32
IN_ONE_PIECE = (b"\x03\x01", b"\x04\x01")  # versions of the layout, and its class


class Kind(IntEnum):
    """The messages that are read; the others say nothing that is needed."""

    DATASPACE = 0x01
    LINK_INFO = 0x02
    DATATYPE = 0x03
    LINK = 0x06
    EXTERNAL = 0x07
    LAYOUT = 0x08
    FILTERS = 0x0B
    ATTRIBUTE = 0x0C
    CONTINUATION = 0x10
    SYMBOL_TABLE = 0x11


KINDS = frozenset(Kind)


class Message(NamedTuple):
    """One thing that a header says."""

    kind: Kind
    body: bytes


@dataclass(eq=False)
class Node:
    """An object: a group, a dataset, or something else.

    Attributes:
        file: The file.
        name: The names that lead to it, for messages.
        messages: What its header says.
    """

    file: Hdf5File
    name: str
    messages: list[Message]
    _children: dict[str, Node] = field(default_factory=dict, init=False, repr=False)

    def find(self, kind: Kind) -> bytes | None:
        """The first message of a kind."""
        return next((one.body for one in self.messages if one.kind == kind), None)

    @cached_property
    def is_group(self) -> bool:
        """Whether it holds others."""
        return self.find(Kind.SYMBOL_TABLE) is not None or self.find(Kind.LINK_INFO) is not None

    @cached_property
    def members(self) -> Members:
        """Name to address of what a group holds; None for a link to other data."""
        found: Members = {}
        for kind, body in self.messages:
            if kind == Kind.SYMBOL_TABLE:
                found |= read_symbol_table(self.file, body)
            elif kind == Kind.LINK:
                found |= read_link(self.file, body)
            elif kind == Kind.LINK_INFO:
                check_link_info(self.file, body)
        return found

    @cached_property
    def attributes(self) -> dict[str, values.Attribute]:
        """The values kept beside it."""
        found = (
            values.read_attribute(self.file, one.body)
            for one in self.messages
            if one.kind == Kind.ATTRIBUTE
        )
        return {one.name: one for one in found}

    def child(self, name: str) -> Node:
        """A member, or a member of members by a path of names.

        Raises:
            CheckpointError: If there is none or a link leads elsewhere.
        """
        here = self
        for part in name.split("/"):
            if part not in here._children:
                address = here.members.get(part)
                rule = f"the group '/{short(here.name, 80)}' must hold {short(part, 80)!r} itself"
                require_file(
                    self.file.path, address is not None, rule, "none, or a link to other data"
                )
                below = f"{here.name}/{part}".lstrip("/")
                here._children[part] = read_node(self.file, address, below)  # type: ignore[arg-type]
            here = here._children[part]
        return here

    def texts(self, attribute: str) -> list[str]:
        """A list of texts kept beside it; none if there is no such attribute.

        Raises:
            CheckpointError: If it holds something else.
        """
        found = self.attributes.get(attribute)
        return [] if found is None else values.read_texts(self.file, found)


def open_hdf5(raw: RawFile, start: int = 0, size: int | None = None) -> Node:
    """The root group of a file, or of the part of one that is an HDF5 file.

    Raises:
        CheckpointError: If it is not whole.
    """
    file = Hdf5File(raw, start, raw.size if size is None else size)
    return read_node(file, file.root, "")


def read_node(file: Hdf5File, address: int, name: str) -> Node:
    """Read an object's header.

    Raises:
        CheckpointError: If it is not whole.
    """
    head = file.read(address, 16)
    if head[:5] == b"OHDR\x02":
        return Node(file, name, _read_new(file, address, head))
    rule = f"{short(name, 120)!r} must have a header of version 1 or 2"
    require_file(file.path, head[0] == 1, rule, head[:4])
    (size,) = struct.unpack_from("<I", head, 8)
    return Node(file, name, _read_blocks(file, (address + 16, size), is_new=False))


def _read_new(file: Hdf5File, address: int, head: bytes) -> list[Message]:
    """Read a header of version 2 (IV.A.1.b)."""
    flags = head[5]
    place = 6 + (16 if flags & 0x20 else 0) + (4 if flags & 0x10 else 0)
    width = 1 << (flags & 3)
    size = int.from_bytes(file.read(address + place, width), "little")
    block = (address + place + width, size)
    return _read_blocks(file, block, is_new=True, is_counted=bool(flags & 4))


def _read_blocks(
    file: Hdf5File, first: tuple[int, int], *, is_new: bool, is_counted: bool = False
) -> list[Message]:
    """Read the messages of a header's blocks; each may say that there is another."""
    form = "<BHB" if is_new else "<HHB3x"
    step = struct.calcsize(form) + (2 if is_counted else 0)
    messages: list[Message] = []
    blocks = [first]
    while blocks:
        data = file.read(*blocks.pop())
        place = 0
        while len(data) - place >= step:
            number, size, flags = struct.unpack_from(form, data, place)
            body = data[place + step : place + step + size]
            require_file(file.path, len(body) == size, "a message must lie in its header", size)
            place += step + size
            if number not in KINDS:
                continue
            rule = f"an object must be told by itself, in at most {MAX_MESSAGES} messages"
            is_plain = not flags & 2 and len(messages) < MAX_MESSAGES
            require_file(file.path, is_plain, rule, "a shared message" if flags & 2 else "more")
            messages.append(Message(Kind(number), body))
            if number == Kind.CONTINUATION:
                require_file(file.path, size >= 16, "a message must be whole", size)
                start, length = struct.unpack_from("<QQ", body)
                # of version 2: a signature before, a checksum behind
                blocks.append((start + 4, max(0, length - 8)) if is_new else (start, length))
    return messages


def read_datasets(root: Node) -> list[tuple[tuple[str, ...], Node]]:
    """Everything but the groups of a file, with the names that lead to each.

    Raises:
        CheckpointError: If a link leads elsewhere, or groups are nested too deep.
    """
    found: list[tuple[tuple[str, ...], Node]] = []
    waiting: list[tuple[tuple[str, ...], Node]] = [((), root)]
    while waiting:
        parts, group = waiting.pop()
        rule = f"groups must be nested at most {MAX_DEPTH} deep"
        require_file(root.file.path, len(parts) <= MAX_DEPTH, rule, "more")
        for name in group.members:
            member = group.child(name)
            (waiting if member.is_group else found).append(((*parts, name), member))
    return found


def lazy_dataset(node: Node, name: str) -> LazyArray:
    """A dataset as an array to be read.

    Raises:
        CheckpointError: If it is not a dataset of numbers that lie in this file as they are.
    """
    file, title = node.file, repr(short(name, 120))
    shape = values.read_shape(node.find(Kind.DATASPACE) or b"")
    dtype = values.read_type(node.find(Kind.DATATYPE) or b"")
    # Keras keeps them as opaque bytes with a note beside
    if dtype.kind == "V" and dtype.itemsize == 2 and node.texts("dtype") == ["bfloat16"]:
        dtype = BFLOAT16
    if shape is None or not (dtype == BFLOAT16 or dtype.kind in "fiu"):
        rule = f"{title} must be a dataset of numbers of at most {values.MAX_RANK} dimensions"
        raise file_error(file.path, rule, "a group" if node.is_group else "something else")
    layout = (node.find(Kind.LAYOUT) or b"").ljust(18, b"\0")
    is_plain = node.find(Kind.FILTERS) is None and node.find(Kind.EXTERNAL) is None
    rule = f"{title} must lie in this file in one piece"
    received = "one that is compressed, in pieces or elsewhere"
    require_file(file.path, is_plain and layout[:2] in IN_ONE_PIECE, rule, received)
    address, held = struct.unpack_from("<QQ", layout, 2)
    size = dtype.itemsize * math.prod(shape)
    require_file(file.path, held >= size, f"{title} must hold its {size} bytes", f"{held} bytes")
    if size == 0:  # an array without numbers lies nowhere
        address = 0
    file.check_range(address, size)
    start = file.start + address
    native = dtype.newbyteorder("=")

    def read() -> Array:
        return file.raw.array(start, dtype, shape).astype(native, copy=False)

    return LazyArray(file.path, name, shape, native, read, storage_key=(file.raw, start))
