"""Read and write the SentencePiece model file, without the protobuf package.

The file is one protocol-buffer message. The generated module that ``sentencepiece`` ships needs
exactly its own protobuf release, which other libraries of a user's environment often forbid, and
only a handful of fields matter here. See ``sentencepiece_model.proto`` of google/sentencepiece.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import NamedTuple

from camembert_dual.common.errors import require

UNIGRAM = 1
NORMAL, UNKNOWN, CONTROL = 1, 2, 3

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5


class _DamagedError(Exception):
    """The message breaks off, or a field is of another type."""


class Piece(NamedTuple):
    """One entry of the vocabulary: its text, log probability and kind."""

    text: str
    score: float
    kind: int = NORMAL


class SentencePieceModel(NamedTuple):
    """The fields of a SentencePiece model that decide how text is cut."""

    pieces: tuple[Piece, ...]
    charsmap: bytes
    model_type: int = UNIGRAM
    add_dummy_prefix: bool = True
    remove_extra_whitespaces: bool = True


def parse_model(data: bytes) -> SentencePieceModel:
    """Read a serialized SentencePiece model.

    Raises:
        ValueError: If the bytes are not such a model.
    """
    pieces: list[Piece] = []
    model_type, charsmap, prefix, squeeze = UNIGRAM, b"", True, True
    try:
        for number, value in _fields(data):
            if number == 1:
                pieces.append(_parse_piece(_as_bytes(value)))
            elif number == 2:
                trainer = dict(_fields(_as_bytes(value)))
                model_type = _as_int(trainer.get(3, UNIGRAM))
            elif number == 3:
                normalizer = dict(_fields(_as_bytes(value)))
                charsmap = _as_bytes(normalizer.get(2, b""))
                prefix = bool(normalizer.get(3, 1))
                squeeze = bool(normalizer.get(4, 1))
    except (_DamagedError, IndexError, KeyError, struct.error, UnicodeDecodeError) as error:
        raise ValueError(
            f"A SentencePiece model must be a whole message; received {error}."
        ) from error
    require(pieces, "A SentencePiece model must have pieces", f"none in {len(data)} bytes")
    return SentencePieceModel(tuple(pieces), charsmap, model_type, prefix, squeeze)


def build_model(model: SentencePieceModel) -> bytes:
    """Write a model that ``sentencepiece`` loads and that cuts text as ``model`` says."""
    out = bytearray()
    for piece in model.pieces:
        body = _field(1, piece.text.encode()) + _key(2, _FIXED32) + struct.pack("<f", piece.score)
        if piece.kind != NORMAL:
            body += _field(3, piece.kind)
        out += _field(1, body)
    out += _field(2, _field(3, model.model_type))
    normalizer = _field(1, b"custom") + _field(2, model.charsmap)
    normalizer += _field(3, int(model.add_dummy_prefix))
    normalizer += _field(4, int(model.remove_extra_whitespaces))
    return bytes(out + _field(3, normalizer))


def _parse_piece(data: bytes) -> Piece:
    fields = dict(_fields(data))
    score = struct.unpack("<f", _as_bytes(fields.get(2, b"\0\0\0\0")))[0]
    return Piece(_as_bytes(fields[1]).decode(), score, _as_int(fields.get(3, NORMAL)))


def _fields(data: bytes) -> Iterator[tuple[int, int | bytes]]:
    position = 0
    while position < len(data):
        key, position = _read_varint(data, position)
        kind = key & 7
        if kind == _VARINT:
            value, position = _read_varint(data, position)
            yield key >> 3, value
            continue
        if kind == _BYTES:
            size, position = _read_varint(data, position)
        elif kind in (_FIXED32, _FIXED64):
            size = 4 if kind == _FIXED32 else 8
        else:
            raise ValueError(f"A wire type must be 0, 1, 2 or 5; received {kind}.")
        if position + size > len(data):
            raise _DamagedError(f"a field that ends {position + size - len(data)} bytes too late")
        yield key >> 3, data[position : position + size]
        position += size


def _read_varint(data: bytes, position: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[position]
        position += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, position
        shift += 7


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def _key(number: int, kind: int) -> bytes:
    return _varint(number << 3 | kind)


def _field(number: int, value: int | bytes) -> bytes:
    if isinstance(value, int):
        return _key(number, _VARINT) + _varint(value)
    return _key(number, _BYTES) + _varint(len(value)) + value


def _as_bytes(value: int | bytes) -> bytes:
    if isinstance(value, int):
        raise _DamagedError(f"a field with {value} where bytes are expected")
    return value


def _as_int(value: int | bytes) -> int:
    if isinstance(value, bytes):
        raise _DamagedError(f"a field with {len(value)} bytes where a number is expected")
    return value
