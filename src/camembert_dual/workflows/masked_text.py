"""One's own text with hidden words: documents to rows, log-probabilities to perplexity."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from camembert_dual.common.arrays import Array
from camembert_dual.common.errors import require
from camembert_dual.common.model_names import MASKED_LM
from camembert_dual.inputs import IGNORE_INDEX
from camembert_dual.tasks.fill_mask import score_labels
from camembert_dual.tasks.measures import Measure, ratio
from camembert_dual.training.corpus_rows import join_paragraphs
from camembert_dual.training.masking import vocabulary_of
from camembert_dual.training.steps import Batch


@dataclass(frozen=True)
class MaskedText:
    """Whole words that are hidden."""

    measure: str = "accuracy"

    architecture: ClassVar[str] = MASKED_LM

    def labels(self, examples: Sequence[Sequence[str]]) -> tuple[str, ...]:
        """None: the labels are the vocabulary."""
        return ()

    def config_options(self, labels: Sequence[str]) -> dict[str, Any]:
        """What the config says of the labels: nothing."""
        return {}

    def encode(
        self,
        examples: Sequence[Sequence[str]],
        tokenizer: Any,
        labels: Sequence[str],
        max_length: int,
    ) -> list[Mapping[str, Any]]:
        """Join the paragraphs of each document into rows.

        Raises:
            ValueError: If no row holds a word, or the tokenizer lacks a special token.
        """
        vocabulary = vocabulary_of(tokenizer)
        rows: list[Mapping[str, Any]] = []
        for document in examples:
            options = {"add_special_tokens": False, "verbose": False}
            paragraphs = tokenizer(list(document), **options)["input_ids"]
            joined = join_paragraphs(
                paragraphs,
                max_length=max_length,
                bos_token_id=vocabulary.bos_token_id,
                eos_token_id=vocabulary.eos_token_id,
                word_starts=vocabulary.word_starts,
            )
            rows += [{"input_ids": ids} for ids in joined if not vocabulary.special[ids].all()]
        require(rows, "The text must hold words of the vocabulary", "none")
        return rows

    def answers(
        self,
        outputs: Sequence[tuple[Array, ...]],
        rows: Sequence[Mapping[str, Any]],
        examples: Sequence[Any],
        labels: Sequence[str],
    ) -> list[tuple[Array, ...]]:
        """Log-probability and rank of each hidden token of each row."""
        return list(outputs)

    def measures(
        self, answers: Sequence[tuple[Array, ...]], examples: Sequence[Any]
    ) -> dict[str, Measure]:
        """Share of the hidden tokens that scored highest, or among five; perplexity."""
        pairs = [(np.asarray(one, np.float64), np.asarray(two, np.int64)) for one, two in answers]
        count = np.array([len(ranks) for _, ranks in pairs], np.float64)
        first = np.array([(ranks < 1).sum() for _, ranks in pairs], np.float64)
        five = np.array([(ranks < 5).sum() for _, ranks in pairs], np.float64)
        loss = ratio(np.array([-one.sum() for one, _ in pairs], np.float64), count)
        return {
            "accuracy": ratio(first, count),
            "accuracy_of_5": ratio(five, count),
            "perplexity": lambda chosen: float(np.exp(loss(chosen))),
        }


def outputs_of_rows(logits: Array, batch: Batch) -> list[tuple[Array, ...]]:
    """Log-probability and rank of the hidden tokens of each row, from the logits (N, V) of all."""
    chosen = batch["labels"] != IGNORE_INDEX
    labels = batch["labels"][chosen].astype(np.int64)
    cuts = np.cumsum(chosen.sum(axis=1))[:-1]
    scored = score_labels(logits.astype(np.float64), labels)
    return list(zip(*(np.split(one, cuts) for one in scored), strict=True))
