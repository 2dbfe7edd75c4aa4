"""Answers in a context: windows of a question with its context, and the best stretches of them.

Letters: T tokens.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from camembert_dual.common.arrays import BoolArray, FloatArray, IntArray
from camembert_dual.common.errors import require
from camembert_dual.tasks.base import Answers, Kit, Prepared, parts_of
from camembert_dual.tokenization.batch_encoding import BatchEncoding

MAX_LENGTH, STRIDE = 384, 128  # tokens, of which windows share so many
FAR = -10000.0  # the logit of what is no part of the context


class Question(NamedTuple):
    """A question about a context."""

    question: str
    context: str


@dataclass(frozen=True)
class AnswerOptions:
    """How answers are looked for.

    Attributes:
        top_k: How many answers; one is given alone, not in a list.
        topk: An older word for it.
        doc_stride: Context tokens that windows share; half a window at most, 128 if None.
        max_answer_len: The most tokens of an answer.
        max_seq_len: The most tokens of a window, the question included; 384 if None.
        max_question_len: Accepted; a question that leaves no room for its context is refused.
        handle_impossible_answer: Whether no answer, the empty text, is an answer.
        align_to_words: Whether an answer that begins or ends within a word takes the whole word.
        padding: Accepted; it changes nothing.
    """

    top_k: int | None = None
    topk: int | None = None
    doc_stride: int | None = None
    max_answer_len: int = 15
    max_seq_len: int | None = None
    max_question_len: int = 64
    handle_impossible_answer: bool = False
    align_to_words: bool = True
    padding: Any = None

    def __post_init__(self) -> None:
        """Check the numbers."""
        given = (one for one in (self.top_k, self.topk) if one is not None)
        object.__setattr__(self, "top_k", next(given, 1))
        for name in ("top_k", "max_answer_len"):
            value = getattr(self, name)
            require(value >= 1, f"{name} must be at least 1", value)


def question_of(example: Any) -> Question:
    """Read a mapping, or an object with ``question_text`` and ``context_text``.

    Raises:
        ValueError: If it has no question or no context.
    """
    names = Question._fields
    if isinstance(example, Mapping):
        texts = [example.get(name) for name in names]
    else:
        texts = [getattr(example, f"{name}_text", None) for name in names]
    sound = all(isinstance(one, str) and one for one in texts)
    rule = 'A question must be {"question": ..., "context": ...}, two texts that are not empty'
    require(sound, rule, example)
    return Question(*texts)  # type: ignore[arg-type]


def prepare(kit: Kit, example: Any, options: AnswerOptions) -> Prepared:
    """Encode a question with the windows of its context.

    Raises:
        ValueError: If the windows do not fit the model or each other.
    """
    question, context = asked = question_of(example)
    longest = options.max_seq_len or min(kit.longest, MAX_LENGTH)
    shared = min(longest // 2, STRIDE) if options.doc_stride is None else options.doc_stride
    rule = f"doc_stride must be at most max_seq_len={longest}"
    require(shared <= longest, rule, shared)
    is_first = asks_first(kit)
    encoding = kit.tokenizer(
        [question if is_first else context],
        [context if is_first else question],
        truncation="only_second" if is_first else "only_first",
        max_length=longest,
        stride=shared,
        return_overflowing_tokens=True,
    )
    return Prepared(asked, parts_of(encoding, kit.tokenizer), encoding)


def asks_first(kit: Kit) -> bool:
    """Whether the question stands before the context; not where padding would."""
    return bool(kit.tokenizer.padding_side == "right")


def decode(
    kit: Kit, prepared: Prepared, answers: Sequence[Answers], options: AnswerOptions
) -> dict[str, Any] | list[dict[str, Any]]:
    """Turn the logits (T,) of starts and ends in each window into the most probable answers."""
    context, found, no_answer = prepared.example.context, [], 1.0
    for row, answer in enumerate(answers):
        sequence = int(asks_first(kit))
        allowed = allowed_tokens(kit, prepared.encoding, row, sequence)
        starts, ends = (
            probabilities(answer[name][: len(allowed)], allowed)
            for name in ("start_logits", "end_logits")
        )
        no_answer = min(no_answer, float(starts[0] * ends[0]))
        starts[0] = ends[0] = 0.0  # <s> stands for no answer
        for first, last, score in best_spans(starts, ends, allowed, options):
            span = characters(prepared.encoding, row, (first, last), sequence, options)
            found.append(answer_of(context, *span, score))
    if options.handle_impossible_answer:
        found.append(answer_of(context, 0, 0, no_answer))
    best = sorted(found, key=lambda one: -one["score"])[: options.top_k]
    return best[0] if len(best) == 1 else best


def answer_of(context: str, start: int, end: int, score: float) -> dict[str, Any]:
    """An answer as it is given."""
    return {"score": score, "start": start, "end": end, "answer": context[start:end]}


def allowed_tokens(kit: Kit, encoding: BatchEncoding, row: int, sequence: int) -> BoolArray:
    """Which tokens of a window (T,) are of the context, or the one that stands for no answer."""
    is_context = np.array([number == sequence for number in encoding.sequence_ids(row)])
    allowed: BoolArray = is_context | (np.array(encoding[row].ids) == kit.tokenizer.cls_token_id)
    return allowed


def probabilities(logits: FloatArray, allowed: BoolArray) -> FloatArray:
    """The probability of each token (T,) among those that are allowed."""
    kept = np.where(allowed, logits, np.float32(FAR))
    exponents = np.exp(kept - kept.max())
    shares: FloatArray = exponents / exponents.sum()
    return shares


def best_spans(
    starts: FloatArray, ends: FloatArray, allowed: BoolArray, options: AnswerOptions
) -> list[tuple[int, int, float]]:
    """The most probable stretches of a window: first and last token, and the probability."""
    reach = np.arange(len(ends))[None, :] - np.arange(len(starts))[:, None]
    is_span = (reach >= 0) & (reach < options.max_answer_len)
    scores = np.where(is_span, starts[:, None] * ends[None, :], -1.0)  # (T, T)
    count = min(options.top_k or 1, int(is_span.sum()))
    best: IntArray = np.argsort(-scores, axis=None, kind="stable")[:count]
    spans = zip(*np.unravel_index(best, scores.shape), strict=True)
    return [
        (int(first), int(last), float(scores[first, last]))
        for first, last in spans
        if allowed[first] and allowed[last]
    ]


def characters(
    encoding: BatchEncoding,
    row: int,
    span: tuple[int, int],
    sequence: int,
    options: AnswerOptions,
) -> tuple[int, int]:
    """The characters [start, end) of the context that a stretch of tokens stands for."""
    offsets = encoding[row].offsets
    start, end = offsets[span[0]][0], offsets[span[1]][1]
    words = [encoding.token_to_word(row, token) for token in span]
    if options.align_to_words and None not in words:
        first, last = (encoding.word_to_chars(row, word, sequence) for word in words)
        if first is not None and last is not None:
            return first.start, last.end
    return start, end
