"""The page of an evaluation: the right counts in it, nothing from elsewhere, nothing that runs."""

import json
import re

import numpy as np
import pytest

from camembert_dual.data.examples import ChoiceExample, QuestionExample, TextExample, WordsExample
from camembert_dual.tasks.measures import with_intervals
from camembert_dual.workflows.evaluate import Evaluation
from camembert_dual.workflows.evaluation_page import evaluation_page
from camembert_dual.workflows.marks import in_bins, marks_of, table_of
from camembert_dual.workflows.recipes import Data, Judged, recipe_of

LABELS = ("DET", "NOUN")
SCRIPT = "<script>alert(1)</script>"


def evaluation(word, examples, outputs, rows, labels=(), model="run/model"):
    """An evaluation of a model that says what we want."""
    recipe = recipe_of(word)
    answers = recipe.task.answers(outputs, rows, examples, labels)
    judged = Judged(answers, outputs, recipe.task.measures(answers, examples))
    scores = with_intervals(judged.measures, len(answers), 5)
    return Evaluation(
        word, model, "a.file", scores, Data(recipe, examples, rows, labels, None), judged
    )


@pytest.fixture
def words():
    """Five words of two sentences: one is wrong, with a probability of 1 / (1 + 1/e^3)."""
    examples = [
        WordsExample(("le", "chat", SCRIPT), ("DET", "NOUN", "NOUN")),
        WordsExample(("la", "mer"), ("DET", "NOUN")),
    ]
    # <s> le chat chat script </s>: "chat" has two tokens, of which the first counts
    first = np.array([[0, 0], [2, 0], [0, 1], [9, 0], [3, 0], [0, 0]], np.float32)
    second = np.array([[0, 0], [1, 0], [0, 2], [0, 0]], np.float32)
    rows = [
        {"example": 0, "words": [None, 0, 1, 1, 2, None]},
        {"example": 1, "words": [None, 0, 1, None]},
    ]
    return evaluation("pos", examples, [(first,), (second,)], rows, LABELS)


def test_every_word_has_its_mark(words):
    marks = marks_of(words)
    said = [(one.gold, one.answer, one.right, one.length) for one in marks]
    assert said == [
        ("DET", "DET", 1.0, 3),
        ("NOUN", "NOUN", 1.0, 3),
        ("NOUN", "DET", 0.0, 3),
        ("DET", "DET", 1.0, 2),
        ("NOUN", "NOUN", 1.0, 2),
    ]
    expected = [1 / (1 + np.exp(-one)) for one in (2, 1, 3, 1, 2)]
    np.testing.assert_allclose([one.confidence for one in marks], expected)
    assert marks[1].text == f"le [chat] {SCRIPT}"
    names, counts = table_of(marks)
    assert (names, counts.tolist()) == (["DET", "NOUN"], [[2, 0], [1, 2]])
    bins = in_bins(marks, [one.length for one in marks], [0, 2.5, 9])
    assert [(low, high, len(members)) for low, high, members in bins] == [(0, 2.5, 2), (2.5, 9, 3)]


def test_the_page_holds_what_was_measured_and_nothing_that_runs(words, tmp_path):
    history = [
        {"epoch": 1, "loss": 2.5, "scores": {"accuracy": 0.25}, "is_best": True},
        {"epoch": 2, "loss": 1.5, "scores": {"accuracy": 0.75}, "is_best": True},
    ]
    (tmp_path / "training_history.json").write_text(json.dumps(history), "utf-8")
    found = words._replace(model=str(tmp_path / "model"))
    page = evaluation_page([found, found._replace(model="another")])
    assert "accuracy</td><td>0.8000" in page
    assert "training loss: 2.5000 to 1.5000" in page
    assert "<tr><td>NOUN</td><td>1.0000</td><td>0.6667</td><td>0.8000</td><td>3</td></tr>" in page
    assert "&lt;script&gt;" in page
    assert "<script" not in page
    assert not re.search(r"(src|href)=|@import|url\(", page)
    assert set(re.findall(r"https?://[\w./]+", page)) <= {"http://www.w3.org/2000/svg"}
    assert page.count("<h2>") == 2


def test_texts_questions_and_choices_have_marks_too():
    texts = [TextExample("Un chat dort.", "a"), TextExample("Il pleut.", "b")]
    outputs = [(np.array([2.0, 0.0]),), (np.array([1.0, 0.0]),)]
    rows = [{"input_ids": [0, 2]}] * 2
    marks = marks_of(evaluation("classification", texts, outputs, rows, ("a", "b")))
    assert [(one.answer, one.right) for one in marks] == [("a", 1.0), ("a", 0.0)]
    choices = [ChoiceExample("Qui ?", ("lui", "elle"), (1,))]
    (mark,) = marks_of(evaluation("choice", choices, [(np.array([0.0, 3.0]),)], rows[:1]))
    assert (mark.gold, mark.answer, mark.right) == ("elle", "elle", 1.0)
    question = QuestionExample("1", "Où ?", "Paris dort", ((0, 5),))
    places = [(-1, -1), (0, 5), (6, 10), (-1, -1)]
    scores = np.array([0.0, 1.0, 0.0, 9.0, 9.0]), np.array([0.0, 0.0, 2.0, 9.0, 9.0])
    row = {"example": 0, "places": places}
    found = evaluation("qa", [question], [scores], [row])
    (mark,) = marks_of(found)
    # the best stretch is "Paris dort"; what lies outside of the context does not count
    assert (mark.answer, mark.right) == ("Paris dort", pytest.approx(2 / 3))
    assert "Où ?" in evaluation_page([found])
