"""Entities in columns: every scheme, and the counts that the corpus states."""

import json
import re
from collections import Counter

import pytest

from camembert_dual.common.errors import CheckpointError
from camembert_dual.data.bio import as_iob2, read_bio
from camembert_dual.data.examples import (
    WordsExample,
)
from shared_data import shared

SCHEMES = {
    "IOB1": "I-PER I-PER O I-LOC B-LOC I-LOC I-PER O I-ORG",
    "IOB2": "B-PER I-PER O B-LOC B-LOC I-LOC B-PER O B-ORG",
    "BILOU": "B-PER L-PER O U-LOC B-LOC L-LOC U-PER O U-ORG",
    "BIOES": "B-PER E-PER O S-LOC B-LOC E-LOC S-PER O S-ORG",
}


@pytest.mark.parametrize("scheme", SCHEMES)
def test_every_scheme_is_read_as_iob2(scheme):
    assert as_iob2(SCHEMES[scheme].split()) == SCHEMES["IOB2"].split()


def test_entities_are_read_from_the_first_and_the_last_column(write):
    text = "-DOCSTART- -X- O\n\nParis NNP B-NP I-LOC\ndort\tVB\tO\r\n\n\n. O"
    assert list(read_bio(write("a.bio", text))) == [
        WordsExample(("Paris", "dort"), ("B-LOC", "O")),
        WordsExample((".",), ("O",)),
    ]


@pytest.mark.parametrize("part", ["train", "dev", "test"])
def test_newspapers_hold_what_their_page_says(part):
    path = shared(f"data/ner_europeana_fr/{part}.bio")
    page = (path.parent / "README.md").read_text("utf-8")
    stated = re.search(rf"{part}\.bio: (\d+) segments, (\d+) tokens, entities (.*)", page)
    found = list(read_bio(path))
    assert (len(found), sum(len(one.words) for one in found)) == (int(stated[1]), int(stated[2]))
    kinds = Counter(tag[2:] for one in found for tag in one.labels if tag.startswith("B-"))
    assert kinds == json.loads(stated[3].replace("'", '"'))


def test_the_original_newspapers_have_no_beginnings_and_are_read_all_the_same():
    path = shared("data/ner_europeana_fr/enp_FR.bnf.bio")
    assert " B-" not in path.read_text("utf-8")
    (whole,) = read_bio(path)
    kinds = Counter(tag[2:] for tag in whole.labels if tag.startswith("B-"))
    page = (path.parent / "README.md").read_text("utf-8")
    parts = [json.loads(one.replace("'", '"')) for one in re.findall(r"entities (\{.*\})", page)]
    assert len(parts) == 3
    assert kinds == sum(map(Counter, parts), Counter())


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("Paris B-LOC\ndort\n", "line 2: a line must hold a word and its tag"),
        ("Paris LOC\n", "line 1: a tag must be O, or B-, I-, L-, U-, E- or S- and a kind"),
        ("Paris B-\n", "line 1: a tag must be O"),
    ],
)
def test_a_malformed_line_of_entities_is_told(content, message, write):
    path = write("a.bio", content)
    with pytest.raises(CheckpointError, match=re.escape(f"{path}: {message}")):
        list(read_bio(path))
