"""Where special tokens stand around one or two sequences."""

from collections.abc import Sequence
from typing import Literal, NamedTuple


class Part(NamedTuple):
    """One place of a template: a special token's id, or sequence "A" or "B"."""

    content: int | Literal["A", "B"]
    type_id: int = 0


Template = tuple[Part, ...]


class Templates(NamedTuple):
    """The template of one sequence and the template of a pair."""

    single: Template
    pair: Template


BARE = Templates((Part("A"),), (Part("A"), Part("B")))


def camembert_templates(cls_id: int, sep_id: int) -> Templates:
    """``<s> A </s>`` and ``<s> A </s></s> B </s>``, all of type 0."""
    cls, sep = Part(cls_id), Part(sep_id)
    return Templates((cls, Part("A"), sep), (cls, Part("A"), sep, sep, Part("B"), sep))


def count_special(template: Template) -> int:
    """How many tokens a template adds."""
    return sum(not isinstance(part.content, str) for part in template)


class Placed(NamedTuple):
    """One or two sequences with their special tokens."""

    ids: list[int]
    type_ids: list[int]
    special_tokens_mask: list[int]


def place(templates: Templates, first: Sequence[int], second: Sequence[int] | None) -> Placed:
    """Puts special tokens around ids."""
    out = Placed([], [], [])
    for content, type_id in templates.single if second is None else templates.pair:
        special = not isinstance(content, str)
        ids = [content] if isinstance(content, int) else first if content == "A" else second or ()
        out.ids.extend(ids)
        out.type_ids.extend([type_id] * len(ids))
        out.special_tokens_mask.extend([int(special)] * len(ids))
    return out
