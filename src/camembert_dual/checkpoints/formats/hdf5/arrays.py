"""Datasets as entries of a checkpoint: numbers in one piece (section IV.A.2.i, the layout)."""

from __future__ import annotations

import math
import struct

from camembert_dual.checkpoints.formats.hdf5 import values
from camembert_dual.checkpoints.formats.hdf5.objects import Kind, Node
from camembert_dual.checkpoints.formats.tf_layout import RawEntry
from camembert_dual.common.arrays import BFLOAT16, Array
from camembert_dual.common.errors import CheckpointError, require_file, short

MAX_DEPTH = 32
IN_ONE_PIECE = (b"\x03\x01", b"\x04\x01")  # versions of the layout, and its class


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


def raw_entry(node: Node, name: str) -> RawEntry:
    """An entry for a dataset.

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
        received = "a group" if node.is_group else "something else"
        raise CheckpointError(
            f"{file.path}: {title} must be a dataset of numbers of at most {values.MAX_RANK} "
            f"dimensions; received {received}."
        )
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

    return RawEntry(name, shape, native, read, (file.raw, start))
