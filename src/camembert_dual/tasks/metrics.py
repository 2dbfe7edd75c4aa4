"""Scores of masked-token prediction: top-1, top-5 and perplexity, summed over chunks.

Letters: N positions, V vocabulary.
"""

from dataclasses import dataclass
from typing import Any, TypedDict

import numpy as np
import numpy.typing as npt

IGNORED_LABEL = -100
"""Label of the positions that no loss and no score looks at."""

FloatArray = npt.NDArray[np.floating[Any]]
IntArray = npt.NDArray[np.int64]


class MaskedLMResult(TypedDict):
    """The scores of a set of masked tokens."""

    top1: float
    """Share of the labels that scored highest, 0 to 1."""
    top5: float
    """Share of the labels among the five highest, 0 to 1."""
    perplexity: float
    """exp of the mean negative log-probability of the label (natural logarithm)."""
    count: int
    """Number of labels."""


@dataclass
class MaskedLMScores:
    """Running sums of the scores; `update` once per chunk, `result` at the end."""

    count: int = 0
    top1_hits: int = 0
    top5_hits: int = 0
    negative_log_likelihood: float = 0.0

    def update(self, scores: FloatArray, labels: npt.ArrayLike) -> None:
        """Add one chunk.

        Args:
            scores: logits or log-probabilities, shape (N, V); normalised here in float64.
            labels: ids, shape (N,); -100 is skipped.

        Raises:
            ValueError: the shapes disagree, a label is outside the vocabulary, or a score is NaN.
        """
        kept_labels = np.asarray(labels, dtype=np.int64)
        if scores.ndim != 2 or kept_labels.shape != scores.shape[:1]:
            raise ValueError(
                "scores must have shape (N, V) and labels (N,); "
                f"received {scores.shape} and {kept_labels.shape}"
            )
        kept = kept_labels != IGNORED_LABEL
        if not kept.all():
            scores, kept_labels = scores[kept], kept_labels[kept]
        if kept_labels.size == 0:
            return
        if kept_labels.min() < 0 or kept_labels.max() >= scores.shape[1]:
            raise ValueError(
                f"labels must be {IGNORED_LABEL} or within 0 and {scores.shape[1] - 1}; "
                f"received {int(kept_labels.min())} to {int(kept_labels.max())}"
            )
        label_log_probabilities, ranks = _score(scores, kept_labels)
        self.count += kept_labels.size
        self.top1_hits += int((ranks < 1).sum())
        self.top5_hits += int((ranks < 5).sum())
        self.negative_log_likelihood -= float(label_log_probabilities.sum())

    def result(self) -> MaskedLMResult:
        """Return the scores of all chunks together.

        Raises:
            ValueError: no label was added.
        """
        if self.count == 0:
            raise ValueError("scores need at least one label; received none")
        with np.errstate(over="ignore"):
            perplexity = float(np.exp(self.negative_log_likelihood / self.count))
        return MaskedLMResult(
            top1=self.top1_hits / self.count,
            top5=self.top5_hits / self.count,
            perplexity=perplexity,
            count=self.count,
        )


def masked_lm_scores(scores: FloatArray, labels: npt.ArrayLike) -> MaskedLMResult:
    """Score one chunk on its own.

    Args:
        scores: logits or log-probabilities, shape (N, V).
        labels: ids, shape (N,); -100 is skipped.

    Returns:
        top-1 and top-5 shares, perplexity and the number of labels.

    Raises:
        ValueError: as `MaskedLMScores.update` and `MaskedLMScores.result`.
    """
    sums = MaskedLMScores()
    sums.update(scores, labels)
    return sums.result()


def _score(scores: FloatArray, labels: IntArray) -> tuple[npt.NDArray[np.float64], IntArray]:
    """Return the label's log-probability and its rank; among equal scores the lower id is first."""
    scores = scores.astype(np.float64)
    at_label = np.take_along_axis(scores, labels[:, None], axis=1)  # (N, 1)
    highest = scores.max(axis=1, keepdims=True)  # (N, 1)
    if not np.isfinite(highest).all():
        raise ValueError(
            "each row of scores must have a finite maximum and no NaN; received NaN/inf"
        )
    total = np.exp(scores - highest).sum(axis=1)
    log_probabilities = (at_label - highest)[:, 0] - np.log(total)
    earlier = np.arange(scores.shape[1]) < labels[:, None]  # (N, V)
    ranks = (scores > at_label).sum(axis=1) + ((scores == at_label) & earlier).sum(axis=1)
    return log_probabilities, ranks
