"""What may follow the beams of a row: the most probable continuations, or drawn ones."""

import math
from typing import Any, NamedTuple

import tensorflow as tf

from camembert_dual.generation.modes import BEAM_SAMPLE, GROUP_BEAM
from camembert_dual.generation.plan import Plan
from camembert_dual.tf.generation.cache import Answer, Call, ends_text, take
from camembert_dual.tf.generation.sampling import draw
from camembert_dual.tf.layers import size_of


class Candidates(NamedTuple):
    """Summed log-probabilities, beams and tokens of continuations, each (B, C), falling."""

    totals: tf.Tensor
    parents: tf.Tensor
    tokens: tf.Tensor


def candidates_of(call: Call, beams: Any, answer: Answer) -> tuple[tf.Tensor, Candidates]:
    """Rank the next tokens of all beams of a row together.

    Args:
        call: How to search.
        beams: The beams.
        answer: What the model says of them.

    Returns:
        The processed scores (B W, V), and the best candidates of each row.
    """
    words = tf.nn.log_softmax(answer.logits, axis=-1)  # (B W, V)
    find = {BEAM_SAMPLE: drawn, GROUP_BEAM: grouped}.get(call.plan.mode, ranked)
    scores, found = find(call, beams, words)
    if call.observer is not None:
        call.observer.saw(scores=scores, **answer.internals)
    return scores, found


def ranked(call: Call, beams: Any, words: tf.Tensor) -> tuple[tf.Tensor, Candidates]:
    """The most probable continuations."""
    scores = call.process(words, tokens_of(beams), beams.length)
    return scores, best(summed(scores, beams.unfinished.scores), call.plan.num_candidates, scores)


def drawn(call: Call, beams: Any, words: tf.Tensor) -> tuple[tf.Tensor, Candidates]:
    """Continuations drawn without putting any back; warped together with what they continue."""
    tokens, length = tokens_of(beams), beams.length
    processed = call.process(words, tokens, length)
    so_far = tf.reshape(beams.unfinished.scores, [-1, 1])
    totals = call.warp(processed + so_far, tokens, length)  # (B W, V)
    totals = tf.reshape(totals, [-1, call.plan.num_beams * words.shape[1]])  # (B, W V)
    index, left = [], totals
    numbers = call.uniforms[length - call.start]  # (B, C)
    for number in range(call.plan.num_candidates):
        column = draw(left, numbers[:, number])  # (B,)
        index.append(column)
        is_drawn = tf.range(left.shape[1]) == column[:, None]
        left = tf.where(~is_drawn, left, -math.inf)
    columns = tf.stack(index, axis=1)  # (B, C)
    chosen, order = tf.math.top_k(take(totals, columns), call.plan.num_candidates)
    columns, count = take(columns, order), words.shape[1]
    scores = call.warp(processed, tokens, length)
    return scores, Candidates(chosen, columns // count, columns % count)


def grouped(call: Call, beams: Any, words: tf.Tensor) -> tuple[tf.Tensor, Candidates]:
    """The most probable continuations of each group, which is told what those before it take."""
    plan, length, count = call.plan, beams.length, words.shape[1]
    by_group = (-1, plan.num_groups, plan.group_width)
    words = tf.reshape(words, [*by_group, count])  # (B, G, W, V)
    tokens = tf.reshape(tokens_of(beams), [*by_group, size_of(beams.unfinished.tokens, 2)])
    so_far = tf.reshape(beams.unfinished.scores, by_group)
    is_open = tf.reshape(beams.is_open, by_group[:2])
    current = tf.reshape(tf.zeros_like(so_far, dtype=tf.int32), [-1, plan.num_beams])
    all_scores, all_found = [], []
    for group in range(plan.num_groups):
        own = tf.reshape(tokens[:, group], [-1, size_of(tokens, 3)])  # (B W, L)
        group_of = {"current_tokens": tf.reshape(current, [-1]), "beam_group_idx": group}
        scores = call.process(tf.reshape(words[:, group], [-1, count]), own, length, **group_of)
        found = best(summed(scores, so_far[:, group]), plan.num_candidates, scores)
        chosen = open_candidates(found, plan).tokens
        chosen = tf.where(is_open[:, group, None], chosen, plan.padding)
        first = group * plan.group_width
        after = current[:, first + plan.group_width :]
        current = tf.concat([current[:, :first], tf.cast(chosen, current.dtype), after], axis=1)
        all_scores.append(tf.reshape(scores, [-1, plan.group_width, count]))
        all_found.append(found)
    scores = tf.reshape(tf.stack(all_scores, axis=1), [-1, count])  # (B G W, V)
    parts = (tf.stack(one, axis=1) for one in zip(*all_found, strict=True))  # (B, G, C)
    return scores, Candidates(*(tf.reshape(one, [-1, plan.num_candidates]) for one in parts))


def open_candidates(found: Candidates, plan: Plan) -> Candidates:
    """The best candidates (B, W) that do not end a text."""
    scores = tf.where(~ends_text(found.tokens, plan), found.totals, -math.inf)
    totals, index = tf.math.top_k(scores, plan.group_width)
    return Candidates(totals, take(found.parents, index), take(found.tokens, index))


def tokens_of(beams: Any) -> tf.Tensor:
    """The tokens of all beams as rows (B W, L)."""
    tokens = beams.unfinished.tokens
    return tf.reshape(tokens, [-1, size_of(tokens, 2)])


def summed(scores: tf.Tensor, so_far: tf.Tensor) -> tf.Tensor:
    """Scores of words (B W, V) added to those of the beams (B, W): (B, W V)."""
    width, words = so_far.shape[1], scores.shape[1]
    totals = tf.reshape(scores, [-1, width, words]) + so_far[..., None]
    return tf.reshape(totals, [-1, width * words])


def best(totals: tf.Tensor, count: int, scores: tf.Tensor) -> Candidates:
    """The highest totals (B, W V) of scores (B W, V), at most so many."""
    words = scores.shape[1]
    totals, index = tf.math.top_k(totals, min(count, totals.shape[1]))
    return Candidates(totals, index // words, index % words)
