"""Batches by length against their definition."""

import numpy as np
import pytest

from camembert_dual.training.batching import batches_by_length


def draw_lengths(rows=1999, seed=0):
    return np.random.default_rng(seed).integers(3, 97, size=rows)


def batches(lengths, seed=0, tokens_per_batch=512, **options):
    rng = np.random.default_rng(seed)
    return batches_by_length(lengths, tokens_per_batch=tokens_per_batch, rng=rng, **options)


def padded_size(lengths, batch):
    return max(lengths[row] for row in batch) * len(batch)


@pytest.mark.parametrize("noise", [0.0, 0.05, 0.5])
def test_each_row_is_in_one_batch_and_no_batch_is_over_the_budget(noise):
    lengths = draw_lengths()
    drawn = batches(lengths, noise=noise)
    assert sorted(np.concatenate(drawn).tolist()) == list(range(lengths.size))
    assert all(len(batch) and padded_size(lengths, batch) <= 512 for batch in drawn)


def test_padding_is_a_small_part():
    lengths = draw_lengths()
    padded = sum(padded_size(lengths, batch) for batch in batches(lengths, noise=0.05))
    in_order = np.array_split(np.arange(lengths.size), len(batches(lengths)))
    assert 1 - lengths.sum() / padded < 0.06
    assert padded < 0.7 * sum(padded_size(lengths, batch) for batch in in_order)


def test_batches_are_nearly_full():
    lengths = draw_lengths()
    drawn = batches(lengths)
    assert len(drawn) < 1.15 * lengths.sum() / 512


def test_batches_come_in_random_order():
    lengths = draw_lengths()
    means = [lengths[batch].mean() for batch in batches(lengths)]
    assert abs(np.corrcoef(means, np.arange(len(means)))[0, 1]) < 0.3


@pytest.mark.parametrize("noise", [0.0, 0.05])
def test_epochs_have_other_batches_and_a_seed_has_the_same(noise):
    lengths = draw_lengths()
    as_sets = [
        {tuple(sorted(batch)) for batch in batches(lengths, seed, noise=noise)} for seed in (3, 4)
    ]
    assert len(as_sets[0] & as_sets[1]) < 0.1 * len(as_sets[0])
    for one, other in zip(batches(lengths, seed=3), batches(lengths, seed=3), strict=True):
        np.testing.assert_array_equal(one, other)


def test_no_rows_make_no_batches():
    assert batches([]) == []


@pytest.mark.parametrize(
    ("lengths", "options", "message"),
    [
        ([3, 513], {}, "within 1 and tokens_per_batch=512; received 3 to 513"),
        ([0, 5], {}, "received 0 to 5"),
        ([[3]], {}, r"of shape \(N,\); received \(1, 1\)"),
        ([3], {"noise": 1.0}, "noise must be at least 0 and below 1; received 1.0"),
    ],
)
def test_wrong_arguments_are_named(lengths, options, message):
    with pytest.raises(ValueError, match=message):
        batches(lengths, **options)
