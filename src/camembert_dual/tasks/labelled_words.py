"""Words with a label each: sentences to rows, logits to labels of words, labels against gold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from camembert_dual.common.arrays import Array
from camembert_dual.common.model_names import TOKEN_CLASSIFICATION
from camembert_dual.data.examples import WordsExample
from camembert_dual.inputs import IGNORE_INDEX
from camembert_dual.tasks.base import Tokenizer
from camembert_dual.tasks.measures import Measure, class_measures, entity_measures, ratio
from camembert_dual.tasks.token_classification import SAMPLES, align_labels

OUTSIDE = "O"


@dataclass(frozen=True)
class LabelledWords:
    """Labels of words, or entities made of them.

    Attributes:
        measure: The score that tells the best model.
        has_entities: Whether labels are those of entities, in IOB2.
    """

    measure: str = "accuracy"
    has_entities: bool = False

    architecture: ClassVar[str] = TOKEN_CLASSIFICATION

    def labels(self, examples: Sequence[WordsExample]) -> tuple[str, ...]:
        """The labels of some examples, in order."""
        return tuple(sorted({label for one in examples for label in one.labels}))

    def config_options(self, labels: Sequence[str]) -> dict[str, Any]:
        """What the config says of the labels."""
        return {"id2label": dict(enumerate(labels))}

    def encode(
        self,
        examples: Sequence[WordsExample],
        tokenizer: Tokenizer,
        labels: Sequence[str],
        max_length: int,
    ) -> list[Mapping[str, Any]]:
        """Make rows of sentences; a long one becomes several, which share no word.

        A word's label stands at its first token. One that is not among ``labels`` trains nothing.
        """
        number = {label: index for index, label in enumerate(labels)}
        encoding = align_labels(
            tokenizer,
            [list(one.words) for one in examples],
            [[number.get(label, IGNORE_INDEX) for label in one.labels] for one in examples],
            truncation=True,
            max_length=max_length,
            return_overflowing_tokens=True,
        )
        return [
            {
                "input_ids": encoding["input_ids"][row],
                "labels": encoding["labels"][row],
                "example": example,
                "words": encoding.word_ids(row),
            }
            for row, example in enumerate(encoding[SAMPLES])
        ]

    def answers(
        self,
        outputs: Sequence[tuple[Array, ...]],
        rows: Sequence[Mapping[str, Any]],
        examples: Sequence[WordsExample],
        labels: Sequence[str],
    ) -> list[tuple[str, ...]]:
        """The label of each word; of a word without tokens the one that says least."""
        nothing = OUTSIDE if OUTSIDE in labels else labels[0]
        found = [[nothing] * len(one.words) for one in examples]
        for (logits,), row in zip(outputs, rows, strict=True):
            best = logits.argmax(axis=-1)  # (T)
            for token, word in reversed(list(enumerate(row["words"]))):
                if word is not None:  # the first token of a word is the last to say
                    found[row["example"]][word] = labels[best[token]]
        return [tuple(one) for one in found]

    def measures(
        self, answers: Sequence[Sequence[str]], examples: Sequence[WordsExample]
    ) -> dict[str, Measure]:
        """Accuracy of words; precision, recall and F1 of entities."""
        gold = [one.labels for one in examples]
        right = [sum(map(str.__eq__, *pair)) for pair in zip(answers, gold, strict=True)]
        counts = np.array([len(one) for one in gold], np.float64)
        accuracy = {"accuracy": ratio(np.array(right, np.float64), counts)}
        if self.has_entities:
            return {**entity_measures(answers, gold), **accuracy}
        flat = [label for one in answers for label in one]
        words = class_measures(flat, [label for one in gold for label in one])
        starts = np.concatenate([[0], np.cumsum([len(one) for one in gold])])

        def macro(chosen: Any) -> float:
            spans = [np.arange(starts[one], starts[one + 1]) for one in chosen]
            return words["macro_f1"](np.concatenate(spans))

        return {**accuracy, "macro_f1": macro}
