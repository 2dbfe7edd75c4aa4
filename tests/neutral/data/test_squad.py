"""Questions with answers or none, against the counts of PIAF and files that are malformed."""

import json
import re

import pytest

from camembert_dual.common.errors import CheckpointError
from camembert_dual.data.examples import (
    QuestionExample,
)
from camembert_dual.data.readers import read_examples
from camembert_dual.data.squad import read_squad
from shared_data import shared

CONTEXT = "Le camembert vient de Normandie."


def squad(answers, **more):
    question = {"id": "q1", "question": "D'où ?", "answers": answers, **more}
    return {"data": [{"title": "t", "paragraphs": [{"context": CONTEXT, "qas": [question]}]}]}


def test_questions_have_several_answers_or_none(write):
    answers = [{"text": "Normandie", "answer_start": 22}, {"text": "de N", "answer_start": 19}]
    (one,) = read_squad(write("a.json", json.dumps(squad(answers))))
    assert one == QuestionExample("q1", "D'où ?", CONTEXT, ((22, 31), (19, 23)))
    (one,) = read_squad(write("b.json", json.dumps(squad([], is_impossible=True))))
    assert one.answers == ()


@pytest.mark.parametrize("part", ["train", "dev", "test"])
def test_piaf_holds_what_its_page_says(part):
    path = shared(f"data/qa_piaf/piaf-v1.1.{part}.json")
    page = (path.parent / "README.md").read_text("utf-8")
    stated = re.search(rf"{path.name}: .* (\d+) questions, (\d+) answers", page)
    found = read_examples(path, "qa")
    assert (len(found), sum(len(one.answers) for one in found)) == (int(stated[1]), int(stated[2]))


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ('{"data": [\n  {,\n', "line 2: the file must be JSON in UTF-8; received"),
        (b'{\n"a": "\xe9"}', "line 2: the file must be JSON in UTF-8; received"),
        ("[" * 100_000, "line 1: the file must be JSON in UTF-8; received"),
        ("[]", "the document: there must be an object; received list."),
        ({"data": {}}, "the document: data must be of type list; received dict."),
        ({"data": [{}]}, "data[0]: paragraphs must be of type list; received NoneType."),
        (squad([]), "data[0].paragraphs[0].qas[0]: a question must have answers or be said"),
        (
            squad([{"text": "Normandie", "answer_start": 21}]),
            "qas[0].answers[0]: the context must hold 'Normandie' at 21; received ' Normandi'.",
        ),
        (squad([{"text": "Le", "answer_start": True}]), "answer_start must be of type int"),
        (squad([{"text": ".", "answer_start": -1}]), "the context must hold '.' at -1"),
    ],
    ids=str,
)
def test_malformed_questions_are_told_with_their_place(document, message, write):
    content = json.dumps(document) if isinstance(document, dict) else document
    path = write("a.json", content)
    with pytest.raises(CheckpointError, match=re.escape(message)) as caught:
        list(read_squad(path))
    assert str(caught.value).startswith(f"{path}: ")
