"""What is read from data: one plain example for each kind of task."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class WordsExample:
    """A sentence as words, with a label for each.

    Attributes:
        words: The words.
        labels: As many labels.
    """

    words: tuple[str, ...]
    labels: tuple[str, ...]


@dataclass(frozen=True)
class TextExample:
    """A text, or a pair of texts, with what it is.

    Attributes:
        text: The text.
        label: A class, several classes, or a number; None if it is not known.
        pair: The second text of a pair.
    """

    text: str
    label: str | tuple[str, ...] | float | None = None
    pair: str | None = None


@dataclass(frozen=True)
class SimilarTexts:
    """Texts that mean the same, and one that does not.

    Attributes:
        anchor: A text.
        positive: Another that means the same.
        negative: One that does not, if there is one.
    """

    anchor: str
    positive: str
    negative: str | None = None


@dataclass(frozen=True)
class QuestionExample:
    """A question about a context.

    Attributes:
        key: Its id.
        question: The question.
        context: The text that may answer it.
        answers: Each reference answer: the characters [start, end) of the context; none if the
            context does not answer.
    """

    key: str
    question: str
    context: str
    answers: tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class ChoiceExample:
    """A question with choices.

    Attributes:
        question: The question.
        choices: The choices.
        correct: Numbers of the right ones.
    """

    question: str
    choices: tuple[str, ...]
    correct: tuple[int, ...]
