"""Whole-word masking against a word-by-word loop and the shares that the papers state."""

import math

import numpy as np
import pytest

from camembert_dual.training.masking import (
    MaskingVocabulary,
    mask_whole_words,
    punctuation_table,
    special_table,
    word_start_table,
)

# Five special tokens, then pieces that begin a word and pieces that go on; <mask> is the last.
PIECES = (
    ["<s>", "<pad>", "</s>", "<unk>", "▁"]
    + [f"▁mot{number}" for number in range(11)]
    + [f"suite{number}" for number in range(7)]
    + ["<mask>"]
)
PAD, MASK = 1, len(PIECES) - 1
SPECIAL_IDS = [0, 1, 2, 3, MASK]
WORD_STARTS = word_start_table(PIECES)
SPECIAL = special_table(len(PIECES), SPECIAL_IDS)
NONE = np.zeros(len(PIECES), dtype=bool)
FIRST_WORD, FIRST_SUFFIX = 5, 16


def vocabulary(**changes):
    tables = {"word_starts": WORD_STARTS, "punctuation": NONE, "special": SPECIAL}
    ids = {"bos_token_id": 0, "eos_token_id": 2, "pad_token_id": PAD, "mask_token_id": MASK}
    return MaskingVocabulary(**{**tables, **ids, **changes})


VOCABULARY = vocabulary()


def mask(ids, seed=0, known=VOCABULARY, **shares):
    return mask_whole_words(ids, known, np.random.default_rng(seed), **shares)


def words_of(row):
    """Positions of each word of one row, found one token at a time."""
    words, open_word = [], None
    for position, token in enumerate(row):
        if token in SPECIAL_IDS:
            open_word = None
        elif open_word is None or PIECES[token].startswith("▁"):
            open_word = [position]
            words.append(open_word)
        else:
            open_word.append(position)
    return words


def rows_of_words(rng, rows, words_per_row, longest=4):
    """Draw rows `<s> words </s> <pad>…` of words with 1 to `longest` pieces."""
    drawn = []
    for _ in range(rows):
        row = [0]
        for _ in range(words_per_row):
            row.append(int(rng.integers(FIRST_WORD, FIRST_SUFFIX)))
            row += rng.integers(FIRST_SUFFIX, MASK, size=rng.integers(0, longest)).tolist()
        drawn.append([*row, 2])
    width = max(map(len, drawn))
    return np.array([row + [PAD] * (width - len(row)) for row in drawn])


def within_chance(hits, trials, share, sigmas=5.0):
    return abs(hits - trials * share) <= sigmas * math.sqrt(trials * share * (1 - share))


def test_the_table_of_word_starts_reads_the_meta_symbol():
    table = word_start_table(["▁le", "s", "▁", "_le", "a▁"])
    assert table.tolist() == [True, False, True, False, False]


def test_the_table_of_punctuation_reads_letters_and_digits():
    table = punctuation_table(["▁le", "▁", ".", "▁«", "'", "l'", "1", "œ", "...", "▁,2"])
    assert table.tolist() == [False, False, True, True, True, False, False, False, True, False]


def test_punctuation_is_chosen_with_its_word_unless_it_is_a_word_of_its_own():
    pieces = ["<s>", "</s>", "▁l", "'", "hom", "me", ".", "▁bon", "<mask>"]
    tables = {
        "word_starts": word_start_table(pieces),
        "special": special_table(len(pieces), [0, 1, 8]),
        "mask_token_id": 8,
    }
    ids = [0, 2, 3, 4, 5, 6, 7, 1]
    for punctuation, words in [
        (np.zeros(len(pieces), dtype=bool), [[1, 2, 3, 4, 5], [6]]),
        (punctuation_table(pieces), [[1], [2], [3, 4], [5], [6]]),
    ]:
        seen = set()
        known = vocabulary(punctuation=punctuation, **tables)
        for seed in range(300):
            chosen = mask(ids, seed, known, chosen_share=0.5)[1] != -100
            assert not chosen[[0, 7]].any()
            assert all(len(set(chosen[word].tolist())) == 1 for word in words)
            seen.add(tuple(bool(chosen[word[0]]) for word in words))
        assert len(seen) == 2 ** len(words)


@pytest.mark.parametrize("seed", range(7))
def test_words_are_chosen_whole_or_not_at_all(seed):
    # Any ids in any order: suffixes after special tokens, special tokens inside words.
    rows = np.random.default_rng(seed).integers(0, len(PIECES), size=(53, 1 + 2 * seed))
    _, labels = mask(rows, seed, chosen_share=0.5)
    for row, row_labels in zip(rows.tolist(), labels, strict=True):
        words = words_of(row)
        for word in words:
            assert len({bool(row_labels[position] != -100) for position in word}) == 1
        outside = set(range(len(row))) - {position for word in words for position in word}
        assert all(row_labels[position] == -100 for position in outside)


def test_neighbouring_words_and_rows_are_chosen_apart():
    # The second row begins with a suffix: the row's edge must end the word before it.
    ids = np.array([[0, 7, 8], [17, 18, 2]])
    patterns = set()
    for seed in range(200):
        chosen = mask(ids, seed, chosen_share=0.5)[1] != -100
        assert chosen[1, 0] == chosen[1, 1]
        patterns.add((bool(chosen[0, 1]), bool(chosen[0, 2]), bool(chosen[1, 0])))
    assert len(patterns) == 2**3


def test_labels_are_the_original_ids_of_chosen_tokens_and_the_rest_is_untouched():
    ids = rows_of_words(np.random.default_rng(1), rows=13, words_per_row=17)
    before = ids.copy()
    masked, labels = mask(ids)
    chosen = labels != -100
    assert chosen.any()
    np.testing.assert_array_equal(ids, before)
    np.testing.assert_array_equal(labels[chosen], ids[chosen])
    np.testing.assert_array_equal(masked[~chosen], ids[~chosen])
    assert masked.shape == labels.shape == ids.shape
    assert masked.dtype == labels.dtype == np.int64


def test_a_flat_array_is_one_row():
    ids = rows_of_words(np.random.default_rng(2), rows=1, words_per_row=29)
    for flat, batch in zip(mask(ids[0]), mask(ids), strict=True):
        np.testing.assert_array_equal(flat, batch[0])


def test_long_and_short_words_are_chosen_equally_often():
    ids = rows_of_words(np.random.default_rng(3), rows=211, words_per_row=97)
    _, labels = mask(ids)
    trials, hits = {}, {}
    for row, row_labels in zip(ids.tolist(), labels.tolist(), strict=True):
        for word in words_of(row):
            trials[len(word)] = trials.get(len(word), 0) + 1
            hits[len(word)] = hits.get(len(word), 0) + (row_labels[word[0]] != -100)
    assert sorted(trials) == [1, 2, 3, 4]
    assert all(within_chance(hits[size], trials[size], 0.15) for size in trials)


def test_the_fates_are_shared_out_as_in_bert_and_hold_for_whole_words():
    ids = rows_of_words(np.random.default_rng(4), rows=211, words_per_row=97)
    masked, labels = mask(ids)
    fates = []
    for row, after, row_labels in zip(ids.tolist(), masked.tolist(), labels.tolist(), strict=True):
        for word in words_of(row):
            if row_labels[word[0]] == -100:
                continue
            hidden = [after[position] == MASK for position in word]
            assert len(set(hidden)) == 1
            kept = [after[position] == row[position] for position in word]
            fates.append("mask" if all(hidden) else "keep" if all(kept) else "random")
    ordinary = int((~SPECIAL).sum())
    # A replaced one-piece word draws itself once in `ordinary` times, and then looks kept.
    slack = 0.1 / ordinary
    assert within_chance(fates.count("mask"), len(fates), 0.8)
    assert abs(fates.count("random") / len(fates) - 0.1) < 0.02 + slack
    assert abs(fates.count("keep") / len(fates) - 0.1) < 0.02 + slack


def test_random_replacements_are_drawn_evenly_from_the_ordinary_pieces():
    ids = rows_of_words(np.random.default_rng(5), rows=31, words_per_row=211)
    masked, labels = mask(ids, chosen_share=1.0, mask_share=0.0, random_share=1.0)
    drawn = masked[labels != -100]
    counts = np.bincount(drawn, minlength=len(PIECES))
    assert not counts[SPECIAL_IDS].any()
    ordinary = np.flatnonzero(~SPECIAL)
    assert all(within_chance(counts[piece], drawn.size, 1 / ordinary.size) for piece in ordinary)


def test_each_call_draws_afresh_and_a_seed_draws_the_same():
    ids = rows_of_words(np.random.default_rng(6), rows=5, words_per_row=41)
    rng = np.random.default_rng(7)
    first, second = (mask_whole_words(ids, VOCABULARY, rng)[1] for _ in range(2))
    assert (first != second).any()
    np.testing.assert_array_equal(mask(ids, seed=7)[1], first)


def test_evaluation_masks_show_no_label():
    ids = rows_of_words(np.random.default_rng(8), rows=7, words_per_row=53)
    masked, labels = mask(ids, mask_share=1.0, random_share=0.0)
    np.testing.assert_array_equal(masked == MASK, labels != -100)


@pytest.mark.parametrize(("chosen_share", "expected"), [(0.0, 0), (1.0, 3 + 2)])
def test_the_extreme_shares_choose_none_and_all(chosen_share, expected):
    ids = np.array([[0, 5, 16, 17, 2], [0, 6, 7, 2, PAD]])
    assert (mask(ids, chosen_share=chosen_share)[1] != -100).sum() == expected


@pytest.mark.parametrize("ids", [np.full((3, 5), PAD), np.empty((0, 4)), np.empty((2, 0)), []])
def test_rows_without_words_come_back_as_they_were(ids):
    masked, labels = mask(ids, chosen_share=1.0)
    np.testing.assert_array_equal(masked, ids)
    assert (labels == -100).all()


@pytest.mark.parametrize(
    ("ids", "shares", "message"),
    [
        ([[0, len(PIECES)]], {}, r"input_ids must be in \[0, 24\) .* received ids from 0 to 24"),
        ([[0, -1]], {}, "received ids from -1 to 0"),
        ([[[0]]], {}, r"received \(1, 1, 1\)"),
        ([[0]], {"chosen_share": 1.5}, "received 1.5, 0.8, 0.1"),
        ([[0]], {"mask_share": 0.95}, "received 0.15, 0.95, 0.1"),
    ],
)
def test_wrong_arguments_are_named(ids, shares, message):
    with pytest.raises(ValueError, match=message):
        mask(ids, **shares)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"mask_token_id": 99}, r"mask_token_id must be in \[0, 24\) .* received ids from 99"),
        ({"special": SPECIAL[1:]}, r"received \(24,\), \(24,\), \(23,\)"),
        ({"punctuation": SPECIAL[1:]}, r"received \(24,\), \(23,\), \(24,\)"),
    ],
)
def test_a_vocabulary_of_several_sizes_is_refused(changes, message):
    with pytest.raises(ValueError, match=message):
        vocabulary(**changes)


def test_a_vocabulary_is_described_by_its_tokens():
    tokens = ["<s>NOTUSED", "<pad>", "</s>NOTUSED", "<unk>", "<unk>NOTUSED", "<s>", "</s>", "▁le"]
    known = MaskingVocabulary.of_tokens(
        [*tokens, ".", "<mask>", "<x>"],
        [9, 10],
        bos_token_id=5,
        eos_token_id=6,
        pad_token_id=1,
        mask_token_id=9,
    )
    assert np.flatnonzero(~known.special).tolist() == [7, 8]
    assert np.flatnonzero(known.word_starts).tolist() == [7]
    assert np.flatnonzero(known.punctuation).tolist() == [8]


def test_special_ids_outside_the_vocabulary_are_refused():
    with pytest.raises(ValueError, match=r"special_ids must be in \[0, 5\) .* from 2 to 5"):
        special_table(5, [5, 2])
