"""Texts that mean the same: to rows of two or three texts, vectors against each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from camembert_dual.common.arrays import Array
from camembert_dual.common.errors import require
from camembert_dual.common.model_names import MODEL
from camembert_dual.data.examples import SimilarTexts
from camembert_dual.tasks.base import Tokenizer
from camembert_dual.tasks.measures import Measure, mean


@dataclass(frozen=True)
class SimilarVectors:
    """Vectors of texts, near each other where the texts mean the same."""

    measure: str = "mean_reciprocal_rank"

    architecture: ClassVar[str] = MODEL

    def labels(self, examples: Sequence[SimilarTexts]) -> tuple[str, ...]:
        """None."""
        return ()

    def config_options(self, labels: Sequence[str]) -> dict[str, Any]:
        """What the config says of the labels: nothing."""
        return {}

    def encode(
        self,
        examples: Sequence[SimilarTexts],
        tokenizer: Tokenizer,
        labels: Sequence[str],
        max_length: int,
    ) -> list[Mapping[str, Any]]:
        """Make a row of each example; what is too long is cut.

        Raises:
            ValueError: If some examples have a text of another meaning and some have none.
        """
        groups = [
            [one.anchor, one.positive, *([] if one.negative is None else [one.negative])]
            for one in examples
        ]
        sizes = {len(group) for group in groups}
        rule = "All examples must have a negative text, or none"
        require(len(sizes) == 1, rule, "some of each")
        texts = [text for group in groups for text in group]
        ids = tokenizer(texts, truncation=True, max_length=max_length)["input_ids"]
        (size,) = sizes
        return [{"input_ids": ids[start : start + size]} for start in range(0, len(ids), size)]

    def answers(
        self,
        outputs: Sequence[tuple[Array, ...]],
        rows: Sequence[Mapping[str, Any]],
        examples: Sequence[SimilarTexts],
        labels: Sequence[str],
    ) -> list[int]:
        """The rank, from 1 on, of each text's fellow among those of all, by the cosine."""
        vectors = np.stack([one for (one,) in outputs]).astype(np.float64)  # (N, C, D)
        vectors /= np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-12)
        cosines = vectors[:, 0] @ vectors[:, 1].T  # (N, N)
        own = np.diag(cosines)[:, None]
        return [int(one) for one in 1 + (cosines > own).sum(axis=1)]

    def measures(
        self, answers: Sequence[int], examples: Sequence[SimilarTexts]
    ) -> dict[str, Measure]:
        """How often the fellow is the first, or among the first five, and its inverse rank."""
        return {
            "recall_at_1": mean([float(rank <= 1) for rank in answers]),
            "recall_at_5": mean([float(rank <= 5) for rank in answers]),
            "mean_reciprocal_rank": mean([1.0 / rank for rank in answers]),
        }
