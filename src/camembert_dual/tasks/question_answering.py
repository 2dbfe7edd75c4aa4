"""Extractive question answering: texts to overlapping windows, and scores back to characters."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from camembert_dual.common.arrays import FloatArray
from camembert_dual.common.errors import require
from camembert_dual.tasks.base import Tokenizer
from camembert_dual.tokenization.batch_encoding import BatchEncoding

SAMPLES = "overflow_to_sample_mapping"
CONTEXT = 1  # the number of the context among the two sequences of a row


class Answer(NamedTuple):
    """A stretch of a context.

    Attributes:
        text: ``context[start:end]``.
        start: Its first character.
        end: The character behind it.
        score: The logits of its first and last token, added up.
    """

    text: str
    start: int
    end: int
    score: float


def question_windows(
    tokenizer: Tokenizer,
    questions: Sequence[str],
    contexts: Sequence[str],
    answers: Sequence[tuple[int, int] | None] | None = None,
    *,
    max_length: int = 384,
    stride: int = 128,
    padding: bool | str = True,
    return_tensors: str | None = None,
    **options: Any,
) -> BatchEncoding:
    """Encode questions with their contexts, cut into windows that overlap.

    Args:
        tokenizer: The tokenizer.
        questions: The questions.
        contexts: A context for every question.
        answers: For every question the characters [start, end) of its answer, or None.
        max_length: Tokens of a window, question and special tokens included.
        stride: Context tokens that neighbouring windows share.
        padding: As in the tokenizer's call.
        return_tensors: "np", "pt" or "tf"; lists by default.
        **options: Further options of the tokenizer's call.

    Returns:
        The inputs, and ``overflow_to_sample_mapping``; with ``answers`` also ``start_positions``
        and ``end_positions``, which are 0 (``<s>``) in windows that lack some of the answer.

    Raises:
        ValueError: If numbers of texts differ, or an answer lies outside its context.
    """
    encoding = tokenizer(
        list(questions),
        list(contexts),
        truncation="only_second",
        max_length=max_length,
        stride=stride,
        padding=padding,
        return_overflowing_tokens=True,
        **options,
    )
    if answers is not None:
        bounds = [_trimmed(text, span) for text, span in zip(contexts, answers, strict=True)]
        samples = encoding[SAMPLES]
        spans = [_tokens_of(encoding, row, bounds[sample]) for row, sample in enumerate(samples)]
        encoding["start_positions"] = [start for start, _ in spans]
        encoding["end_positions"] = [end for _, end in spans]
    return encoding.convert_to_tensors(return_tensors)


def best_answers(
    encoding: BatchEncoding,
    start_logits: Any,
    end_logits: Any,
    contexts: Sequence[str],
    *,
    max_answer_tokens: int = 30,
) -> list[Answer | None]:
    """Find the best stretch of every context over all of its windows.

    Args:
        encoding: What :func:`question_windows` returned.
        start_logits: Scores of every token as the first of the answer, windows by tokens.
        end_logits: Scores of every token as the last one.
        contexts: The contexts, as they were encoded.
        max_answer_tokens: Tokens of the longest answer to consider.

    Returns:
        An answer for every context; None where no window holds any of it.
    """
    best: list[Answer | None] = [None] * len(contexts)
    starts, ends = np.asarray(start_logits), np.asarray(end_logits)
    for row, sample in enumerate(np.asarray(encoding[SAMPLES]).tolist()):
        inside = np.array([number == CONTEXT for number in encoding.sequence_ids(row)])
        if not inside.any():
            continue
        starts_inside = np.where(inside, starts[row], -np.inf)
        ends_inside = np.where(inside, ends[row], -np.inf)
        first, last, score = _best_span(starts_inside, ends_inside, max_answer_tokens)
        found = best[sample]
        if found is None or score > found.score:
            best[sample] = _answer(encoding, row, first, last, contexts[sample], score)
    return best


def _best_span(starts: FloatArray, ends: FloatArray, longest: int) -> tuple[int, int, float]:
    """First and last of at most ``longest`` tokens with the highest sum of scores, and the sum."""
    scores = starts[:, None] + ends[None, :]  # (T, T)
    reach = np.arange(len(ends))[None, :] - np.arange(len(starts))[:, None]
    scores = np.where((reach >= 0) & (reach < longest), scores, -np.inf)
    first, last = np.unravel_index(scores.argmax(), scores.shape)
    return int(first), int(last), float(scores[first, last])


def _trimmed(context: str, span: tuple[int, int] | None) -> tuple[int, int] | None:
    """The stretch without the blanks at its ends, which belong to no token or to a neighbour's."""
    if span is None:
        return None
    start, end = span
    rule = f"An answer must lie in its context of {len(context)} characters"
    require(0 <= start < end <= len(context), rule, span)
    return _bare(context, start, end)


def _tokens_of(encoding: BatchEncoding, row: int, span: tuple[int, int] | None) -> tuple[int, int]:
    """First and last token of a stretch; ``<s>`` twice if the window does not hold all of it."""
    window = encoding[row]
    nowhere = window.attention_mask.index(1)
    tokens = [
        (start, end, token)
        for token, (start, end) in enumerate(window.offsets)
        if window.sequence_ids[token] == CONTEXT and start < end
    ]
    if span is None or not tokens or tokens[0][0] > span[0] or tokens[-1][1] < span[1]:
        return nowhere, nowhere
    inside = [token for start, end, token in tokens if start < span[1] and end > span[0]]
    return (inside[0], inside[-1]) if inside else (nowhere, nowhere)


def _answer(
    encoding: BatchEncoding, row: int, first: int, last: int, context: str, score: float
) -> Answer:
    offsets = encoding[row].offsets
    start, end = _bare(context, offsets[first][0], offsets[last][1])
    return Answer(context[start:end], start, end, score)


def _bare(context: str, start: int, end: int) -> tuple[int, int]:
    text = context[start:end]
    return start + len(text) - len(text.lstrip()), start + len(text.rstrip())
