"""Beam search: rank the continuations of several texts a row together, and keep the best that end.

A group of beams is searched as a row of its own: B counts rows and groups here.
"""

import math
from typing import Any, NamedTuple

import tensorflow as tf

from camembert_dual.generation.modes import CONSTRAINED_BEAM
from camembert_dual.generation.plan import Plan
from camembert_dual.tf.generation.cache import (
    Answer,
    Call,
    DecoderCache,
    ends_text,
    read_next,
    read_prompt,
    repeat_answer,
    repeat_prompt,
    room_for,
    rows_of,
    take,
    take_rows,
    write,
)
from camembert_dual.tf.generation.candidates import Candidates, candidates_of, open_candidates
from camembert_dual.tf.generation.constrained import are_complete, constrained, may_be_returned
from camembert_dual.tf.generation.loop import Found, repeat
from camembert_dual.tf.layers import size_of

LOWEST = -1e9  # far below any log-probability, and still a number


class Texts(NamedTuple):
    """Some texts of each row.

    ``tokens`` (B, W, L), their ``scores`` (B, W), and ``rows`` (B, W, L): where among all that the
    model read in a step each token was scored, -1 for none.
    """

    tokens: tf.Tensor
    scores: tf.Tensor
    rows: tf.Tensor


class Beams(NamedTuple):
    """W unfinished and W finished texts of each row.

    The scores of the ``unfinished`` are summed log-probabilities, those of the ``finished`` are by
    length. ``length`` columns are written; ``offset`` (B) of them are padding of the prompt;
    ``is_open`` (B) says which rows may still find better texts, ``is_unfinished`` (B) which are to
    be searched on; ``cache`` has B W rows.
    """

    unfinished: Texts
    finished: Texts
    length: Any
    offset: tf.Tensor
    is_open: tf.Tensor
    is_unfinished: tf.Tensor
    cache: DecoderCache


def search_beams(call: Call) -> Found:
    """Find the best continuations of each prompt."""
    answer = repeat_answer(read_prompt(call), call.plan.num_beams)
    call = call._replace(prompt=repeat_prompt(call.prompt, call.plan.num_beams))
    beams = grow_beams(call, start_beams(call, answer), answer)
    beams = repeat(call, beams, lambda one: continue_beams(call, one))
    return best_texts(call, beams)


def start_beams(call: Call, answer: Answer) -> Beams:
    """Rows whose first beam alone counts, since all are the same."""
    width, prompt = call.plan.group_width, call.prompt
    tokens = room_for(prompt.tokens, call.limit, call.plan.padding)  # (B W, L)
    tokens = tf.reshape(tokens, [-1, width, size_of(tokens, 1)])  # (B, W, L)
    first = tf.where(tf.range(width) == 0, 0.0, LOWEST)
    scores = tf.zeros_like(tokens[..., 0], dtype=answer.logits.dtype) + tf.cast(
        first, answer.logits.dtype
    )
    unfinished = Texts(tokens, scores, -tf.ones_like(tokens))
    finished = unfinished._replace(
        scores=tf.fill(tf.shape(scores), tf.constant(-math.inf, scores.dtype))
    )
    real = tf.math.count_nonzero(prompt.mask, axis=1, dtype=tf.int32)
    offset = call.start - tf.reshape(real, [-1, width])[:, 0]
    every = tf.ones_like(offset, dtype=tf.bool)
    return Beams(unfinished, finished, call.start, offset, every, every, answer.cache)


def continue_beams(call: Call, beams: Beams) -> Beams:
    """Read the last tokens of all beams and rank what may follow."""
    answer = read_next(call, flat(beams.unfinished.tokens), beams.length, beams.cache)
    return grow_beams(call, beams, answer)


def grow_beams(call: Call, beams: Beams, answer: Answer) -> Beams:
    """Let the best continuations by the logits (B W, V) be the new beams; keep those that end."""
    plan = call.plan
    scores, found = candidates_of(call, beams, answer)  # (B, C)
    ends = may_end(call, beams, found)

    # a text may end where it is among the best W of all candidates
    is_high = tf.range(ends.shape[1]) < plan.group_width
    is_finished = ends & is_high & beams.is_open[:, None]
    by_end = by_length(found.totals, beams.length - beams.offset, plan)
    ended = grow_texts(beams, found)._replace(scores=tf.where(is_finished, by_end, -math.inf))
    finished = best_of(joined(beams.finished, ended), plan.group_width)

    following = next_candidates(call, beams, scores, found)  # (B, W)
    unfinished = grow_texts(beams, following)
    cache = take_rows(answer.cache, rows_of(following.parents, plan.group_width))
    length = beams.length + 1
    is_open = beams.is_open & can_improve(call, beams, found.totals[:, 0], finished.scores[:, -1])
    stops = tf.reduce_all(call.stops(scores, flat(unfinished.tokens), length))
    return Beams(unfinished, finished, length, beams.offset, is_open, is_open & ~stops, cache)


def may_end(call: Call, beams: Beams, found: Candidates) -> tf.Tensor:
    """Which candidates (B, C) are ends of texts that have all that they must."""
    ends = ends_text(found.tokens, call.plan)
    if call.plan.mode == CONSTRAINED_BEAM:
        ends = ends & take(are_complete(call.plan, beams), found.parents)
    return ends


def next_candidates(call: Call, beams: Beams, scores: tf.Tensor, found: Candidates) -> Candidates:
    """The candidates (B, W) to go on with."""
    following = open_candidates(found, call.plan)
    if call.plan.mode == CONSTRAINED_BEAM:
        return constrained(call.plan, beams, scores, following)
    return following


def grow_texts(beams: Beams, found: Candidates) -> Texts:
    """The candidates as texts (B, C, L), without scores yet."""
    before, length = pick(beams.unfinished, found.parents), beams.length
    rows = rows_of(found.parents, beams.unfinished.tokens.shape[1])
    rows = tf.reshape(rows, tf.shape(found.parents))
    tokens = write(before.tokens, found.tokens, length)
    return Texts(tokens, found.totals, write(before.rows, rows, length))


def by_length(totals: tf.Tensor, length: tf.Tensor, plan: Plan) -> tf.Tensor:
    """Divide log-probabilities (B, C) by the lengths (B) to the power of the penalty."""
    return totals / tf.cast(length, totals.dtype)[:, None] ** plan.length_penalty


def can_improve(call: Call, beams: Beams, best: tf.Tensor, worst_finished: tf.Tensor) -> tf.Tensor:
    """Which rows (B) lack finished texts, or may still find one better than the worst of them."""
    plan, is_full = call.plan, worst_finished > -math.inf
    if plan.early_stopping is True:
        return ~is_full
    longest = beams.length + 1 - beams.offset
    if plan.early_stopping == "never" and plan.length_penalty > 0:
        longest = call.limit - beams.offset
    return ~is_full | (worst_finished < by_length(best[:, None], longest, plan)[:, 0])


def best_texts(call: Call, beams: Beams) -> Found:
    """The best of finished and, where a row is still open, unfinished texts of all groups."""
    plan, columns = call.plan, beams.length - beams.offset
    scores = by_length(beams.unfinished.scores, columns, plan)
    is_answer = beams.is_open[:, None]
    if plan.mode == CONSTRAINED_BEAM:
        is_answer = is_answer & may_be_returned(plan, beams)
    scores = tf.where(is_answer, scores, -math.inf)
    texts = joined(beams.finished, beams.unfinished._replace(scores=scores))
    texts = best_of(texts, plan.group_width)
    texts = best_of(Texts(*(by_row(one, plan) for one in texts)), plan.num_returned)
    tokens, rows = flat(texts.tokens), tf.roll(flat(texts.rows), -call.start, 1)
    ends = ends_text(tokens[:, call.start :], plan)
    written = beams.length - call.start
    first = tf.argmax(tf.cast(ends, tf.int32), axis=1, output_type=tf.int32)
    lengths = tf.where(tf.reduce_any(ends, axis=1), first + 1, written)
    scores = tf.reshape(texts.scores, [-1])
    return Found(tokens, call.start + tf.reduce_max(lengths), scores, rows)


def by_row(values: tf.Tensor, plan: Plan) -> tf.Tensor:
    """Join the groups of a row: (B G, W, ...) to (B, G W, ...)."""
    rest = [size_of(values, axis) for axis in range(2, len(values.shape))]
    return tf.reshape(values, [-1, plan.num_beams, *rest])


def flat(values: tf.Tensor) -> tf.Tensor:
    """Rows for texts: (B, W, L) to (B W, L)."""
    return tf.reshape(values, [-1, size_of(values, 2)])


def joined(some: Texts, others: Texts) -> Texts:
    """Texts of the same rows together."""
    return Texts(*(tf.concat(pair, axis=1) for pair in zip(some, others, strict=True)))


def best_of(texts: Texts, count: int) -> Texts:
    """The texts of each row with the highest scores, the best first, the first of equal ones."""
    return pick(texts, tf.math.top_k(texts.scores, count)[1])


def pick(texts: Texts, index: tf.Tensor) -> Texts:
    """The texts that an index (B, C) names."""
    return Texts(*(take(one, index) for one in texts))
