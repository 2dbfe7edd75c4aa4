"""Two counting models that predict masked tokens: what a network must beat on the same masks.

Letters: B rows, T positions, N chosen positions, V vocabulary.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from camembert_dual.common.arrays import BoolArray, FloatArray, IntArray
from camembert_dual.common.errors import require
from camembert_dual.training.masking import check_ids, special_table


@dataclass(frozen=True)
class UnigramBaseline:
    """Predict the same distribution everywhere: how often each piece occurs.

    Attributes:
        candidates: Log-probability of each id as an answer, (V,); -inf for special tokens.
    """

    candidates: FloatArray

    @classmethod
    def fit(
        cls, rows: Iterable[npt.ArrayLike], *, special: BoolArray, smoothing: float = 1.0
    ) -> UnigramBaseline:
        """Count the pieces of the training rows.

        Args:
            rows: Arrays of ids.
            special: (V,), whether an id is a special token, which is never predicted.
            smoothing: What is added to each count, above 0.

        Raises:
            ValueError: If an id is outside the vocabulary, or the smoothing is not above 0.
        """
        frequencies = _frequencies(_flatten(rows, special.size)[0], special.size, smoothing)
        return cls(_as_answers(np.log(frequencies)[None], special)[0])

    def log_probabilities(self, masked_ids: npt.ArrayLike, chosen: npt.ArrayLike) -> FloatArray:
        """Predict the chosen positions; the text plays no part.

        Args:
            masked_ids: Ids with masks (B, T).
            chosen: (B, T), whether a label is asked for.

        Returns:
            Natural log-probabilities (N, V), in the order of ``labels[chosen]``.

        Raises:
            ValueError: If the shapes disagree.
        """
        _, positions = _check_pair(masked_ids, chosen)
        return np.tile(self.candidates, (int(positions.sum()), 1))


@dataclass(frozen=True)
class BigramBaseline:
    """Predict a token from its visible neighbours: p(w | left) p(right | w), normalised over w.

    A neighbour that is masked, or beyond the row, tells nothing: its factor is left out, and
    p(w | left) becomes p(w). ``<s>`` and ``</s>`` are neighbours like any other. Pairs are smoothed
    with the unigram by Witten and Bell's rule: p(w | h) = (c(h, w) + d(h) p(w)) / (c(h) + d(h)),
    where d(h) is the number of different successors of h (Witten and Bell 1991, method C).

    Attributes:
        special: (V,), ids that are never predicted.
        hidden: (V,), ids that tell nothing as neighbours: ``<mask>`` and ``<pad>``.
        unigram: (V,), smoothed frequency of each id, special tokens included.
        followers: (V,), number of pairs that begin with each id: c(h).
        distinct: (V,), number of different pairs that begin with each id: d(h).
        by_left: Pairs sorted by their first id: (bounds (V + 1,), second ids, counts).
        by_right: Pairs sorted by their second id: (bounds (V + 1,), first ids, counts).
    """

    special: BoolArray
    hidden: BoolArray
    unigram: FloatArray
    followers: FloatArray
    distinct: FloatArray
    by_left: tuple[IntArray, IntArray, FloatArray]
    by_right: tuple[IntArray, IntArray, FloatArray]

    @classmethod
    def fit(
        cls,
        rows: Iterable[npt.ArrayLike],
        *,
        special: BoolArray,
        hidden_ids: Iterable[int],
        smoothing: float = 1.0,
    ) -> BigramBaseline:
        """Count the pairs of neighbours of the training rows.

        Args:
            rows: Arrays of ids with ``<s>`` and ``</s>``, without padding.
            special: (V,), whether an id is a special token, which is never predicted.
            hidden_ids: Ids of ``<mask>`` and ``<pad>``.
            smoothing: What is added to each unigram count, above 0.

        Raises:
            ValueError: If an id is outside the vocabulary, or the smoothing is not above 0.
        """
        size = special.size
        ids, row_starts = _flatten(rows, size)
        inside = ~row_starts[1:]
        left, right = ids[:-1][inside], ids[1:][inside]
        codes, counts = np.unique(left * size + right, return_counts=True)
        first, second = codes // size, codes % size
        weights = counts.astype(np.float64)
        turned = np.argsort(second, kind="stable")
        return cls(
            special=special,
            hidden=special_table(size, hidden_ids),
            unigram=_frequencies(ids, size, smoothing),
            followers=np.bincount(first, weights, minlength=size).astype(np.float64),
            distinct=np.bincount(first, minlength=size).astype(np.float64),
            by_left=(_bounds(first, size), second, weights),
            by_right=(_bounds(second, size), first[turned], weights[turned]),
        )

    def log_probabilities(self, masked_ids: npt.ArrayLike, chosen: npt.ArrayLike) -> FloatArray:
        """Predict the chosen positions from the tokens beside them.

        Args:
            masked_ids: Ids with masks (B, T).
            chosen: (B, T), whether a label is asked for.

        Returns:
            Natural log-probabilities (N, V), in the order of ``labels[chosen]``; -inf for
            special tokens.

        Raises:
            ValueError: If the shapes disagree.
        """
        ids, positions = _check_pair(masked_ids, chosen)
        beyond = np.full((ids.shape[0], 1), -1)
        left = np.concatenate([beyond, ids[:, :-1]], axis=1)[positions]  # (N,)
        right = np.concatenate([ids[:, 1:], beyond], axis=1)[positions]  # (N,)
        scores = np.empty((left.size, self.special.size))
        for row, (before, after) in enumerate(zip(left.tolist(), right.tolist(), strict=True)):
            probabilities = self._given_left(before)
            if after >= 0 and not self.hidden[after]:
                probabilities = probabilities * self._of_right(after)
            scores[row] = probabilities
        return _as_answers(np.log(scores), self.special)

    def _given_left(self, left: int) -> FloatArray:
        """p(w | left) for every w (V,)."""
        if left < 0 or self.hidden[left] or self.followers[left] == 0:
            return self.unigram
        bounds, seconds, counts = self.by_left
        pairs = slice(bounds[left], bounds[left + 1])
        mass: FloatArray = self.distinct[left] * self.unigram  # (V,)
        mass[seconds[pairs]] += counts[pairs]
        mass /= self.followers[left] + self.distinct[left]
        return mass

    def _of_right(self, right: int) -> FloatArray:
        """p(right | w) for every w (V,)."""
        bounds, firsts, counts = self.by_right
        pairs = slice(bounds[right], bounds[right + 1])
        mass: FloatArray = self.distinct * self.unigram[right]  # (V,)
        mass[firsts[pairs]] += counts[pairs]
        total = self.followers + self.distinct
        return np.where(total > 0, mass / np.maximum(total, 1.0), self.unigram[right])


def _flatten(rows: Iterable[npt.ArrayLike], vocab_size: int) -> tuple[IntArray, BoolArray]:
    """The ids of all rows one after the other, and where a row begins."""
    arrays = [np.asarray(row, dtype=np.int64) for row in rows]
    arrays = [array for array in arrays if array.size]
    ids = np.concatenate([np.empty(0, dtype=np.int64), *arrays])
    check_ids("rows", ids, vocab_size)
    row_starts = np.zeros(ids.size, dtype=np.bool_)
    ends = np.cumsum([array.size for array in arrays], dtype=np.int64)
    row_starts[np.concatenate([[0], ends[:-1]]).astype(np.int64)[: len(arrays)]] = True
    return ids, row_starts


def _frequencies(ids: IntArray, vocab_size: int, smoothing: float) -> FloatArray:
    """(count + smoothing) / total for each id (V,)."""
    require(smoothing > 0.0, "smoothing must be above 0", smoothing)
    counts = np.bincount(ids, minlength=vocab_size) + smoothing
    return np.asarray(counts / counts.sum(), dtype=np.float64)


def _bounds(sorted_or_not: IntArray, vocab_size: int) -> IntArray:
    """Where the pairs of each id begin and end once sorted by it (V + 1,)."""
    counts = np.bincount(sorted_or_not, minlength=vocab_size)
    return np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)


def _as_answers(log_scores: FloatArray, special: BoolArray) -> FloatArray:
    """Normalise each row over the ids that can be answers; -inf for the others (N, V)."""
    answers = np.where(special, -np.inf, log_scores)
    highest = answers.max(axis=1, keepdims=True)  # (N, 1)
    shifted = answers - highest
    total = np.exp(shifted).sum(axis=1, keepdims=True)  # (N, 1)
    return np.asarray(shifted - np.log(total), dtype=np.float64)


def _check_pair(masked_ids: npt.ArrayLike, chosen: npt.ArrayLike) -> tuple[IntArray, BoolArray]:
    ids, positions = np.asarray(masked_ids, dtype=np.int64), np.asarray(chosen, dtype=np.bool_)
    fits = ids.ndim == 2 and ids.shape == positions.shape
    rule = "masked_ids and chosen must have one shape (B, T)"
    require(fits, rule, f"{ids.shape} and {positions.shape}")
    return ids, positions
