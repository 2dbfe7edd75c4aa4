"""Masked tokens: logits to proposals for each ``<mask>``, and scores of what was predicted.

Letters: M masks, N positions, V vocabulary.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple, TypedDict

import numpy as np
import numpy.typing as npt

from camembert_dual.common.arrays import FloatArray, IntArray, softmax
from camembert_dual.common.errors import require
from camembert_dual.common.id_layout import META_SYMBOL
from camembert_dual.inputs import IGNORE_INDEX

TOP_K = 5  # proposals for each mask, unless the user asks for another number


class Proposal(NamedTuple):
    """One proposal for a ``<mask>``.

    Attributes:
        score: Its probability.
        token: Its id.
        token_str: Its text.
        sequence: The whole text with the mask filled; other masks stay.
    """

    score: float
    token: int
    token_str: str
    sequence: str


def best_fills(
    tokenizer: Any, text: str, logits: FloatArray, top_k: int = TOP_K
) -> list[list[Proposal]]:
    """Turn the logits of the masks of a text into the best proposals for each.

    Args:
        tokenizer: The tokenizer.
        text: The text.
        logits: (M, V), a row for each mask in order.
        top_k: Proposals for each mask.

    Returns:
        For each mask its proposals, the most probable first.

    Raises:
        ValueError: If ``top_k`` is not between 1 and V.
    """
    size = logits.shape[-1]
    require(1 <= top_k <= size, f"top_k must be between 1 and {size}", top_k)
    fills = []
    for number, row in enumerate(softmax(logits)):
        proposals = []
        for token in np.argsort(-row, kind="stable")[:top_k].tolist():
            piece = tokenizer.convert_ids_to_tokens(token)
            sequence = fill_in(text, tokenizer.mask_token, number, piece)
            proposals.append(Proposal(float(row[token]), token, words_of(piece).strip(), sequence))
        fills.append(proposals)
    return fills


def fill_in(text: str, mask: str, number: int, piece: str) -> str:
    """Put a piece in the place of the mask of that number."""
    parts = text.split(mask)
    left, right = mask.join(parts[: number + 1]), mask.join(parts[number + 1 :])
    is_apart = left != left.rstrip()
    word = words_of(piece)
    return left.rstrip() + (word if is_apart else word.lstrip()) + right


def words_of(piece: str) -> str:
    """A SentencePiece piece as text."""
    return piece.replace(META_SYMBOL, " ")


class MaskedLMResult(TypedDict):
    """The scores of a set of masked tokens.

    Attributes:
        top1: Share of the labels that scored highest, 0 to 1.
        top5: Share of the labels among the five highest, 0 to 1.
        perplexity: exp of the mean negative log-probability of the label (natural logarithm).
        count: Number of labels.
    """

    top1: float
    top5: float
    perplexity: float
    count: int


@dataclass
class MaskedLMScores:
    """Running sums of the scores; :meth:`update` once per chunk, :meth:`result` at the end."""

    count: int = 0
    top1_hits: int = 0
    top5_hits: int = 0
    negative_log_likelihood: float = 0.0

    def update(self, scores: npt.NDArray[np.floating[Any]], labels: npt.ArrayLike) -> None:
        """Add one chunk.

        Args:
            scores: Logits or log-probabilities (N, V), normalised here in float64.
            labels: Ids (N,); -100 is skipped.

        Raises:
            ValueError: If the shapes disagree, a label is outside the vocabulary, or a score is
                NaN.
        """
        kept_labels = np.asarray(labels, dtype=np.int64)
        fits = scores.ndim == 2 and kept_labels.shape == scores.shape[:1]
        shapes = f"{scores.shape} and {kept_labels.shape}"
        require(fits, "scores must have shape (N, V) and labels (N,)", shapes)
        kept = kept_labels != IGNORE_INDEX
        if not kept.all():
            scores, kept_labels = scores[kept], kept_labels[kept]
        if kept_labels.size == 0:
            return
        smallest, largest = int(kept_labels.min()), int(kept_labels.max())
        fits = smallest >= 0 and largest < scores.shape[1]
        rule = f"labels must be {IGNORE_INDEX} or in [0, {scores.shape[1]})"
        require(fits, rule, f"ids from {smallest} to {largest}")
        label_log_probabilities, ranks = score_labels(scores, kept_labels)
        self.count += kept_labels.size
        self.top1_hits += int((ranks < 1).sum())
        self.top5_hits += int((ranks < 5).sum())
        self.negative_log_likelihood -= float(label_log_probabilities.sum())

    def result(self) -> MaskedLMResult:
        """Give the scores of all chunks together.

        Raises:
            ValueError: If no label was added.
        """
        require(self.count, "Scores must have at least one label", "none")
        with np.errstate(over="ignore"):
            perplexity = float(np.exp(self.negative_log_likelihood / self.count))
        return MaskedLMResult(
            top1=self.top1_hits / self.count,
            top5=self.top5_hits / self.count,
            perplexity=perplexity,
            count=self.count,
        )


def masked_lm_scores(
    scores: npt.NDArray[np.floating[Any]], labels: npt.ArrayLike
) -> MaskedLMResult:
    """Score one chunk on its own.

    Args:
        scores: Logits or log-probabilities (N, V).
        labels: Ids (N,); -100 is skipped.

    Raises:
        ValueError: If :meth:`MaskedLMScores.update` or :meth:`MaskedLMScores.result` refuses it.
    """
    sums = MaskedLMScores()
    sums.update(scores, labels)
    return sums.result()


def score_labels(
    scores: npt.NDArray[np.floating[Any]], labels: IntArray
) -> tuple[FloatArray, IntArray]:
    """Log-probability (N,) and rank (N,) of each label; of equal scores the lower id is first.

    Raises:
        ValueError: If a row of scores has NaN or no finite maximum.
    """
    scores = scores.astype(np.float64)
    at_label = np.take_along_axis(scores, labels[:, None], axis=1)  # (N, 1)
    highest = scores.max(axis=1, keepdims=True)  # (N, 1)
    rule = "Each row of scores must have a finite maximum and no NaN"
    require(np.isfinite(highest).all(), rule, "NaN or inf")
    total = np.exp(scores - highest).sum(axis=1)
    log_probabilities = (at_label - highest)[:, 0] - np.log(total)
    earlier = np.arange(scores.shape[1]) < labels[:, None]  # (N, V)
    ranks = (scores > at_label).sum(axis=1) + ((scores == at_label) & earlier).sum(axis=1)
    return log_probabilities, ranks
