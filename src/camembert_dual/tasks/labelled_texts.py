"""Texts, or pairs of texts, with classes or a number: to rows, logits to labels, against gold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from camembert_dual.common.arrays import Array
from camembert_dual.common.errors import require
from camembert_dual.common.model_names import SEQUENCE_CLASSIFICATION
from camembert_dual.data.examples import TextExample
from camembert_dual.inputs import IGNORE_INDEX
from camembert_dual.tasks.base import Tokenizer
from camembert_dual.tasks.measures import (
    Measure,
    class_measures,
    mean,
    number_measures,
    ratio,
)

# what a label is: to the problem that the config names, and the score that tells the best model
KINDS = {
    "single": ("single_label_classification", "accuracy"),
    "multi": ("multi_label_classification", "micro_f1"),
    "regression": ("regression", "pearson"),
}
NUMBER = "score"  # what the only label of a regression is called


@dataclass(frozen=True)
class LabelledTexts:
    """Classes of texts, or numbers.

    Attributes:
        kind: A key of ``KINDS``.
    """

    kind: str = "single"

    architecture: ClassVar[str] = SEQUENCE_CLASSIFICATION

    @property
    def measure(self) -> str:
        """The score that tells the best model."""
        return KINDS[self.kind][1]

    def labels(self, examples: Sequence[TextExample]) -> tuple[str, ...]:
        """The labels of some examples, in order.

        Raises:
            ValueError: If there are fewer than two classes.
        """
        if self.kind == "regression":
            return (NUMBER,)
        found = {name for one in examples for name in self.names_of(one)}
        require(len(found) > 1, "The examples must be of at least two classes", sorted(found))
        return tuple(sorted(found))

    def names_of(self, example: TextExample) -> tuple[str, ...]:
        """The classes of an example."""
        label = example.label
        return label if isinstance(label, tuple) else (str(label),)

    def config_options(self, labels: Sequence[str]) -> dict[str, Any]:
        """What the config says of the labels."""
        return {"id2label": dict(enumerate(labels)), "problem_type": KINDS[self.kind][0]}

    def encode(
        self,
        examples: Sequence[TextExample],
        tokenizer: Tokenizer,
        labels: Sequence[str],
        max_length: int,
    ) -> list[Mapping[str, Any]]:
        """Make a row of each example; what is too long is cut.

        A class that is not among ``labels`` trains nothing.
        """
        pairs = [one.pair for one in examples]
        encoding = tokenizer(
            [one.text for one in examples],
            pairs if pairs[0] is not None else None,
            truncation=True,
            max_length=max_length,
        )
        return [
            {"input_ids": ids, "labels": self._numbers(one, labels)}
            for ids, one in zip(encoding["input_ids"], examples, strict=True)
        ]

    def _numbers(self, example: TextExample, labels: Sequence[str]) -> Any:
        if self.kind == "regression":
            return np.array([example.label], np.float64)
        names = self.names_of(example)
        if self.kind == "multi":
            return np.array([name in names for name in labels], np.float64)
        return labels.index(names[0]) if names[0] in labels else IGNORE_INDEX

    def answers(
        self,
        outputs: Sequence[tuple[Array, ...]],
        rows: Sequence[Mapping[str, Any]],
        examples: Sequence[TextExample],
        labels: Sequence[str],
    ) -> list[Any]:
        """The class of each example, its classes, or its number."""
        logits = np.stack([one for (one,) in outputs])  # (N, L)
        if self.kind == "regression":
            return [float(one) for one in logits[:, 0]]
        if self.kind == "multi":
            named = [
                [labels[index] for index in np.flatnonzero(row > 0).tolist()] for row in logits
            ]
            return [tuple(names) for names in named]
        return [labels[index] for index in logits.argmax(axis=-1)]

    def measures(
        self, answers: Sequence[Any], examples: Sequence[TextExample]
    ) -> dict[str, Measure]:
        """Those of one class, of several, or of numbers."""
        if self.kind == "regression":
            return number_measures(answers, [float(str(one.label)) for one in examples])
        gold = [self.names_of(one) for one in examples]
        if self.kind == "multi":
            return several_measures(answers, gold)
        return class_measures(answers, [names[0] for names in gold])


def several_measures(
    answers: Sequence[Sequence[str]], gold: Sequence[Sequence[str]]
) -> dict[str, Measure]:
    """Micro- and macro-F1 of several classes for each example, and how many have just the right."""
    names = sorted({name for one in (*answers, *gold) for name in one})
    found, right = (
        np.array([[name in one for name in names] for one in rows], np.float64)
        for rows in (answers, gold)
    )
    both, either = found * right, found + right

    def macro(chosen: Any) -> float:
        counts = either[chosen].sum(axis=0)
        occurs = counts > 0
        return float((2 * both[chosen].sum(axis=0)[occurs] / counts[occurs]).mean())

    exact = [float(set(one) == set(two)) for one, two in zip(answers, gold, strict=True)]
    return {
        "micro_f1": ratio(2 * both.sum(axis=1), either.sum(axis=1)),
        "macro_f1": macro,
        "exact": mean(exact),
    }
