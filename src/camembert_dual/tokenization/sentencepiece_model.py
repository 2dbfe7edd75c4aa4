"""Read and write the SentencePiece model file, one protocol-buffer message.

Only a handful of fields matter here. See ``sentencepiece_model.proto`` of google/sentencepiece.
"""

from __future__ import annotations

import struct
from typing import NamedTuple

from camembert_dual.common.errors import require
from camembert_dual.common.protobuf import (
    FIXED32,
    DamagedError,
    as_bytes,
    as_int,
    read_fields,
    write_field,
    write_key,
)

UNIGRAM = 1
NORMAL, UNKNOWN, CONTROL = 1, 2, 3


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
        for number, value in read_fields(data):
            if number == 1:
                pieces.append(_parse_piece(as_bytes(value)))
            elif number == 2:
                trainer = dict(read_fields(as_bytes(value)))
                model_type = as_int(trainer.get(3, UNIGRAM))
            elif number == 3:
                normalizer = dict(read_fields(as_bytes(value)))
                charsmap = as_bytes(normalizer.get(2, b""))
                prefix = bool(normalizer.get(3, 1))
                squeeze = bool(normalizer.get(4, 1))
    except (DamagedError, IndexError, KeyError, struct.error, UnicodeDecodeError) as error:
        raise ValueError(
            f"A SentencePiece model must be a whole message; received {error}."
        ) from error
    require(pieces, "A SentencePiece model must have pieces", f"none in {len(data)} bytes")
    return SentencePieceModel(tuple(pieces), charsmap, model_type, prefix, squeeze)


def build_model(model: SentencePieceModel) -> bytes:
    """Write a model that ``sentencepiece`` loads and that cuts text as ``model`` says."""
    out = bytearray()
    for piece in model.pieces:
        body = write_field(1, piece.text.encode())
        body += write_key(2, FIXED32) + struct.pack("<f", piece.score)
        if piece.kind != NORMAL:
            body += write_field(3, piece.kind)
        out += write_field(1, body)
    out += write_field(2, write_field(3, model.model_type))
    normalizer = write_field(1, b"custom") + write_field(2, model.charsmap)
    normalizer += write_field(3, int(model.add_dummy_prefix))
    normalizer += write_field(4, int(model.remove_extra_whitespaces))
    return bytes(out + write_field(3, normalizer))


def _parse_piece(data: bytes) -> Piece:
    fields = dict(read_fields(data))
    score = struct.unpack("<f", as_bytes(fields.get(2, b"\0\0\0\0")))[0]
    return Piece(as_bytes(fields[1]).decode(), score, as_int(fields.get(3, NORMAL)))
