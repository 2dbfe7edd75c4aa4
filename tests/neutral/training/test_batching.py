"""Batches by length, padding and packing against their definitions."""

import numpy as np
import pytest

from camembert_dual.training.batching import batches_by_length, pack_paragraphs, pad_batch
from camembert_dual.training.masking import word_start_table

BOS, EOS, PAD = 5, 6, 1
WORD_STARTS = word_start_table(["x"] * 7 + ["▁mot"] * 13 + ["suite"] * 17)


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
        ([[3]], {}, r"received shape \(1, 1\)"),
        ([3], {"noise": 1.0}, "noise must be at least 0 and below 1; received 1.0"),
    ],
)
def test_wrong_arguments_are_named(lengths, options, message):
    with pytest.raises(ValueError, match=message):
        batches(lengths, **options)


def test_rows_are_padded_on_the_right():
    rows = [[7, 8, 9], [10], [11, 12, 13, 14, PAD]]
    input_ids, attention_mask = pad_batch([np.array(row) for row in rows], PAD)
    assert input_ids.shape == attention_mask.shape == (3, 5)
    assert attention_mask.dtype == np.bool_
    for row, ids, attended in zip(rows, input_ids, attention_mask, strict=True):
        assert ids.tolist() == row + [PAD] * (5 - len(row))
        assert attended.tolist() == [True] * len(row) + [False] * (5 - len(row))


def test_a_batch_without_rows_is_refused():
    with pytest.raises(ValueError, match="at least one row; received none"):
        pad_batch([], PAD)


def draw_paragraphs(longest, count=151, seed=0):
    """Paragraphs that begin a word; about half of the later pieces do."""
    rng = np.random.default_rng(seed)
    drawn = []
    for size in rng.integers(1, longest, size=count):
        ids = rng.integers(7, WORD_STARTS.size, size=size)
        ids[0] = 7
        drawn.append(ids)
    return drawn


def pack(paragraphs, max_length=29):
    return list(
        pack_paragraphs(
            paragraphs,
            max_length=max_length,
            bos_token_id=BOS,
            eos_token_id=EOS,
            word_starts=WORD_STARTS,
        )
    )


@pytest.mark.parametrize("longest", [11, 101])
def test_rows_hold_all_the_text_in_its_order(longest):
    paragraphs = draw_paragraphs(longest)
    rows = pack(paragraphs)
    assert all(row[0] == BOS and row[-1] == EOS and 3 <= row.size <= 29 for row in rows)
    inner = np.concatenate([row[1:-1] for row in rows])
    np.testing.assert_array_equal(inner, np.concatenate(paragraphs))


def test_paragraphs_that_fit_stay_whole_and_rows_are_filled():
    paragraphs = draw_paragraphs(longest=19)
    expected, current = [], []
    for paragraph in paragraphs:
        if len(current) + len(paragraph) > 27:
            expected.append(current)
            current = []
        current = current + paragraph.tolist()
    expected.append(current)
    assert [row[1:-1].tolist() for row in pack(paragraphs)] == expected


def test_long_paragraphs_are_cut_before_a_word():
    for row in pack(draw_paragraphs(longest=101)):
        assert WORD_STARTS[row[1]]


def test_a_cut_paragraph_leaves_no_room_for_the_next_piece_of_its_word():
    # Words of 2 and 5 pieces in rows of 6: the second word goes whole to the next row.
    rows = pack([[7, 20, 8, 21, 22, 23, 24]], max_length=8)
    assert [row.tolist() for row in rows] == [[BOS, 7, 20, EOS], [BOS, 8, 21, 22, 23, 24, EOS]]


def test_a_word_longer_than_a_row_is_cut_all_the_same():
    rows = pack([[7, *[20] * 12]], max_length=7)
    assert [row.size for row in rows] == [7, 7, 5]


def test_a_single_sentence_stays_as_it_is_and_nothing_gives_nothing():
    assert [row.tolist() for row in pack([[7, 20, 9]])] == [[BOS, 7, 20, 9, EOS]]
    assert pack([]) == pack([[]]) == []


def test_rows_without_room_are_refused():
    with pytest.raises(ValueError, match="max_length must be at least 3; received 2"):
        pack([[7]], max_length=2)
