"""Scores of masked-token prediction against a loop that sorts each row."""

import math

import numpy as np
import pytest

from camembert_dual.tasks.fill_mask import MaskedLMScores, masked_lm_scores


def draw(rows=37, size=19, seed=0):
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, size, size=rows)
    labels[::5] = -100
    return rng.normal(size=(rows, size)) * 3, labels


def slow_scores(scores, labels):
    top1 = top5 = loss = count = 0
    for row, label in zip(scores.tolist(), labels.tolist(), strict=True):
        if label == -100:
            continue
        order = sorted(range(len(row)), key=lambda piece: (-row[piece], piece))
        count += 1
        top1 += order[0] == label
        top5 += label in order[:5]
        loss -= row[label] - math.log(sum(map(math.exp, row)))
    return {
        "top1": top1 / count,
        "top5": top5 / count,
        "perplexity": math.exp(loss / count),
        "count": count,
    }


def test_scores_equal_a_loop_over_sorted_rows():
    scores, labels = draw()
    assert masked_lm_scores(scores, labels) == pytest.approx(slow_scores(scores, labels))


def test_equal_scores_rank_by_id():
    scores, labels = draw()
    rounded = np.round(scores / 4)
    assert masked_lm_scores(rounded, labels) == pytest.approx(slow_scores(rounded, labels))


def test_chunks_add_up_to_the_whole():
    scores, labels = draw()
    sums = MaskedLMScores()
    for start, end in [(0, 3), (3, 20), (20, 20), (20, 37)]:
        sums.update(scores[start:end], labels[start:end])
    assert sums.result() == pytest.approx(masked_lm_scores(scores, labels))


def test_logits_and_log_probabilities_score_alike():
    scores, labels = draw()
    log_probabilities = scores - np.log(np.exp(scores).sum(axis=1, keepdims=True))
    shifted = scores + 1000.0
    expected = pytest.approx(masked_lm_scores(scores, labels))
    assert masked_lm_scores(log_probabilities, labels) == expected
    assert masked_lm_scores(shifted, labels) == expected


def test_a_uniform_guess_has_the_perplexity_of_the_vocabulary():
    result = masked_lm_scores(np.zeros((11, 23), dtype=np.float16), np.arange(11))
    assert result["perplexity"] == pytest.approx(23)
    assert (result["top1"], result["top5"]) == pytest.approx((1 / 11, 5 / 11))


def test_an_impossible_label_costs_infinitely_much():
    result = masked_lm_scores(np.array([[0.0, -np.inf, 1.0]]), [1])
    assert result["perplexity"] == math.inf


@pytest.mark.parametrize(
    ("scores", "labels", "message"),
    [
        (np.zeros((3, 7)), [0, 1], r"received \(3, 7\) and \(2,\)"),
        (np.zeros(7), [0], r"received \(7,\) and \(1,\)"),
        (np.zeros((2, 7)), [0, 7], r"in \[0, 7\); received ids from 0 to 7"),
        (np.zeros((2, 7)), [-1, 3], "received ids from -1 to 3"),
        (np.array([[0.0, np.nan]]), [0], "NaN"),
        (np.array([[0.0, np.inf]]), [0], "NaN or inf"),
        (np.zeros((2, 7)), [-100, -100], "at least one label; received none"),
    ],
)
def test_wrong_arguments_are_named(scores, labels, message):
    with pytest.raises(ValueError, match=message):
        masked_lm_scores(scores, labels)
