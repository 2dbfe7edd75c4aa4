"""Where special tokens stand around one or two sequences, also as ``tokenizer.json`` says it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, NamedTuple

from camembert_dual.common.errors import require, shown


class TemplatePiece(NamedTuple):
    """One place of a template: a special token's id, or sequence "A" or "B"."""

    content: int | Literal["A", "B"]
    type_id: int = 0


Template = tuple[TemplatePiece, ...]


class Templates(NamedTuple):
    """The template of one sequence and the template of a pair."""

    single: Template
    pair: Template


A, B = TemplatePiece("A"), TemplatePiece("B")
BARE = Templates((A,), (A, B))


def camembert_templates(cls_id: int, sep_id: int) -> Templates:
    """``<s> A </s>`` and ``<s> A </s></s> B </s>``, all of type 0."""
    cls, sep = TemplatePiece(cls_id), TemplatePiece(sep_id)
    return Templates((cls, A, sep), (cls, A, sep, sep, B, sep))


def count_special(template: Template) -> int:
    """How many tokens a template adds."""
    return sum(not isinstance(piece.content, str) for piece in template)


class Placed(NamedTuple):
    """One or two sequences with their special tokens."""

    ids: list[int]
    type_ids: list[int]
    special_tokens_mask: list[int]


def place(templates: Templates, first: Sequence[int], second: Sequence[int] | None) -> Placed:
    """Put special tokens around ids."""
    out = Placed([], [], [])
    for content, type_id in templates.single if second is None else templates.pair:
        special = not isinstance(content, str)
        ids = [content] if isinstance(content, int) else first if content == "A" else second or ()
        out.ids.extend(ids)
        out.type_ids.extend([type_id] * len(ids))
        out.special_tokens_mask.extend([int(special)] * len(ids))
    return out


def templates_json(templates: Templates, tokens: Mapping[int, str]) -> dict[str, Any]:
    """The post-processor of a ``tokenizer.json``; ``tokens`` are the special tokens by id."""

    def written(template: Template) -> list[dict[str, Any]]:
        return [
            {"Sequence": {"id": content, "type_id": type_id}}
            if isinstance(content, str)
            else {"SpecialToken": {"id": tokens[content], "type_id": type_id}}
            for content, type_id in template
        ]

    used = sorted({content for content, _ in templates.single if isinstance(content, int)})
    return {
        "type": "TemplateProcessing",
        "single": written(templates.single),
        "pair": written(templates.pair),
        "special_tokens": {
            tokens[index]: {"id": tokens[index], "ids": [index], "tokens": [tokens[index]]}
            for index in used
        },
    }


def read_templates(post_processor: Any) -> Templates:
    """The templates of a post-processor; none of them adds anything if it has no such step.

    Raises:
        ValueError: If it is of an unknown kind, or names tokens that it does not know.
    """
    try:
        return _templates(post_processor)
    except (IndexError, KeyError, TypeError):
        received = shown(post_processor)
        raise ValueError(
            "The post-processor of a tokenizer.json must place tokens that it knows; "
            f"received {received}."
        ) from None


def _templates(post_processor: Any) -> Templates:
    steps = [post_processor]
    while steps:
        step = steps.pop()
        name = step["type"] if step else None
        if name == "Sequence":
            steps += step["processors"]
        elif name == "TemplateProcessing":
            return Templates(_read(step, "single"), _read(step, "pair"))
        elif name in ("RobertaProcessing", "BertProcessing"):
            return _classic(step["cls"][1], step["sep"][1], is_bert=name[0] == "B")
        else:
            rule = "The post-processor of a tokenizer.json must be a known one"
            require(name in (None, "ByteLevel"), rule, shown(name))
    return BARE


def _read(step: Mapping[str, Any], name: str) -> Template:
    pieces: list[TemplatePiece] = []
    for entry in step[name]:
        if "Sequence" in entry:
            pieces.append(TemplatePiece(entry["Sequence"]["id"], entry["Sequence"]["type_id"]))
        else:
            special = entry["SpecialToken"]
            ids = step["special_tokens"][special["id"]]["ids"]
            pieces += [TemplatePiece(index, special["type_id"]) for index in ids]
    return tuple(pieces)


def _classic(cls_id: int, sep_id: int, is_bert: bool) -> Templates:
    """The two kinds that the library names after models: BERT's has one separator, and types."""
    cls, sep = TemplatePiece(cls_id), TemplatePiece(sep_id)
    middle = (sep,) if is_bert else (sep, sep)
    end = (TemplatePiece("B", int(is_bert)), TemplatePiece(sep_id, int(is_bert)))
    return Templates((cls, A, sep), (cls, A, *middle, *end))
