"""Protocol-buffer messages read and written field by field, without the protobuf package.

Programs generated for a message need exactly their own release of that package, which other
libraries of a user's environment often forbid. See the encoding's page in the documentation of
Protocol Buffers.
"""

from __future__ import annotations

from collections.abc import Iterator

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5  # wire types
SIZES = {FIXED32: 4, FIXED64: 8}
Value = int | bytes


class DamagedError(Exception):
    """The message breaks off, or a field is of another type."""


def read_fields(data: bytes) -> Iterator[tuple[int, Value]]:
    """The fields of a message in their order: number, and an integer or the bytes of all else.

    Raises:
        DamagedError: If the message breaks off, or has a field of an unknown type.
    """
    position = 0
    while position < len(data):
        key, position = read_varint(data, position)
        kind = key & 7
        if kind == VARINT:
            value, position = read_varint(data, position)
            yield key >> 3, value
            continue
        size = SIZES.get(kind, 0)
        if kind == BYTES:
            size, position = read_varint(data, position)
        elif kind not in SIZES:
            raise DamagedError(f"a field of wire type {kind}")
        if position + size > len(data):
            raise DamagedError(f"a field that ends {position + size - len(data)} bytes too late")
        yield key >> 3, data[position : position + size]
        position += size


def read_varint(data: bytes, position: int) -> tuple[int, int]:
    """An integer of variable length, and the position behind it.

    Raises:
        DamagedError: If it breaks off, or has more than 64 bits.
    """
    value = 0
    for shift in range(0, 70, 7):
        if position >= len(data):
            break
        byte = data[position]
        position += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, position
    raise DamagedError("an integer without an end")


def as_bytes(value: Value) -> bytes:
    """The value of a field that must hold bytes.

    Raises:
        DamagedError: If it is a number.
    """
    if isinstance(value, int):
        raise DamagedError(f"a field with {value} where bytes are expected")
    return value


def as_int(value: Value) -> int:
    """The value of a field that must hold a number.

    Raises:
        DamagedError: If it holds bytes.
    """
    if isinstance(value, bytes):
        raise DamagedError(f"a field with {len(value)} bytes where a number is expected")
    return value


def write_field(number: int, value: Value) -> bytes:
    """A field with a number, or with bytes and their count."""
    if isinstance(value, int):
        return write_key(number, VARINT) + write_varint(value)
    return write_key(number, BYTES) + write_varint(len(value)) + value


def write_key(number: int, kind: int) -> bytes:
    """What comes before a field's value: its number and wire type."""
    return write_varint(number << 3 | kind)


def write_varint(value: int) -> bytes:
    """An integer of variable length."""
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)
