"""Questions about a context: windows to rows, spans to answers, answers against gold as in SQuAD.

The measures are those of Rajpurkar et al. 2016, section 4.1, and, where a question may have no
answer, 2018, section 4.
"""

from __future__ import annotations

import re
import string
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from camembert_dual.common.arrays import Array
from camembert_dual.common.model_names import QUESTION_ANSWERING
from camembert_dual.data.examples import QuestionExample
from camembert_dual.tasks.base import Tokenizer
from camembert_dual.tasks.measures import Measure, mean
from camembert_dual.tasks.question_answering import CONTEXT, SAMPLES, question_windows

LONGEST_ANSWER = 30  # tokens
STRIDE = 3  # a window shares a third of its tokens with the next
ARTICLES = re.compile(r"\b(a|an|the)\b")
NOWHERE = (-1, -1)


@dataclass(frozen=True)
class AnsweredQuestions:
    """Stretches of a context that answer a question."""

    measure: str = "f1"

    architecture: ClassVar[str] = QUESTION_ANSWERING

    def labels(self, examples: Sequence[QuestionExample]) -> tuple[str, ...]:
        """None: a span has no name."""
        return ()

    def config_options(self, labels: Sequence[str]) -> dict[str, Any]:
        """What the config says of the labels: nothing."""
        return {}

    def encode(
        self,
        examples: Sequence[QuestionExample],
        tokenizer: Tokenizer,
        labels: Sequence[str],
        max_length: int,
    ) -> list[Mapping[str, Any]]:
        """Make rows of the windows of each context; the first answer is learned."""
        encoding = question_windows(
            tokenizer,
            [one.question for one in examples],
            [one.context for one in examples],
            [one.answers[0] if one.answers else None for one in examples],
            max_length=max_length,
            stride=max_length // STRIDE,
            padding=False,
        )
        rows: list[Mapping[str, Any]] = []
        for row, example in enumerate(encoding[SAMPLES]):
            offsets, sequences = encoding[row].offsets, encoding.sequence_ids(row)
            places = [
                span if number == CONTEXT else NOWHERE
                for span, number in zip(offsets, sequences, strict=True)
            ]
            names = ("input_ids", "start_positions", "end_positions")
            values = {name: encoding[name][row] for name in names}
            rows.append({**values, "example": example, "places": places})
        return rows

    def answers(
        self,
        outputs: Sequence[tuple[Array, ...]],
        rows: Sequence[Mapping[str, Any]],
        examples: Sequence[QuestionExample],
        labels: Sequence[str],
    ) -> list[str]:
        """The best stretch over all windows; none where ``<s>`` scores higher in all of them.

        Answers are never empty if every question has one.
        """
        may_lack = any(not one.answers for one in examples)
        found: list[list[tuple[float, float, str]]] = [[] for _ in examples]
        for (starts, ends), row in zip(outputs, rows, strict=True):
            context = examples[row["example"]].context
            score, text = best_stretch(starts, ends, row["places"], context)
            found[row["example"]].append((score, float(starts[0] + ends[0]), text))
        answers = []
        for windows in found:
            score, _, text = max(windows)
            has_none = may_lack and min(null for _, null, _ in windows) > score
            answers.append("" if has_none else text)
        return answers

    def measures(
        self, answers: Sequence[str], examples: Sequence[QuestionExample]
    ) -> dict[str, Measure]:
        """Exact match and F1; these of answerable and of other questions, where there are both."""
        gold = [[one.context[start:end] for start, end in one.answers] for one in examples]
        pairs = list(zip(answers, gold, strict=True))
        exact = [best_of(exact_match, *pair) for pair in pairs]
        shared = [best_of(shared_words, *pair) for pair in pairs]
        measures = {"exact": mean(exact), "f1": mean(shared)}
        answerable = np.array([bool(one) for one in gold])
        if not answerable.all():
            measures["has_answer_f1"] = mean_where(answerable, shared)
            measures["no_answer"] = mean_where(~answerable, exact)
        return measures


def best_stretch(
    starts: Array, ends: Array, places: Sequence[tuple[int, int]], context: str
) -> tuple[float, str]:
    """Score and text of the best stretch of a window; places are characters of the context."""
    count = len(places)  # the rest is padding
    wide = [one.astype(np.float64) for one in (starts, ends)]
    inside = np.array([place != NOWHERE for place in places])
    scores = wide[0][:count, None] + wide[1][None, :count]  # (T, T)
    reach = np.arange(count)[None, :] - np.arange(count)[:, None]
    fits = (reach >= 0) & (reach < LONGEST_ANSWER) & inside[:, None] & inside[None, :]
    if not fits.any():
        return -np.inf, ""
    scores = np.where(fits, scores, -np.inf)
    first, last = np.unravel_index(scores.argmax(), scores.shape)
    text = context[places[int(first)][0] : places[int(last)][1]]
    return float(scores[first, last]), text.strip()


def mean_where(is_counted: Any, values: Sequence[float]) -> Measure:
    """The mean of the examples that count; NaN of a draw without one."""
    array = np.where(is_counted, values, np.nan)
    return lambda chosen: float(np.nanmean(array[chosen])) if is_counted[chosen].any() else np.nan


def normalised(text: str) -> str:
    """An answer as SQuAD compares it: no case, no punctuation, no English article, one blank."""
    bare = "".join(char for char in text.lower() if char not in string.punctuation)
    return " ".join(ARTICLES.sub(" ", bare).split())


def best_of(measure: Any, answer: str, gold: Sequence[str]) -> float:
    """The best that an answer scores against any reference; nothing is right if there is none."""
    return float(max(measure(answer, one) for one in gold or [""]))


def exact_match(answer: str, gold: str) -> float:
    """1 if two answers are the same."""
    return float(normalised(answer) == normalised(gold))


def shared_words(answer: str, gold: str) -> float:
    """The F1 of the words of two answers, each as often as it occurs."""
    found, right = normalised(answer).split(), normalised(gold).split()
    if not found or not right:
        return float(found == right)
    common = sum((Counter(found) & Counter(right)).values())
    return 2 * common / (len(found) + len(right))
