"""Scores against the libraries that define them, on answers drawn at random."""

import math

import numpy as np
import pytest
import scipy.stats
import seqeval.metrics
import sklearn.metrics

from camembert_dual.data.examples import QuestionExample
from camembert_dual.tasks.answered_questions import (
    AnsweredQuestions,
    exact_match,
    shared_words,
)
from camembert_dual.tasks.labelled_texts import several_measures
from camembert_dual.tasks.measures import (
    class_measures,
    entity_measures,
    mean,
    number_measures,
    with_intervals,
)

COUNT = 83
RNG = np.random.default_rng(3)
CHOICES = [np.arange(COUNT), RNG.integers(0, COUNT, COUNT)]  # all of them, and a draw with repeats


@pytest.mark.parametrize("chosen", CHOICES, ids=["all", "drawn"])
def test_classes_are_measured_as_by_scikit_learn(chosen):
    names = np.array(["a", "b", "c", "d"])
    gold, found = names[RNG.integers(0, 4, COUNT)], names[RNG.integers(0, 3, COUNT)]
    measures = class_measures(found.tolist(), gold.tolist())
    pair = gold[chosen], found[chosen]
    expected = {
        "accuracy": sklearn.metrics.accuracy_score(*pair),
        "macro_f1": sklearn.metrics.f1_score(*pair, average="macro"),
        "matthews": sklearn.metrics.matthews_corrcoef(*pair),
    }
    assert {name: one(chosen) for name, one in measures.items()} == pytest.approx(expected)


@pytest.mark.parametrize("chosen", CHOICES, ids=["all", "drawn"])
def test_entities_are_measured_as_by_seqeval(chosen):
    tags = ["O", "B-PER", "I-PER", "B-LOC", "I-LOC"]
    gold = [[tags[one] for one in RNG.integers(0, 5, 7)] for _ in range(COUNT)]
    found = [[one if RNG.random() < 0.8 else "O" for one in row] for row in gold]
    measures = entity_measures(found, gold)
    pair = [gold[one] for one in chosen], [found[one] for one in chosen]
    expected = {
        "precision": seqeval.metrics.precision_score(*pair),
        "recall": seqeval.metrics.recall_score(*pair),
        "f1": seqeval.metrics.f1_score(*pair),
    }
    assert {name: one(chosen) for name, one in measures.items()} == pytest.approx(expected)


@pytest.mark.parametrize("chosen", CHOICES, ids=["all", "drawn"])
def test_several_classes_are_measured_as_by_scikit_learn(chosen):
    gold, found = RNG.integers(0, 2, (COUNT, 4)), RNG.integers(0, 2, (COUNT, 4))
    named = [[["abcd"[i] for i in np.flatnonzero(row)] for row in rows] for rows in (found, gold)]
    measures = several_measures(*named)
    pair = gold[chosen], found[chosen]
    expected = {
        "micro_f1": sklearn.metrics.f1_score(*pair, average="micro"),
        "macro_f1": sklearn.metrics.f1_score(*pair, average="macro"),
        "exact": sklearn.metrics.accuracy_score(*pair),
    }
    assert {name: one(chosen) for name, one in measures.items()} == pytest.approx(expected)


def test_numbers_are_measured_by_scipy_and_a_constant_correlates_with_nothing():
    gold = RNG.normal(size=COUNT)
    found = gold + RNG.normal(size=COUNT)
    every = np.arange(COUNT)
    measures = number_measures(found.tolist(), gold.tolist())
    assert measures["pearson"](every) == pytest.approx(np.corrcoef(found, gold)[0, 1])
    ranks = [scipy.stats.rankdata(one) for one in (found, gold)]
    assert measures["spearman"](every) == pytest.approx(np.corrcoef(*ranks)[0, 1])
    assert measures["mean_squared_error"](every) == pytest.approx(((found - gold) ** 2).mean())
    assert measures["pearson"](np.zeros(5, int)) == 0.0


@pytest.mark.parametrize(
    ("answer", "gold", "exact", "shared"),
    [
        ("The Seine!", "seine", 1.0, 1.0),
        ("la Seine", "Seine", 0.0, 2 * 1 / 3),  # one of two words, one of one
        ("un deux deux", "deux deux trois", 0.0, 2 / 3),
        ("", "", 1.0, 1.0),
        ("quelque chose", "", 0.0, 0.0),
        ("the", "an", 1.0, 1.0),  # articles alone leave nothing
    ],
)
def test_answers_are_compared_as_in_squad(answer, gold, exact, shared):
    assert exact_match(answer, gold) == exact
    assert shared_words(answer, gold) == pytest.approx(shared)


def test_questions_with_and_without_an_answer_are_measured_apart():
    context = "Paris est la capitale de la France."
    with_answers = QuestionExample("1", "Où ?", context, ((0, 5), (22, 34)))
    without = QuestionExample("2", "Quand ?", context, ())
    task = AnsweredQuestions()
    measures = task.measures(["capitale de la", "Paris"], [with_answers, without])
    found = {name: one(np.arange(2)) for name, one in measures.items()}
    # "capitale de la" shares two of its three words with "de la France"
    expected = {"exact": 0.0, "f1": 1 / 3, "has_answer_f1": 2 / 3, "no_answer": 0.0}
    assert found == pytest.approx(expected)
    only = task.measures(["Paris"], [with_answers])
    assert set(only) == {"exact", "f1"}
    assert only["exact"](np.arange(1)) == 1.0


def test_an_interval_is_that_of_the_binomial_law():
    right = np.arange(400) < 300
    score = with_intervals({"accuracy": mean(right.astype(float).tolist())}, 400)["accuracy"]
    spread = 1.96 * math.sqrt(0.75 * 0.25 / 400)
    assert score.value == 0.75
    assert score.low == pytest.approx(0.75 - spread, abs=0.006)
    assert score.high == pytest.approx(0.75 + spread, abs=0.006)
    assert with_intervals({"a": mean([1.0, 0.0])}, 2, 0)["a"] == (0.5, 0.5, 0.5)
