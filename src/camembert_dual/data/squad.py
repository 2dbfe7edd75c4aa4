"""SQuAD's JSON, version 1.1 and 2.0: questions, contexts and answers.

The format is that of Rajpurkar et al. 2016 (https://arxiv.org/abs/1606.05250) and 2018
(https://arxiv.org/abs/1806.03822), whose questions may have no answer.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from camembert_dual.data.examples import QuestionExample
from camembert_dual.data.json_documents import Place, read_document


def read_squad(path: Path) -> Iterator[QuestionExample]:
    """Read the questions.

    Raises:
        CheckpointError: If the file breaks the format, or an answer does not stand where it says;
            the message has the line or the place.
        OSError: If the file cannot be read.
    """
    for article in read_document(path).items("data"):
        for paragraph in article.items("paragraphs"):
            context = paragraph.field("context", str).value
            for question in paragraph.items("qas"):
                yield QuestionExample(
                    key=question.field("id", str).value,
                    question=question.field("question", str).value,
                    context=context,
                    answers=tuple(_span(one, context) for one in _answers(question)),
                )


def _answers(question: Place) -> list[Place]:
    """The reference answers; version 2.0 says of a question that it has none."""
    is_impossible = question.value.get("is_impossible", False)
    answers = list(question.items("answers"))
    rule = "a question must have answers or be said to be impossible"
    question.require(bool(answers) != bool(is_impossible), rule, f"{len(answers)} answers")
    return answers


def _span(answer: Place, context: str) -> tuple[int, int]:
    text = answer.field("text", str).value
    start = answer.field("answer_start", int).value
    found = context[max(start, 0) : start + len(text)]
    answer.require(
        text and found == text, f"the context must hold {text!r} at {start}", repr(found)
    )
    return start, start + len(text)
