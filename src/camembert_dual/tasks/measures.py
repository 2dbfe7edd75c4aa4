"""Answers against gold: each measure as a function of the examples chosen, and its interval.

A measure of a choice of examples, which may hold one twice, can be taken of all of them and of
draws from them: so every measure has a bootstrap interval (Efron 1979).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from camembert_dual.common.arrays import FloatArray, IntArray
from camembert_dual.common.backends import import_optional

Measure = Callable[[IntArray], float]
RESAMPLES = 1000
LEVEL = 0.95
EXTRA = "tasks"


class Score(NamedTuple):
    """A measure of some answers.

    Attributes:
        value: What it is.
        low: The lower end of its interval.
        high: The upper end.
    """

    value: float
    low: float
    high: float


def with_intervals(
    measures: Mapping[str, Measure], count: int, resamples: int = RESAMPLES, seed: int = 0
) -> dict[str, Score]:
    """Take measures of all examples, and of draws from them.

    Args:
        measures: Name to measure.
        count: Number of examples.
        resamples: Number of draws; with 0 an interval is its value.
        seed: Of the draws.

    Returns:
        Name to value and the interval that holds ``LEVEL`` of the draws.
    """
    rng = np.random.default_rng(seed)
    draws = [rng.integers(0, count, count) for _ in range(resamples)]
    scores = {}
    for name, measure in measures.items():
        value = measure(np.arange(count))
        drawn = [measure(draw) for draw in draws] or [value]
        low, high = np.nanquantile(drawn, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
        scores[name] = Score(value, float(low), float(high))
    return scores


def ratio(part: FloatArray, whole: FloatArray) -> Measure:
    """The sum of one count over that of another, each of the examples (N,); 0 if that is 0."""

    def measure(chosen: IntArray) -> float:
        total = float(whole[chosen].sum())
        return float(part[chosen].sum()) / total if total else 0.0

    return measure


def mean(values: Sequence[float]) -> Measure:
    """The mean of a number of each example."""
    array = np.asarray(values, dtype=np.float64)
    return lambda chosen: float(array[chosen].mean())


def class_measures(answers: Sequence[str], gold: Sequence[str]) -> dict[str, Measure]:
    """Accuracy, macro-F1 and Matthews' correlation of one class for each example."""
    names = sorted({*answers, *gold})
    found = np.array([names.index(one) for one in answers])
    right = np.array([names.index(one) for one in gold])
    count = len(names)

    def table(chosen: IntArray) -> FloatArray:
        pairs = right[chosen] * count + found[chosen]
        return np.bincount(pairs, minlength=count**2).reshape(count, count).astype(np.float64)

    return {
        "accuracy": mean([float(one) for one in found == right]),
        "macro_f1": lambda chosen: macro_f1(table(chosen)),
        "matthews": lambda chosen: matthews(table(chosen)),
    }


def macro_f1(table: FloatArray) -> float:
    """The mean F1 of the classes that occur, from counts of gold (L) by answer (L)."""
    sums = table.sum(axis=0) + table.sum(axis=1)
    occurs = sums > 0
    return float((2 * np.diag(table)[occurs] / sums[occurs]).mean())


def matthews(table: FloatArray) -> float:
    """Matthews' correlation of several classes (Gorodkin 2004), 0 where it has no value."""
    total, right = table.sum(), np.trace(table)
    gold, found = table.sum(axis=1), table.sum(axis=0)
    spread = (total**2 - (gold**2).sum()) * (total**2 - (found**2).sum())
    return float((right * total - gold @ found) / np.sqrt(spread)) if spread > 0 else 0.0


def entity_measures(
    answers: Sequence[Sequence[str]], gold: Sequence[Sequence[str]]
) -> dict[str, Measure]:
    """Precision, recall and F1 of the entities that ``seqeval`` finds in tags.

    Raises:
        ImportError: If seqeval is not installed.
    """
    labeling = import_optional("seqeval.metrics.sequence_labeling", EXTRA, "evaluate", "seqeval")

    def entities(tags: Sequence[str]) -> set[Any]:
        return set(labeling.get_entities(list(tags)))

    pairs = [(entities(one), entities(two)) for one, two in zip(answers, gold, strict=True)]
    both = np.array([len(found & right) for found, right in pairs], dtype=np.float64)
    found = np.array([len(one) for one, _ in pairs], dtype=np.float64)
    right = np.array([len(one) for _, one in pairs], dtype=np.float64)
    return {
        "precision": ratio(both, found),
        "recall": ratio(both, right),
        "f1": ratio(2 * both, found + right),
    }


def number_measures(answers: Sequence[float], gold: Sequence[float]) -> dict[str, Measure]:
    """Pearson's and Spearman's correlation, by SciPy, and the mean squared error.

    Raises:
        ImportError: If SciPy is not installed.
    """
    stats = import_optional("scipy.stats", EXTRA, "evaluate", "SciPy")
    found, right = np.asarray(answers, np.float64), np.asarray(gold, np.float64)

    def correlation(function: Callable[..., Any]) -> Measure:
        def measure(chosen: IntArray) -> float:
            one, two = found[chosen], right[chosen]
            varies = np.ptp(one) > 0 and np.ptp(two) > 0
            return float(function(one, two)[0]) if varies else 0.0

        return measure

    return {
        "pearson": correlation(stats.pearsonr),
        "spearman": correlation(stats.spearmanr),
        "mean_squared_error": mean([float(one) for one in (found - right) ** 2]),
    }
