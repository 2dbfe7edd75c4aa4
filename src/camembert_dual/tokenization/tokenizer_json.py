"""The ``tokenizer.json`` of the *tokenizers* library, from a SentencePiece model and back.

A CamemBERT file spells the whole model out: pieces with their log probabilities from id 5 on, and
the normaliser's table. So either file can be made from the other, and both tokenizer classes load
from either.
"""

import base64
import json
from collections.abc import Mapping
from typing import Any

from tokenizers import AddedToken

from camembert_dual.tokenization.sentencepiece_model import (
    CONTROL,
    NORMAL,
    UNIGRAM,
    UNKNOWN,
    ModelProto,
    Piece,
    build_model,
)
from camembert_dual.tokenization.template import Template, Templates

FIRST_PIECE = 5
_KNOWN_NORMALIZERS = {"Sequence", "Precompiled", "Replace", "Strip"}
LAYOUT = ("<s>NOTUSED", "<pad>", "</s>NOTUSED", "<unk>", "<unk>NOTUSED")


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
        and _kinds(content.get("normalizer")) <= _KNOWN_NORMALIZERS
        and (vocab[0][0], vocab[2][0], vocab[FIRST_PIECE][0])
        == ("<s>NOTUSED", "</s>NOTUSED", "<s>")
    )


def to_proto(content: Mapping[str, Any]) -> bytes:
    """The SentencePiece model that a CamemBERT ``tokenizer.json`` spells out.

    Raises:
        ValueError: If it is another kind of tokenizer.
    """
    if not is_camembert(content):
        kind = (content.get("model") or {}).get("type")
        raise ValueError(f"tokenizer.json must be a Unigram model of CamemBERT; received {kind!r}")
    vocab = [(str(text), float(score)) for text, score in content["model"]["vocab"]]
    beyond = {token["content"] for token in content.get("added_tokens", ())}
    entries = vocab[FIRST_PIECE:]
    while entries and entries[-1][0] in beyond and entries[-1][0] not in ("<s>", "</s>"):
        entries.pop()
    pieces = [Piece("<unk>", 0.0, UNKNOWN)]
    for text, score in entries:
        pieces.append(
            Piece(text, score, CONTROL) if text in ("<s>", "</s>") else Piece(text, score)
        )
    return build_model(ModelProto(tuple(pieces), _charsmap(content.get("normalizer"))))


def can_hold(model: ModelProto) -> bool:
    """Whether a ``tokenizer.json`` says all there is to a model.

    It has words neither for other kinds of model than Unigram nor for other kinds of piece than
    ordinary ones (user-defined, unused, bytes).
    """
    first = [(piece.text, piece.kind) for piece in model.pieces[:3]]
    return (
        model.model_type == UNIGRAM
        and first == [("<unk>", UNKNOWN), ("<s>", CONTROL), ("</s>", CONTROL)]
        and all(piece.kind == NORMAL for piece in model.pieces[3:])
        and model.add_dummy_prefix
        and model.remove_extra_whitespaces
    )


def from_proto(
    model: ModelProto, added: Mapping[int, AddedToken], templates: Templates, mask_token: str
) -> str:
    """The text of a ``tokenizer.json`` that the *tokenizers* library loads.

    Raises:
        ValueError: If such a file cannot hold the model.
    """
    if not can_hold(model):
        raise ValueError(
            "tokenizer.json can hold a Unigram model with ordinary pieces only; received model "
            f"type {model.model_type} with {len(model.pieces)} pieces"
        )
    names = [added[index].content if index in added else LAYOUT[index] for index in range(5)]
    vocab: list[tuple[str, float]] = [(name, 0.0) for name in names[:4]]
    vocab.append((names[4], -100.0))
    vocab += [(piece.text, piece.score) for piece in model.pieces[1:]]
    vocab.append((mask_token, 0.0))
    content = {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [_added(index, added[index]) for index in sorted(added)],
        "normalizer": _normalizer(model.charsmap),
        "pre_tokenizer": _METASPACE,
        "post_processor": _post_processor(templates, added),
        "decoder": _METASPACE,
        "model": {"type": "Unigram", "unk_id": 3, "vocab": vocab, "byte_fallback": False},
    }
    return json.dumps(content, ensure_ascii=False, indent=2)


_METASPACE = {
    "type": "Metaspace",
    "replacement": "▁",
    "add_prefix_space": True,
    "prepend_scheme": "always",
    "split": True,
}


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
        for part in normalizer.get("normalizers", ()):
            if found := _charsmap(part):
                return found
    return b""


def _kinds(normalizer: Any) -> set[str]:
    """The kinds of all steps of a normaliser."""
    if not isinstance(normalizer, Mapping):
        return set()
    steps = (_kinds(part) for part in normalizer.get("normalizers", ()))
    return {str(normalizer.get("type"))}.union(*steps)


def _added(index: int, token: AddedToken) -> dict[str, Any]:
    return {
        "id": index,
        "content": token.content,
        "single_word": token.single_word,
        "lstrip": token.lstrip,
        "rstrip": token.rstrip,
        "normalized": token.normalized,
        "special": token.special,
    }


def _post_processor(templates: Templates, added: Mapping[int, AddedToken]) -> dict[str, Any]:
    def written(template: Template) -> list[dict[str, Any]]:
        return [
            {"Sequence": {"id": content, "type_id": type_id}}
            if isinstance(content, str)
            else {"SpecialToken": {"id": added[content].content, "type_id": type_id}}
            for content, type_id in template
        ]

    used = {part.content for part in templates.single if isinstance(part.content, int)}
    return {
        "type": "TemplateProcessing",
        "single": written(templates.single),
        "pair": written(templates.pair),
        "special_tokens": {
            added[index].content: {
                "id": added[index].content,
                "ids": [index],
                "tokens": [added[index].content],
            }
            for index in sorted(used)
        },
    }
