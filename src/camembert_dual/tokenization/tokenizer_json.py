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

from camembert_dual.common.errors import is_integer, is_number, require, shown
from camembert_dual.common.id_layout import (
    BOS,
    EOS,
    FIRST_TOKENS,
    MASK,
    META_SYMBOL,
    NOT_USED,
    PIECE_OFFSET,
    UNK,
    UNK_ID,
    UNUSED_UNK_ID,
    mask_id,
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
from camembert_dual.tokenization.template import (
    Templates,
    camembert_templates,
    read_templates,
    templates_json,
)

FIRST_PIECE = PIECE_OFFSET + 1  # behind the <unk> of the SentencePiece model
_LARGEST = 3e38  # of a float32
_KNOWN_STEPS = {"Sequence", "Precompiled", "Replace", "Strip"}
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
    model = content.get("model")
    vocab = model.get("vocab") if isinstance(model, Mapping) else None
    return (
        isinstance(vocab, list)
        and len(vocab) > FIRST_PIECE
        and all(map(_is_entry, vocab))
        and {str(step.get("type")) for step in _steps(content.get("normalizer"))} <= _KNOWN_STEPS
        and (vocab[0][0], vocab[2][0], vocab[FIRST_PIECE][0]) == (*NOT_USED, BOS)
    )


def to_model(content: Mapping[str, Any]) -> bytes:
    """The SentencePiece model that a CamemBERT ``tokenizer.json`` spells out.

    Raises:
        ValueError: If it is another kind of tokenizer.
    """
    model = content.get("model")
    found = model.get("type") if isinstance(model, Mapping) else model
    rule = "tokenizer.json must be a Unigram model of CamemBERT"
    require(is_camembert(content), rule, shown(found))
    vocab = content["model"]["vocab"]
    stop = _behind_pieces(vocab, content.get("added_tokens"))
    pieces = [Piece(UNK, 0.0, UNKNOWN)]
    for text, score in vocab[FIRST_PIECE:stop]:
        kind = CONTROL if text in _CONTROLS else NORMAL
        pieces.append(Piece(text, float(score), kind))
    charsmap = _charsmap(content.get("normalizer"))
    return build_model(SentencePieceModel(tuple(pieces), charsmap))


def unknown_id(content: Mapping[str, Any], unk_token: str) -> int | None:
    """The id that a CamemBERT ``tokenizer.json`` gives to text that no piece covers.

    Args:
        content: The file.
        unk_token: The token that plays this role.

    Returns:
        The id; None where it is that of the token itself.
    """
    index = content["model"].get("unk_id")
    vocab = content["model"]["vocab"]
    if not is_integer(index, 0) or index >= len(vocab):
        return None
    usual = (UNK, str(None), vocab[index][0])
    return None if unk_token in usual else int(index)


def end_ids(content: Mapping[str, Any]) -> tuple[int, int] | None:
    """The ids that a CamemBERT ``tokenizer.json`` puts around a text.

    Returns:
        The first and the last; None if it says nothing of the kind.

    Raises:
        ValueError: If it says so in an unknown way.
    """
    templates = read_templates(content.get("post_processor"))
    if not templates.single:
        return None
    first, last = templates.single[0].content, templates.single[-1].content
    if isinstance(first, int) and isinstance(last, int):
        return (first, last) if templates == camembert_templates(first, last) else None
    return None


def can_hold(model: SentencePieceModel, added: Mapping[int, AddedToken]) -> bool:
    """Whether a ``tokenizer.json`` says all there is to a model and its added tokens.

    It has words neither for other kinds of model than Unigram nor for other kinds of piece than
    ordinary ones (user-defined, unused, bytes); and it leaves no id out.
    """
    first = [(piece.text, piece.kind) for piece in model.pieces[:3]]
    behind = mask_id(len(model.pieces))
    rows = max(added, default=0) + 1
    return (
        model.model_type == UNIGRAM
        and first == [(UNK, UNKNOWN), (BOS, CONTROL), (EOS, CONTROL)]
        and all(piece.kind == NORMAL for piece in model.pieces[3:])
        and model.add_dummy_prefix
        and model.remove_extra_whitespaces
        and all(index in added for index in (*range(FIRST_PIECE), *range(behind, rows)))
        and [added[index].content for index in (0, 2)] == [*NOT_USED]
    )


def from_model(
    model: SentencePieceModel,
    added: Mapping[int, AddedToken],
    templates: Templates,
    unk_id: int = UNK_ID,
) -> str:
    """The text of a ``tokenizer.json`` that the *tokenizers* library loads.

    Args:
        model: The pieces.
        added: The added tokens by id.
        templates: Where special tokens stand.
        unk_id: The id of text that no piece covers.

    Raises:
        ValueError: If such a file cannot hold the model.
    """
    received = f"model type {model.model_type} with {len(model.pieces)} pieces"
    rule = "A model in a tokenizer.json must be a Unigram model with ordinary pieces only"
    require(can_hold(model, added), rule, received)
    tokens = {index: token.content for index, token in added.items()}
    behind = mask_id(len(model.pieces))
    vocab = [(tokens.get(index, FIRST_TOKENS[index]), 0.0) for index in range(UNUSED_UNK_ID)]
    vocab.append((tokens.get(UNUSED_UNK_ID, FIRST_TOKENS[UNUSED_UNK_ID]), -100.0))
    vocab += [(piece.text, piece.score) for piece in model.pieces[1:]]
    vocab += [(tokens.get(index, MASK), 0.0) for index in range(behind, max(behind, unk_id) + 1)]
    content = {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [{"id": index} | token_json(added[index]) for index in sorted(added)],
        "normalizer": _normalizer(model.charsmap),
        "pre_tokenizer": _METASPACE,
        "post_processor": templates_json(templates, tokens),
        "decoder": _METASPACE,
        "model": {"type": "Unigram", "unk_id": unk_id, "vocab": vocab, "byte_fallback": False},
    }
    return json.dumps(content, ensure_ascii=False, indent=2)


def _is_entry(entry: Any) -> bool:
    if not isinstance(entry, list | tuple) or len(entry) != 2 or not isinstance(entry[0], str):
        return False
    return is_number(entry[1]) and abs(entry[1]) < _LARGEST


def _behind_pieces(vocab: list[Any], added: Any) -> int:
    """Where the pieces end: ``<mask>`` and what follows are added tokens, of no probability."""
    entries = added if isinstance(added, list) else []
    texts = {entry.get("content") for entry in entries if isinstance(entry, Mapping)}
    stop = len(vocab)
    while stop > FIRST_PIECE + 2 and vocab[stop - 1][0] in texts and vocab[stop - 1][1] == 0:
        stop -= 1
    return stop


def _normalizer(charsmap: bytes) -> dict[str, Any]:
    squeeze = {"type": "Replace", "pattern": {"Regex": " {2,}"}, "content": " "}
    table = {
        "type": "Precompiled",
        "precompiled_charsmap": base64.b64encode(charsmap).decode(),
    }
    return {"type": "Sequence", "normalizers": [table, squeeze] if charsmap else [squeeze]}


def _charsmap(normalizer: Any) -> bytes:
    """The table of the first Precompiled normaliser inside ``normalizer``."""
    for step in _steps(normalizer):
        if step.get("type") == "Precompiled":
            table = step.get("precompiled_charsmap")
            try:
                return base64.b64decode(str(table), validate=True)
            except ValueError:
                raise ValueError(
                    "precompiled_charsmap in tokenizer.json must be a text in base64; "
                    f"received {shown(table)}."
                ) from None
    return b""


def _steps(normalizer: Any) -> list[Mapping[str, Any]]:
    """All steps of a normaliser, in their order."""
    steps: list[Mapping[str, Any]] = []
    open_steps = [normalizer]
    while open_steps:
        step = open_steps.pop()
        if isinstance(step, Mapping):
            steps.append(step)
            inner = step.get("normalizers")
            open_steps += reversed(inner) if isinstance(inner, list) else []
    return steps
