"""Questions with choices: to rows of as many texts, logits to a choice, choices against gold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from camembert_dual.common.arrays import Array
from camembert_dual.common.errors import require
from camembert_dual.common.model_names import MULTIPLE_CHOICE
from camembert_dual.data.examples import ChoiceExample
from camembert_dual.tasks.base import Tokenizer
from camembert_dual.tasks.measures import Measure, mean


@dataclass(frozen=True)
class AnsweredChoices:
    """One of several choices."""

    measure: str = "accuracy"

    architecture: ClassVar[str] = MULTIPLE_CHOICE

    def labels(self, examples: Sequence[ChoiceExample]) -> tuple[str, ...]:
        """None: choices have no names."""
        return ()

    def config_options(self, labels: Sequence[str]) -> dict[str, Any]:
        """What the config says of the labels: nothing."""
        return {}

    def encode(
        self,
        examples: Sequence[ChoiceExample],
        tokenizer: Tokenizer,
        labels: Sequence[str],
        max_length: int,
    ) -> list[Mapping[str, Any]]:
        """Make a row of each question: it with each choice; the longer text is cut.

        Raises:
            ValueError: If questions differ in how many choices they have.
        """
        counts = {len(one.choices) for one in examples}
        require(len(counts) == 1, "All questions must have as many choices", sorted(counts))
        encoding = tokenizer(
            [one.question for one in examples for _ in one.choices],
            [choice for one in examples for choice in one.choices],
            truncation=True,
            max_length=max_length,
        )
        (count,) = counts
        ids = encoding["input_ids"]
        return [
            {"input_ids": ids[number * count :][:count], "labels": one.correct[0]}
            for number, one in enumerate(examples)
        ]

    def answers(
        self,
        outputs: Sequence[tuple[Array, ...]],
        rows: Sequence[Mapping[str, Any]],
        examples: Sequence[ChoiceExample],
        labels: Sequence[str],
    ) -> list[int]:
        """The number of the best choice of each question."""
        return [int(logits.argmax()) for (logits,) in outputs]

    def measures(
        self, answers: Sequence[int], examples: Sequence[ChoiceExample]
    ) -> dict[str, Measure]:
        """How many choices are right."""
        pairs = zip(answers, examples, strict=True)
        return {"accuracy": mean([float(one in example.correct) for one, example in pairs])}


def with_one_answer(examples: Sequence[ChoiceExample]) -> list[ChoiceExample]:
    """The questions that have just one right choice.

    Raises:
        ValueError: If there are none.
    """
    kept = [one for one in examples if len(one.correct) == 1]
    rule = "Some questions must have just one right choice"
    require(kept, rule, f"{len(examples)} with several")
    return kept
