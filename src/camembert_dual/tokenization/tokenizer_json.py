"""The ``tokenizer.json`` of the *tokenizers* library, from a SentencePiece model and back.

A CamemBERT file spells the whole model out: pieces with their log probabilities from id 5 on, and
the normaliser's table. So either file can be made from the other, and both tokenizer classes load
from either.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any

from tokenizers import AddedToken

from camembert_dual.common.errors import require
from camembert_dual.common.id_layout import (
    BOS,
    EOS,
    FIRST_TOKENS,
    META_SYMBOL,
    NOT_USED,
    PIECE_OFFSET,
    UNK,
    UNK_ID,
)
from camembert_dual.tokenization.added_tokens import token_json
from camembert_dual.tokenization.sentencepiece_model import (
    CONTROL,
    NORMAL,
    UNIGRAM,
    UNKNOWN,
    Piece,
    SentencePieceModel,
    build_model,
)
from camembert_dual.tokenization.template import Templates, templates_json

FIRST_PIECE = PIECE_OFFSET + 1  # behind the <unk> of the SentencePiece model
_KNOWN_NORMALIZERS = {"Sequence", "Precompiled", "Replace", "Strip"}
_CONTROLS = (BOS, EOS)
_METASPACE = {
    "type": "Metaspace",
    "replacement": META_SYMBOL,
    "add_prefix_space": True,
    "prepend_scheme": "always",
    "split": True,
}


def is_camembert(content: Mapping[str, Any]) -> bool:
    """Whether a ``tokenizer.json`` is a Unigram model in CamemBERT's id layout.

    One that also changes text in ways of its own, say to lower case, is not: it would be lost.
    """
    model = content.get("model") or {}
    vocab = model.get("vocab")
    return (
        isinstance(vocab, list)
        and len(vocab) > FIRST_PIECE
        and all(isinstance(entry, (list, tuple)) for entry in vocab)
        and _steps(content.get("normalizer")) <= _KNOWN_NORMALIZERS
        and (vocab[0][0], vocab[2][0], vocab[FIRST_PIECE][0]) == (*NOT_USED, BOS)
    )


def to_model(content: Mapping[str, Any]) -> bytes:
    """The SentencePiece model that a CamemBERT ``tokenizer.json`` spells out.

    Raises:
        ValueError: If it is another kind of tokenizer.
    """
    found = (content.get("model") or {}).get("type")
    rule = "tokenizer.json must be a Unigram model of CamemBERT"
    require(is_camembert(content), rule, repr(found))
    vocab = [(str(text), float(score)) for text, score in content["model"]["vocab"]]
    added = {token["content"] for token in content.get("added_tokens", ())}
    entries = vocab[FIRST_PIECE:]
    while entries and entries[-1][0] in added and entries[-1][0] not in _CONTROLS:
        entries.pop()
    pieces = [Piece(UNK, 0.0, UNKNOWN)]
    for text, score in entries:
        pieces.append(Piece(text, score, CONTROL) if text in _CONTROLS else Piece(text, score))
    return build_model(SentencePieceModel(tuple(pieces), _charsmap(content.get("normalizer"))))


def can_hold(model: SentencePieceModel) -> bool:
    """Whether a ``tokenizer.json`` says all there is to a model.

    It has words neither for other kinds of model than Unigram nor for other kinds of piece than
    ordinary ones (user-defined, unused, bytes).
    """
    first = [(piece.text, piece.kind) for piece in model.pieces[:3]]
    return (
        model.model_type == UNIGRAM
        and first == [(UNK, UNKNOWN), (BOS, CONTROL), (EOS, CONTROL)]
        and all(piece.kind == NORMAL for piece in model.pieces[3:])
        and model.add_dummy_prefix
        and model.remove_extra_whitespaces
    )


def from_model(
    model: SentencePieceModel,
    added: Mapping[int, AddedToken],
    templates: Templates,
    mask_token: str,
) -> str:
    """The text of a ``tokenizer.json`` that the *tokenizers* library loads.

    Args:
        model: The pieces.
        added: The added tokens by id.
        templates: Where special tokens stand.
        mask_token: The token behind the last piece.

    Raises:
        ValueError: If such a file cannot hold the model.
    """
    received = f"model type {model.model_type} with {len(model.pieces)} pieces"
    rule = "A model in a tokenizer.json must be a Unigram model with ordinary pieces only"
    require(can_hold(model), rule, received)
    tokens = {index: token.content for index, token in added.items()}
    first = [tokens.get(index, FIRST_TOKENS[index]) for index in range(FIRST_PIECE)]
    vocab: list[tuple[str, float]] = [(name, 0.0) for name in first[:-1]]
    vocab.append((first[-1], -100.0))
    vocab += [(piece.text, piece.score) for piece in model.pieces[1:]]
    vocab.append((mask_token, 0.0))
    content = {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [{"id": index} | token_json(added[index]) for index in sorted(added)],
        "normalizer": _normalizer(model.charsmap),
        "pre_tokenizer": _METASPACE,
        "post_processor": templates_json(templates, tokens),
        "decoder": _METASPACE,
        "model": {"type": "Unigram", "unk_id": UNK_ID, "vocab": vocab, "byte_fallback": False},
    }
    return json.dumps(content, ensure_ascii=False, indent=2)


def _normalizer(charsmap: bytes) -> dict[str, Any]:
    squeeze = {"type": "Replace", "pattern": {"Regex": " {2,}"}, "content": " "}
    table = {
        "type": "Precompiled",
        "precompiled_charsmap": base64.b64encode(charsmap).decode(),
    }
    return {"type": "Sequence", "normalizers": [table, squeeze] if charsmap else [squeeze]}


def _charsmap(normalizer: Any) -> bytes:
    """The table of the first Precompiled normaliser inside ``normalizer``."""
    if isinstance(normalizer, Mapping):
        if normalizer.get("type") == "Precompiled":
            return base64.b64decode(normalizer["precompiled_charsmap"])
        for step in normalizer.get("normalizers", ()):
            if found := _charsmap(step):
                return found
    return b""


def _steps(normalizer: Any) -> set[str]:
    """The names of all steps of a normaliser."""
    if not isinstance(normalizer, Mapping):
        return set()
    steps = (_steps(step) for step in normalizer.get("normalizers", ()))
    return {str(normalizer.get("type"))}.union(*steps)
