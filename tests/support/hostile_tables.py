"""Checkpoints of TensorFlow whose index is broken or leads elsewhere."""

import struct
from collections.abc import Iterator
from pathlib import Path

from camembert_dual.common.protobuf import write_field, write_varint
from hostile_base import SIX, Case
from tf_checkpoint_files import MAGIC, table, tf_checkpoint

NAME = "m/roberta/embeddings/LayerNorm/gamma"


def tables() -> Iterator[Case]:
    sound, data = tf_checkpoint({"a": SIX}, {"a": NAME})

    def case(name, index, content=data):
        def write(folder: Path) -> None:
            (folder / "model.index").write_bytes(index)
            if content is not None:
                (folder / "model.data-00000-of-00001").write_bytes(content)

        return f"table {name}", write, False

    def entry(*fields):
        body = b"".join(write_field(number, value) for number, value in fields)
        return table({"": write_field(1, 1), "a": body})

    shape = write_field(2, write_field(1, 6))
    yield case("without data", sound, None)
    yield case("with short data", sound, data[:20])
    yield case("compressed", table({"": b"", "a": b""}, kind=1))
    yield case("of the other end", table({"": write_field(2, 1), "a": b""}))
    yield case("of too many files", table({"": write_field(1, 1 << 60), "a": b""}))
    yield case("without files", table({"": write_field(1, 0)}))
    yield case("without weights", table({"": write_field(1, 1)}))
    yield case("in another file", entry((1, 1), (2, shape), (3, 7), (5, 24)))
    yield case("in slices", entry((1, 1), (2, shape), (5, 24), (7, b"")))
    yield case("of another size", entry((1, 1), (2, shape), (5, 20)))
    huge = write_field(2, write_field(1, 1 << 40))
    yield case("of a huge size", entry((1, 1), (2, huge), (5, 1 << 42)))
    yield case("beyond the end", entry((1, 1), (2, shape), (4, 1 << 50), (5, 24)))
    yield case("of a wrong type", entry((1, b"x"), (2, shape), (5, 24)))
    yield case("cut off", table({"": write_field(1, 1), "a": b"\x12\xff"}))
    yield case("of a number without end", table({"": b"\x08" + b"\xff" * 20}))
    yield case("with a name not UTF-8", sound.replace(b"a", b"\xff"))
    yield case("ended only", b"\xff" * 40 + MAGIC)
    yield case("of footer alone", bytes(40) + MAGIC)
    # every entry of the outer block leads to the same inner one
    inner = struct.pack("<II", 0, 1) + bytes(5)
    inner = bytes([0, 1, 4]) + b"a" + bytes(4) + inner
    handle = write_varint(0) + write_varint(len(inner) - 5)
    many = bytes([0, 1, len(handle)]) + b"a" + handle
    outer = many * 20_000 + struct.pack("<II", 0, 1) + bytes(5)
    place = write_varint(len(inner)) + write_varint(len(outer) - 5)
    yield case("of one block many times", inner + outer + (place * 2).ljust(40, b"\0") + MAGIC)
