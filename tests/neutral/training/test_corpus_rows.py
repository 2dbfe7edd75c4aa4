"""Documents joined into rows against the definition."""

import numpy as np
import pytest

from camembert_dual.training.corpus_rows import join_paragraphs
from camembert_dual.training.masking import word_start_table

BOS, EOS = 5, 6
WORD_STARTS = word_start_table(["x"] * 7 + ["▁mot"] * 13 + ["suite"] * 17)


def draw_paragraphs(longest, count=151, seed=0):
    """Paragraphs that begin a word; about half of the later pieces do."""
    rng = np.random.default_rng(seed)
    drawn = []
    for size in rng.integers(1, longest, size=count):
        ids = rng.integers(7, WORD_STARTS.size, size=size)
        ids[0] = 7
        drawn.append(ids)
    return drawn


def join(paragraphs, max_length=29):
    return list(
        join_paragraphs(
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
    rows = join(paragraphs)
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
    assert [row[1:-1].tolist() for row in join(paragraphs)] == expected


def test_long_paragraphs_are_cut_before_a_word():
    for row in join(draw_paragraphs(longest=101)):
        assert WORD_STARTS[row[1]]


def test_a_cut_paragraph_leaves_no_room_for_the_next_piece_of_its_word():
    # Words of 2 and 5 pieces in rows of 6: the second word goes whole to the next row.
    rows = join([[7, 20, 8, 21, 22, 23, 24]], max_length=8)
    assert [row.tolist() for row in rows] == [[BOS, 7, 20, EOS], [BOS, 8, 21, 22, 23, 24, EOS]]


def test_a_word_longer_than_a_row_is_cut_all_the_same():
    rows = join([[7, *[20] * 12]], max_length=7)
    assert [row.size for row in rows] == [7, 7, 5]


def test_a_single_sentence_stays_as_it_is_and_nothing_gives_nothing():
    assert [row.tolist() for row in join([[7, 20, 9]])] == [[BOS, 7, 20, 9, EOS]]
    assert join([]) == join([[]]) == []


def test_rows_without_room_are_refused():
    with pytest.raises(ValueError, match="max_length must be at least 3; received 2"):
        join([[7]], max_length=2)
