"""Beam search: rank the continuations of several texts a row together, and keep the best that end.

Further letters of shapes: N tokens generated so far, W width of the beam, C candidates looked at.
"""

import math
from typing import Any, NamedTuple

import tensorflow as tf

from camembert_dual.generation.options_old import GenerationOptions
from camembert_dual.tf.generation.cache import (
    DecoderCache,
    Encoder,
    ends_text,
    last_tokens,
    next_logits,
    reorder_cache,
    repeat_rows,
    take,
)

LOWEST = -1e9  # far below any log-probability, and still a number


class Beams(NamedTuple):
    """W unfinished and W finished continuations of each row.

    ``new_tokens`` (B, W, N) and their summed log-probabilities ``scores`` (B, W);
    ``finished_tokens`` (B, W, N), padded, and their scores by length ``finished_scores`` (B, W);
    ``is_unfinished`` (B), whether the row is still searched; ``prompt_length`` (B); ``limit`` of N;
    ``cache`` has B W rows.
    """

    new_tokens: tf.Tensor
    scores: tf.Tensor
    finished_tokens: tf.Tensor
    finished_scores: tf.Tensor
    is_unfinished: tf.Tensor
    prompt_length: tf.Tensor
    limit: tf.Tensor
    cache: DecoderCache


def start_beams(
    prompt: tf.Tensor,
    mask: tf.Tensor,
    logits: tf.Tensor,
    cache: DecoderCache,
    limit: tf.Tensor,
    options: GenerationOptions,
) -> Beams:
    """Rows whose first beam alone counts, since all are the same."""
    rows, width = tf.shape(prompt)[0], options.num_beams
    new_tokens = tf.reshape(repeat_rows(prompt[:, :0], width), [rows, width, 0])
    first = tf.range(width) == 0
    scores = tf.tile(tf.cast(tf.where(first, 0.0, LOWEST), logits.dtype)[None], [rows, 1])  # (B, W)
    finished_scores = tf.fill(tf.shape(scores), tf.constant(-math.inf, scores.dtype))
    is_unfinished = tf.ones_like(prompt[:, 0], dtype=tf.bool)
    length = tf.math.count_nonzero(mask, axis=1, dtype=tf.int32)
    return Beams(
        new_tokens, scores, new_tokens, finished_scores, is_unfinished, length, limit, cache
    )


def continue_beams(model: Any, beams: Beams, encoder: Encoder, options: GenerationOptions) -> Beams:
    """Read the last tokens of all beams and rank what may follow."""
    logits, cache = next_logits(model, *last_tokens(beams.new_tokens), beams.cache, encoder)
    return grow_beams(beams, logits, cache, options)


def grow_beams(
    beams: Beams, logits: tf.Tensor, cache: DecoderCache, options: GenerationOptions
) -> Beams:
    """Let the best continuations by the logits (B W, V) be the new beams; keep those that end."""
    width, steps = options.num_beams, tf.shape(beams.new_tokens)[2]
    count = options.num_candidates
    totals, parents, tokens = best_candidates(beams.scores, logits, count)  # (B, C)
    grown = tf.concat([take(beams.new_tokens, parents), tokens[..., None]], axis=2)  # (B, C, N + 1)
    ends = ends_text(tokens, options)
    length = beams.prompt_length + steps  # (B,)

    # a text may end where it is among the best W of all candidates
    is_high = tf.range(tf.shape(tokens)[1]) < width
    may_end = ends & is_high & beams.is_unfinished[:, None]
    finished = tf.where(may_end, by_length(totals, length, options), -math.inf)
    finished_scores, best = tf.math.top_k(
        tf.concat([beams.finished_scores, finished], axis=1), width
    )
    padded = tf.pad(
        beams.finished_tokens, [[0, 0], [0, 0], [0, 1]], constant_values=options.padding
    )
    finished_tokens = take(tf.concat([padded, grown], axis=1), best)

    scores, best = tf.math.top_k(tf.where(~ends, totals, -math.inf), width)
    is_unfinished = beams.is_unfinished & can_improve(
        totals[:, 0], finished_scores[:, -1], length, beams, options
    )
    cache = reorder_cache(cache, take(parents, best))
    return beams._replace(
        new_tokens=take(grown, best),
        scores=scores,
        finished_tokens=finished_tokens,
        finished_scores=finished_scores,
        is_unfinished=is_unfinished,
        cache=cache,
    )


def best_candidates(
    scores: tf.Tensor, logits: tf.Tensor, count: int
) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """Rank the next tokens of all beams of a row together.

    Args:
        scores: Summed log-probabilities (B, W).
        logits: (B W, V).
        count: C, how many are wanted.

    Returns:
        The best sums, their beams and their tokens, each (B, C).
    """
    rows, width, words = *tf.unstack(tf.shape(scores)), logits.shape[1]
    added = tf.reshape(tf.nn.log_softmax(logits, axis=-1), [rows, width, words])
    totals = tf.reshape(scores[..., None] + added, [rows, width * words])  # (B, W V)
    totals, index = tf.math.top_k(totals, tf.minimum(count, width * words))
    return totals, index // words, index % words


def by_length(totals: tf.Tensor, length: tf.Tensor, options: GenerationOptions) -> tf.Tensor:
    """Divide log-probabilities (B, C) by the lengths (B) to the power of the penalty."""
    return totals / tf.cast(length, totals.dtype)[:, None] ** options.length_penalty


def can_improve(
    best: tf.Tensor,
    worst_finished: tf.Tensor,
    length: tf.Tensor,
    beams: Beams,
    options: GenerationOptions,
) -> tf.Tensor:
    """Which rows (B) lack finished texts, or may still find one better than the worst of them."""
    is_full = worst_finished > -math.inf
    if options.early_stopping is True:
        return ~is_full
    longest = length + 1
    if options.early_stopping == "never" and options.length_penalty > 0:
        longest = beams.prompt_length + beams.limit
    return ~is_full | (worst_finished < by_length(best[:, None], longest, options)[:, 0])


def best_sequences(beams: Beams, options: GenerationOptions) -> tf.Tensor:
    """The best of finished and, where a row is still searched, unfinished texts: (B, N), padded."""
    steps = tf.shape(beams.new_tokens)[2]
    unfinished = by_length(beams.scores, beams.prompt_length + steps, options)
    unfinished = tf.where(beams.is_unfinished[:, None], unfinished, -math.inf)
    best = tf.argmax(tf.concat([beams.finished_scores, unfinished], axis=1), axis=1)[:, None]
    sequences = take(tf.concat([beams.finished_tokens, beams.new_tokens], axis=1), best)[
        :, 0
    ]  # (B, N)
    ends = ends_text(sequences, options)
    first = tf.argmax(tf.cast(ends, tf.int32), axis=1, output_type=tf.int32)
    lengths = tf.where(tf.reduce_any(ends, axis=1), first + 1, steps)
    return sequences[:, : tf.reduce_max(lengths)]
