"""Questions with choices against the counts of their corpora, and files that are malformed."""

import json
import re

import pytest

from camembert_dual.common.errors import CheckpointError
from camembert_dual.data.choices import read_choices, read_winograd
from camembert_dual.data.examples import (
    ChoiceExample,
)
from camembert_dual.data.readers import read_examples
from shared_data import shared


@pytest.mark.parametrize("part", ["train", "dev", "test"])
def test_exams_hold_what_their_page_says(part):
    path = shared(f"data/mc_frenchmedmcqa/{part}.json")
    page = (path.parent / "README.md").read_text("utf-8")
    stated = re.search(rf"{part}\.json: (\d+) questions, 5 choices each, (\d+) with a single", page)
    found = read_examples(path, "choice")
    assert len(found) == int(stated[1])
    assert {len(one.choices) for one in found} == {5}
    assert sum(len(one.correct) == 1 for one in found) == int(stated[2])


def test_schemas_put_each_candidate_in_the_place_of_the_pronoun():
    found = list(read_winograd(shared("data/mc_xwinograd_fr/test.tsv")))
    assert len(found) == 83
    assert all(len(one.choices) == 2 and len(one.correct) == 1 for one in found)
    assert found[0] == ChoiceExample(
        "La coupe n'entre pas dans la valise marron, car",
        ("La coupe est trop grande.", "la valise est trop grande."),
        (0,),
    )


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"answers": {"a": "x"}}, "[0]: there must be at least two answers; received 1."),
        ({"answers": {"a": "x", "b": 3}}, "[0].answers: b must be of type str; received int."),
        ({"correct_answers": ["c"]}, "[0]: correct_answers must be some of a, b; received ['c']."),
        ({"correct_answers": []}, "[0]: correct_answers must be some of a, b; received []."),
        ({"question": None}, "[0]: question must be of type str; received NoneType."),
    ],
    ids=str,
)
def test_malformed_choices_are_told_with_their_place(change, message, write):
    good = {"question": "?", "answers": {"a": "x", "b": "y"}, "correct_answers": ["b"]}
    path = write("a.json", json.dumps([good]))
    assert list(read_choices(path)) == [ChoiceExample("?", ("x", "y"), (1,))]
    path = write("a.json", json.dumps([good | change]))
    with pytest.raises(CheckpointError, match=re.escape(f"{path}: {message}")):
        list(read_choices(path))


@pytest.mark.parametrize(
    "cells",
    [
        ["Il dort."],
        ["Il dort.", "[", "[]", "[]"],
        ["Il dort.", '["Elle"]', '["il", [0, 1], []]', "[]"],
        ["Il dort.", '["Il"]', '["il", [3, 4], []]', "[]"],
        ["Il dort.", '["Il"]', '["il", [0, 1], []]', '[["a", 0, 0, false], ["b", 0, 0, 1]]'],
    ],
    ids=str,
)
def test_malformed_schemas_are_told_with_their_line(cells, write):
    path = write("a.tsv", "\n" + "\t".join(["fr", "original", "?", *cells]))
    with pytest.raises(CheckpointError, match=re.escape(f"{path}: line 2: ")):
        list(read_winograd(path))
