"""Small checkpoints of TensorFlow written without it, to be damaged: an index and its data."""

import struct

from camembert_dual.common.protobuf import write_field, write_varint

MAGIC = bytes.fromhex("57fb808b247547db")
TYPES = {"float32": 1, "float64": 2, "int64": 9, "float16": 19}


def tf_checkpoint(arrays, full_names=()):
    """The bytes of an index and of the only data file, from arrays by key and names by key."""
    data = b""
    entries = {"": write_field(1, 1)}
    for key, array in arrays.items():
        shape = b"".join(write_field(2, write_field(1, size)) for size in array.shape)
        entries[key] = _entry(TYPES[str(array.dtype)], shape, data, array.nbytes)
        data += array.tobytes()
    if full_names:
        attributes = b"".join(
            write_field(2, write_field(2, name.encode()) + write_field(3, key.encode()))
            for key, name in dict(full_names).items()
        )
        graph = write_field(1, attributes)
        stored = write_varint(len(graph)) + bytes(4) + graph
        entries["_CHECKPOINTABLE_OBJECT_GRAPH"] = _entry(7, b"", data, len(stored))
        data += stored
    return table(entries), data


def _entry(kind, shape, data, size):
    fields = write_field(1, kind) + write_field(2, shape) + write_field(4, len(data))
    return fields + write_field(5, size)


def table(entries, kind=0):
    """A table of one block and its index."""
    inner = _block(sorted(entries.items()), kind)
    handle = write_varint(0) + write_varint(len(inner) - 5)
    outer = _block([("\x7f", handle)], kind)
    place = write_varint(len(inner)) + write_varint(len(outer) - 5)
    return inner + outer + (place + place).ljust(40, b"\0") + MAGIC


def _block(items, kind):
    out, before = b"", b""
    for key, value in items:
        text = key.encode()
        shared = 0
        while shared < min(len(text), len(before)) and text[shared] == before[shared]:
            shared += 1
        sizes = (shared, len(text) - shared, len(value))
        out += b"".join(map(write_varint, sizes)) + text[shared:] + value
        before = text
    return out + struct.pack("<II", 0, 1) + bytes([kind]) + bytes(4)
