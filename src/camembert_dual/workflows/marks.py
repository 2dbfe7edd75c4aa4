"""The answers of an evaluation one by one: what was right, what was said, and how surely."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from camembert_dual.common.arrays import softmax
from camembert_dual.tasks.answered_questions import best_of, shared_words
from camembert_dual.workflows.evaluate import Evaluation

SEVERAL = ", "  # between the labels of one text


class Mark(NamedTuple):
    """One answer.

    Attributes:
        text: What it is about.
        gold: What is right.
        answer: What was said.
        right: How right that is, from 0 to 1.
        confidence: The probability of the answer; None where it has none.
        length: Of the example, in words or characters.
    """

    text: str
    gold: str
    answer: str
    right: float
    confidence: float | None
    length: int


def marks_of(found: Evaluation) -> list[Mark]:
    """The marks of an evaluation; none of a task whose answers are numbers."""
    return list(MARKERS[found.task](found)) if found.task in MARKERS else []


def _words(found: Evaluation) -> Iterator[Mark]:
    """A mark for each word."""
    sure: dict[tuple[int, int], float] = {}
    for (logits,), row in zip(found.judged.outputs, found.data.rows, strict=True):
        highest = softmax(logits.astype(np.float64)).max(axis=-1)  # (T)
        for token, word in reversed(list(enumerate(row["words"]))):
            if word is not None:  # the first token of a word is the last to say
                sure[row["example"], word] = float(highest[token])
    pairs = zip(found.data.examples, found.judged.answers, strict=True)
    for number, (example, answers) in enumerate(pairs):
        for place, (gold, answer) in enumerate(zip(example.labels, answers, strict=True)):
            words = [*example.words]
            words[place] = f"[{words[place]}]"
            around = " ".join(words[max(place - 8, 0) : place + 9])
            confidence = sure.get((number, place))
            yield Mark(around, gold, answer, float(gold == answer), confidence, len(words))


def _texts(found: Evaluation) -> Iterator[Mark]:
    """A mark for each text; of regressions none."""
    task = found.data.recipe.task
    if task.kind == "regression":
        return
    answered = zip(found.data.examples, found.judged.answers, found.judged.outputs, strict=True)
    for example, answer, (logits,) in answered:
        text = example.text if example.pair is None else f"{example.text} / {example.pair}"
        gold = task.names_of(example)
        several = task.kind == "multi"
        said = answer if several else (answer,)
        confidence = None if several else float(softmax(logits.astype(np.float64)).max())
        right = float(set(said) == set(gold))
        yield Mark(text, SEVERAL.join(gold), SEVERAL.join(said), right, confidence, len(text))


def _questions(found: Evaluation) -> Iterator[Mark]:
    """A mark for each question: the F1 of its answer."""
    for example, answer in zip(found.data.examples, found.judged.answers, strict=True):
        gold = [example.context[start:end] for start, end in example.answers]
        right = best_of(shared_words, answer, gold)
        length = len(example.context)
        yield Mark(example.question, SEVERAL.join(gold), answer, right, None, length)


def _choices(found: Evaluation) -> Iterator[Mark]:
    """A mark for each question with choices."""
    answered = zip(found.data.examples, found.judged.answers, found.judged.outputs, strict=True)
    for example, answer, (logits,) in answered:
        gold, said = (example.choices[one] for one in (example.correct[0], answer))
        confidence = float(softmax(logits.astype(np.float64)).max())
        right = float(answer in example.correct)
        yield Mark(example.question, gold, said, right, confidence, len(example.question))


MARKERS = {
    "pos": _words,
    "ner": _words,
    "classification": _texts,
    "pair": _texts,
    "qa": _questions,
    "choice": _choices,
}


def table_of(marks: Sequence[Mark]) -> tuple[list[str], Any]:
    """How often each label (L) was answered by each: their names, and counts (L, L)."""
    names = sorted({label for mark in marks for label in (mark.gold, mark.answer)})
    number = {name: index for index, name in enumerate(names)}
    counts = np.zeros((len(names), len(names)), np.int64)
    for mark in marks:
        counts[number[mark.gold], number[mark.answer]] += 1
    return names, counts


def in_bins(
    marks: Sequence[Mark], values: Sequence[float], edges: Sequence[float]
) -> list[tuple[float, float, list[Mark]]]:
    """The marks whose value is in each bin, both edges with them; empty bins are left out."""
    places = np.clip(np.searchsorted(edges, values, side="right") - 1, 0, len(edges) - 2)
    bins = [
        (edges[one], edges[one + 1], [marks[at] for at in np.flatnonzero(places == one).tolist()])
        for one in range(len(edges) - 1)
    ]
    return [(low, high, members) for low, high, members in bins if members]
