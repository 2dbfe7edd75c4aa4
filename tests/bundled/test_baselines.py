"""The counting baselines against fractions counted by hand from the definition."""

from collections import Counter
from fractions import Fraction

import numpy as np
import pytest

from bundled.baselines import BigramBaseline, UnigramBaseline
from camembert_dual.tasks.fill_mask import MaskedLMScores
from camembert_dual.training.masking import special_table

BOS, PAD, EOS, MASK, V = 0, 1, 2, 8, 9  # the ordinary pieces are 3 to 7
ORDINARY = range(3, 8)
SPECIAL = special_table(V, [BOS, PAD, EOS, MASK])
ROWS = [
    [BOS, 3, 4, 5, 3, EOS],
    [BOS, 4, 4, 6, EOS],
    [BOS, 3, 4, 6, 3, 4, 5, 5, EOS],
    [BOS, EOS],
]
UNIGRAM = UnigramBaseline.fit(ROWS, special=SPECIAL)
BIGRAM = BigramBaseline.fit(ROWS, special=SPECIAL, hidden_ids=[MASK, PAD])


def predict(baseline, row, position):
    chosen = np.zeros((1, len(row)), dtype=bool)
    chosen[0, position] = True
    return np.exp(baseline.log_probabilities([row], chosen))[0]


def frequency(piece, smoothing=1):
    counts = Counter(piece for row in ROWS for piece in row)
    return Fraction(counts[piece] + smoothing, sum(counts.values()) + V * smoothing)


def given(before, piece):
    """p(piece | before) by Witten and Bell's rule, counted pair by pair."""
    followers = [row[i + 1] for row in ROWS for i in range(len(row) - 1) if row[i] == before]
    if not followers:
        return frequency(piece)
    different = len(set(followers))
    return (followers.count(piece) + different * frequency(piece)) / (len(followers) + different)


def expected(before, after):
    """p(w | before) p(after | w) over the ordinary pieces; None is a hidden neighbour."""
    weights = {
        piece: (frequency(piece) if before is None else given(before, piece))
        * (1 if after is None else given(piece, after))
        for piece in ORDINARY
    }
    return [float(weights.get(piece, 0) / sum(weights.values())) for piece in range(V)]


def test_the_unigram_counts_pieces_and_never_answers_a_special_token():
    total = sum(frequency(piece) for piece in ORDINARY)
    wanted = [float(frequency(i) / total) if i in ORDINARY else 0.0 for i in range(V)]
    np.testing.assert_allclose(predict(UNIGRAM, [BOS, MASK, EOS], 1), wanted, rtol=1e-12)


@pytest.mark.parametrize("smoothing", [0.25, 2.0])
def test_the_unigram_adds_its_smoothing_to_each_count(smoothing):
    baseline = UnigramBaseline.fit(ROWS, special=SPECIAL, smoothing=smoothing)
    found = predict(baseline, [MASK], 0)
    fraction = Fraction(smoothing)
    total = sum(frequency(piece, fraction) for piece in ORDINARY)
    assert found[7] == pytest.approx(float(frequency(7, fraction) / total))


@pytest.mark.parametrize("before", [BOS, 3, 4, 5, 6, 7])
@pytest.mark.parametrize("after", [EOS, 3, 4, 5, 6, 7])
def test_the_bigram_multiplies_both_neighbours(before, after):
    found = predict(BIGRAM, [before, MASK, after], 1)
    np.testing.assert_allclose(found, expected(before, after), rtol=1e-12)


@pytest.mark.parametrize(
    ("row", "before", "after"),
    [
        ([3, MASK, MASK], 3, None),
        ([MASK, MASK, 5], None, 5),
        ([MASK, MASK, MASK], None, None),
        ([PAD, MASK, PAD], None, None),
    ],
)
def test_hidden_neighbours_tell_nothing(row, before, after):
    found = predict(BIGRAM, row, 1)
    np.testing.assert_allclose(found, expected(before, after), rtol=1e-12)


def test_the_edges_of_a_row_tell_nothing():
    # The rows above and below must not be taken for neighbours.
    ids = np.array([[3, 4], [MASK, 5], [MASK, 6]])
    found = np.exp(BIGRAM.log_probabilities(ids, ids == MASK))
    np.testing.assert_allclose(found, [expected(None, 5), expected(None, 6)], rtol=1e-12)


def test_an_answer_kept_in_the_input_is_not_looked_at():
    seen, hidden = predict(BIGRAM, [3, 4, 5], 1), predict(BIGRAM, [3, MASK, 5], 1)
    np.testing.assert_array_equal(seen, hidden)


@pytest.mark.parametrize("baseline", [UNIGRAM, BIGRAM])
def test_predictions_are_distributions_in_the_order_of_the_labels(baseline):
    rng = np.random.default_rng(0)
    ids = rng.integers(0, V, size=(11, 13))
    chosen = rng.random(ids.shape) < 0.3
    found = np.exp(baseline.log_probabilities(ids, chosen))
    assert found.shape == (chosen.sum(), V)
    np.testing.assert_allclose(found.sum(axis=1), 1.0, rtol=1e-12)
    one_by_one = [predict(baseline, ids[row].tolist(), at) for row, at in np.argwhere(chosen)]
    np.testing.assert_allclose(found, one_by_one, rtol=1e-12)


def test_the_bigram_beats_the_unigram_on_text_with_an_order():
    rng = np.random.default_rng(1)
    rows = [[BOS, *((np.arange(20) + rng.integers(5)) % 5 + 3).tolist(), EOS] for _ in range(17)]
    ids = np.array(rows)
    chosen = rng.random(ids.shape) < 0.15
    chosen &= ~SPECIAL[ids]
    masked = np.where(chosen, MASK, ids)
    unigram, bigram = MaskedLMScores(), MaskedLMScores()
    unigram.update(
        UnigramBaseline.fit(rows, special=SPECIAL).log_probabilities(masked, chosen), ids[chosen]
    )
    fitted = BigramBaseline.fit(rows, special=SPECIAL, hidden_ids=[MASK, PAD])
    bigram.update(fitted.log_probabilities(masked, chosen), ids[chosen])
    assert bigram.result()["top1"] > 0.9
    assert bigram.result()["perplexity"] < 0.5 * unigram.result()["perplexity"]


@pytest.mark.parametrize("rows", [[], [[]], [[BOS]]])
def test_without_text_every_answer_is_nearly_as_likely(rows):
    for baseline in (
        UnigramBaseline.fit(rows, special=SPECIAL),
        BigramBaseline.fit(rows, special=SPECIAL, hidden_ids=[MASK]),
    ):
        found = predict(baseline, [3, MASK, 4], 1)
        np.testing.assert_allclose(found[3:8], 0.2, rtol=1e-12)


def test_wrong_arguments_are_named():
    with pytest.raises(ValueError, match=r"rows must be in \[0, 9\) .* received ids from 3 to 9"):
        UnigramBaseline.fit([[3], [9]], special=SPECIAL)
    with pytest.raises(ValueError, match=r"smoothing must be above 0; received 0\.0"):
        BigramBaseline.fit(ROWS, special=SPECIAL, hidden_ids=[], smoothing=0.0)
    with pytest.raises(ValueError, match=r"received \(1, 3\) and \(1, 2\)"):
        BIGRAM.log_probabilities([[3, 4, 5]], [[True, False]])
