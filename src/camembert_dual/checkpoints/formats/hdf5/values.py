"""Shapes, types and texts: messages of values (section IV.A.2) and the heaps of texts (III.E)."""

from __future__ import annotations

import math
import struct
from typing import Literal, NamedTuple

import numpy as np

from camembert_dual.checkpoints.formats.hdf5.file import Hdf5File
from camembert_dual.common.arrays import BFLOAT16
from camembert_dual.common.errors import file_error, require_file, short

Type = np.dtype[np.generic]
INTEGER, FLOAT, TEXT, OPAQUE, VARIABLE = 0, 1, 3, 5, 9  # classes of types
MAX_RANK = 4
# precision; exponent's place and size; mantissa's place and size; bias
FLOATS: dict[tuple[int, ...], Type] = {
    (16, 10, 5, 0, 10, 15): np.dtype(np.float16),
    (16, 7, 8, 0, 7, 127): BFLOAT16,
    (32, 23, 8, 0, 23, 127): np.dtype(np.float32),
    (64, 52, 11, 0, 52, 1023): np.dtype(np.float64),
}
UNKNOWN: Type = np.dtype(np.void)


class Attribute(NamedTuple):
    """A value kept beside an object: its type, shape and bytes."""

    name: str
    datatype: bytes
    dataspace: bytes
    data: bytes


def read_shape(body: bytes) -> tuple[int, ...] | None:
    """The shape that a dataspace message says (IV.A.2.b); None for another kind of space."""
    version, rank = body[:2].ljust(2, b"\0")
    place = {1: 8, 2: 4}.get(version, 0)
    is_array = place and rank <= MAX_RANK and len(body) >= place + 8 * rank
    if not is_array or (version == 2 and body[3] > 1):
        return None
    return struct.unpack_from(f"<{rank}Q", body, place)


def read_type(body: bytes) -> Type:
    """The NumPy type of a datatype message (IV.A.2.d), of numbers or opaque bytes.

    Any other is given as opaque bytes of unknown size.
    """
    if len(body) < 8:
        return UNKNOWN
    kind, bits, size = body[0] & 15, body[1], int.from_bytes(body[4:8], "little")
    order: Literal["<", ">"] = ">" if bits & 1 else "<"
    if kind == INTEGER and size in (1, 2, 4, 8):
        return np.dtype(f"{order}{'i' if bits & 8 else 'u'}{size}")
    if kind == OPAQUE and 0 < size <= 8:
        return np.dtype(f"V{size}")
    if kind == FLOAT and len(body) >= 20 and not bits & 0x40:  # not in the order of the VAX
        _, *fields = struct.unpack_from("<HHBBBBI", body, 8)
        found = FLOATS.get(tuple(fields), UNKNOWN)
        if found.itemsize == size:
            return found.newbyteorder(order)
    return UNKNOWN


def read_attribute(file: Hdf5File, body: bytes) -> Attribute:
    """Take an attribute message apart (IV.A.2.m).

    Raises:
        CheckpointError: If it is not whole.
    """
    head = body[:9].ljust(9, b"\0")
    version, *sizes = struct.unpack_from("<Bx3H", head)
    require_file(
        file.path, 1 <= version <= 3, "the version of an attribute must be 1 to 3", version
    )
    place = 9 if version == 3 else 8
    parts = []
    for size in sizes:
        parts.append(body[place : place + size])
        place += (size + 7) // 8 * 8 if version == 1 else size
    whole = [len(part) for part in parts] == sizes and place <= len(body)
    require_file(file.path, whole, "an attribute must be whole", f"{len(body)} bytes")
    name, datatype, dataspace = parts
    text = name.rstrip(b"\0").decode("utf-8", "replace")
    return Attribute(text, datatype, dataspace, body[place:])


def read_texts(file: Hdf5File, attribute: Attribute) -> list[str]:
    """The texts of an attribute, of fixed or of variable length.

    Raises:
        CheckpointError: If it holds something else, or a text is not whole.
    """
    shape = read_shape(attribute.dataspace)
    datatype = attribute.datatype.ljust(8, b"\0")
    kind, (width,) = datatype[0] & 15, struct.unpack_from("<I", datatype, 4)
    count = 0 if shape is None else math.prod(shape)
    if count == 0:  # Keras writes an empty list as one of numbers
        return []
    is_variable = kind == VARIABLE and datatype[1] & 15 == 1 and width == 16
    is_text = is_variable or (kind == TEXT and width > 0)
    rule = f"the attribute {short(attribute.name, 80)} must hold texts"
    require_file(
        file.path, is_text and count * width <= len(attribute.data), rule, "something else"
    )
    fields = [attribute.data[n * width : (n + 1) * width] for n in range(count)]
    if is_variable:
        heaps: dict[int, dict[int, bytes]] = {}
        fields = [_find_text(file, heaps, *struct.unpack("<IQI", one)) for one in fields]
    try:
        return [one.rstrip(b"\0").decode("utf-8") for one in fields]
    except UnicodeDecodeError:
        received = f"others in {short(attribute.name, 80)}"
        raise file_error(file.path, "a text must be UTF-8", received) from None


def _find_text(
    file: Hdf5File, heaps: dict[int, dict[int, bytes]], size: int, heap: int, number: int
) -> bytes:
    if heap not in heaps:
        heaps[heap] = _read_heap(file, heap)
    text = heaps[heap].get(number, b"")
    require_file(
        file.path, len(text) == size, f"a text of {size} bytes must lie in its heap", len(text)
    )
    return text


def _read_heap(file: Hdf5File, address: int) -> dict[int, bytes]:
    """Read a global heap: number to object."""
    head = file.read(address, 16)
    (size,) = struct.unpack_from("<Q", head, 8)
    is_heap = head[:5] == b"GCOL\x01" and size >= 16
    require_file(file.path, is_heap, "a text must lie in a heap", head[:5])
    data = file.read(address + 16, size - 16)
    objects = {}
    place = 0
    while len(data) - place >= 16:
        number, length = struct.unpack_from("<H6xQ", data, place)
        if number == 0:  # the rest is free
            break
        objects[number] = data[place + 16 : place + 16 + length]
        place += 16 + (length + 7) // 8 * 8
    return objects
