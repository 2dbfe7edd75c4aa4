"""Text files into paragraphs, and the share of sentences that training never sees."""

import math
from pathlib import Path

import numpy as np
import pytest

from camembert_dual.data.text import (
    WeightedText,
    is_held_out,
    oversample,
    read_documents,
    read_lines,
    split_held_out,
    unseen,
)


@pytest.fixture
def text_file(tmp_path):
    path = tmp_path / "texte.txt"
    path.write_bytes(
        "\ufeff  Première\tligne\u00a0! \r\nL’été,  c'est  loin…\r\n\r\n \r\n"
        "Un ﬁlet\u2028de voix\nDernière ligne".encode()
    )
    return path


def test_empty_lines_part_documents_and_only_spaces_change(text_file):
    assert list(read_documents(text_file)) == [
        ["Première ligne !", "L’été, c'est loin…"],
        ["Un ﬁlet de voix", "Dernière ligne"],
    ]


def test_lines_are_the_paragraphs_of_all_documents(text_file):
    expected = [line for document in read_documents(text_file) for line in document]
    assert list(read_lines(text_file)) == expected


def test_an_empty_file_has_no_documents(tmp_path):
    path = tmp_path / "vide.txt"
    path.write_text("\n \n", encoding="utf-8")
    assert list(read_documents(path)) == []


def test_another_encoding_is_refused_by_name(tmp_path):
    path = tmp_path / "latin.txt"
    path.write_bytes("été".encode("latin-1"))
    with pytest.raises(ValueError, match=r"latin\.txt: text must be UTF-8; received"):
        list(read_lines(path))


SENTENCES = [f"La phrase numéro {number} parle d’autre chose." for number in range(3001)]


@pytest.mark.parametrize("fraction", [0.0, 0.05, 0.5, 1.0])
def test_the_split_keeps_the_asked_share_and_every_sentence(fraction):
    train, held_out = split_held_out(SENTENCES, fraction=fraction)
    assert sorted(train + held_out) == sorted(SENTENCES)
    tolerance = 5 * math.sqrt(len(SENTENCES) * fraction * (1 - fraction))
    assert abs(len(held_out) - fraction * len(SENTENCES)) <= tolerance


def test_the_side_of_a_sentence_does_not_depend_on_the_others():
    _, held_out = split_held_out(SENTENCES, fraction=0.1, seed=3)
    _, from_fewer = split_held_out(reversed(SENTENCES[::3]), fraction=0.1, seed=3)
    assert set(from_fewer) == set(held_out) & set(SENTENCES[::3])


def test_a_larger_share_contains_the_smaller_and_another_seed_is_another_share():
    _, small = split_held_out(SENTENCES, fraction=0.1)
    _, large = split_held_out(SENTENCES, fraction=0.3)
    _, other = split_held_out(SENTENCES, fraction=0.1, seed=1)
    assert set(small) < set(large)
    assert len(set(small) & set(other)) < 0.3 * len(small)


def test_quotes_case_and_spaces_do_not_change_the_side():
    for sentence in SENTENCES[:200]:
        twin = sentence.replace("’", "'").upper().replace(".", " !")
        assert is_held_out(twin, fraction=0.5) == is_held_out(sentence, fraction=0.5)


def test_a_share_beyond_all_is_refused():
    with pytest.raises(ValueError, match=r"fraction must be within 0 and 1; received 1\.5"):
        split_held_out(SENTENCES, fraction=1.5)


def test_sentences_that_training_says_too_are_dropped():
    evaluation = ["Qu’importe.", "C’est neuf.", "Mon père."]
    assert unseen(evaluation, ["Qu'importe !", "mon père", "C’est neuf ici."]) == ["C’est neuf."]


@pytest.mark.parametrize("weight", [0.0, 0.3, 1.0, 2.0, 2.7])
def test_rows_are_read_as_often_as_their_weight_says(weight):
    rows = oversample(101, weight, rng=np.random.default_rng(0))
    counts = np.bincount(rows, minlength=101)
    assert counts.size == 101
    assert counts.sum() == round(101 * weight)
    assert set(counts.tolist()) <= {math.floor(weight), math.ceil(weight)}


def test_the_fraction_of_a_weight_falls_on_other_rows_each_time():
    rng = np.random.default_rng(0)
    first, second = (oversample(101, 1.5, rng=rng).tolist() for _ in range(2))
    assert first != second


@pytest.mark.parametrize("weight", [0.0, -1.0, math.nan, math.inf])
def test_a_source_needs_a_weight_above_zero(weight):
    with pytest.raises(ValueError, match=f"of a.txt must be finite and above 0; received {weight}"):
        WeightedText(Path("a.txt"), weight)


@pytest.mark.parametrize(("count", "weight"), [(-1, 1.0), (3, -0.5), (3, math.nan)])
def test_wrong_numbers_of_readings_are_named(count, weight):
    with pytest.raises(ValueError, match=f"received {count} and {weight}"):
        oversample(count, weight, rng=np.random.default_rng(0))
