"""Choices: a question with each of its choices to the probability of each.

Letters: C choices.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from camembert_dual.common.arrays import softmax
from camembert_dual.common.errors import require
from camembert_dual.tasks.base import Answers, Kit, Prepared, parts_of


class Choices(NamedTuple):
    """A question, or the beginning of a text, with what may follow."""

    question: str
    choices: Sequence[str]


NAMES = Choices._fields


@dataclass(frozen=True)
class ChoiceOptions:
    """How many choices are answered.

    Attributes:
        top_k: So many, the most probable first; None for the best one, not in a list.
    """

    top_k: int | None = None


def choices_of(example: Any) -> Choices:
    """Read a mapping or an object with ``question`` and ``choices``.

    Raises:
        ValueError: If it has no question, or no choices.
    """
    is_mapping = isinstance(example, Mapping)
    values: Any = example if is_mapping else {name: getattr(example, name, None) for name in NAMES}
    question, choices = (values.get(name) for name in NAMES)
    many = isinstance(choices, list | tuple) and bool(choices)
    sound = isinstance(question, str) and many and all(isinstance(one, str) for one in choices)
    rule = 'A question must be {"question": a text, "choices": texts}'
    require(sound, rule, example)
    return Choices(question, choices)


def prepare(kit: Kit, example: Any, options: ChoiceOptions) -> Prepared:
    """Encode a question with each choice; the longer of the two is cut."""
    asked = choices_of(example)
    encoding = kit.tokenizer(
        [asked.question] * len(asked.choices),
        list(asked.choices),
        truncation=True,
        max_length=kit.longest,
    )
    rows = parts_of(encoding, kit.tokenizer)
    part = {name: [row[name] for row in rows] for name in rows[0]}
    return Prepared(asked, [part], encoding)


def decode(kit: Kit, prepared: Prepared, answers: Sequence[Answers], options: ChoiceOptions) -> Any:
    """Turn the logits (C,) of a question into choices with their probabilities."""
    scores = softmax(answers[0]["logits"]).tolist()
    rows = [
        {"score": score, "index": index, "choice": text}
        for index, (text, score) in enumerate(zip(prepared.example.choices, scores, strict=True))
    ]
    best_first = sorted(rows, key=lambda row: -row["score"])
    return best_first[0] if options.top_k is None else best_first[: options.top_k]
