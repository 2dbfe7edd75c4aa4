"""Greedy and drawn continuations: one text a row, one token a step."""

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
    take,
)


class Sequences(NamedTuple):
    """One continuation of each row.

    ``new_tokens`` (B, N), at most ``limit`` of them; ``is_unfinished`` (B), whether more may
    follow.
    """

    new_tokens: tf.Tensor
    is_unfinished: tf.Tensor
    limit: tf.Tensor
    cache: DecoderCache


def start_sequences(prompt: tf.Tensor, cache: DecoderCache, limit: tf.Tensor) -> Sequences:
    """Rows without new tokens."""
    is_unfinished = tf.ones_like(prompt[:, 0], dtype=tf.bool)
    return Sequences(prompt[:, :0], is_unfinished, limit, cache)


def continue_sequences(
    model: Any,
    sequences: Sequences,
    encoder: Encoder,
    uniforms: tf.Tensor,
    options: GenerationOptions,
) -> Sequences:
    """Read the last tokens and choose the next ones."""
    logits, cache = next_logits(model, *last_tokens(sequences.new_tokens), sequences.cache, encoder)
    return grow_sequences(sequences, logits, cache, uniforms, options)


def grow_sequences(
    sequences: Sequences,
    logits: tf.Tensor,
    cache: DecoderCache,
    uniforms: tf.Tensor,
    options: GenerationOptions,
) -> Sequences:
    """Give each unfinished row a token by its logits (B, V), and each finished row padding."""
    chosen = next_tokens(logits, uniforms[tf.shape(sequences.new_tokens)[1]], options)
    chosen = tf.where(sequences.is_unfinished, chosen, options.padding)  # (B,)
    new_tokens = tf.concat([sequences.new_tokens, chosen[:, None]], axis=1)
    is_unfinished = sequences.is_unfinished & ~ends_text(chosen, options)
    return Sequences(new_tokens, is_unfinished, sequences.limit, cache)


def next_tokens(logits: tf.Tensor, uniforms: tf.Tensor, options: GenerationOptions) -> tf.Tensor:
    """Choose a token for each row: the most probable one, or by a number in [0, 1).

    Args:
        logits: (B, V).
        uniforms: (B).
        options: Whether to draw, and from what.

    Returns:
        Tokens (B).
    """
    if not options.do_sample:
        return tf.argmax(logits, axis=-1, output_type=tf.int32)
    ranked, tokens = tf.math.top_k(logits / options.temperature, logits.shape[1])
    ranked = filter_top_p(filter_top_k(ranked, options.top_k), options.top_p)
    return take(tokens, draw(ranked, uniforms)[:, None])[:, 0]


def filter_top_k(ranked: tf.Tensor, top_k: int | None) -> tf.Tensor:
    """Keep the ``top_k`` highest logits of each falling row (B, V), and those equal to the last."""
    if top_k is None or top_k >= ranked.shape[1]:
        return ranked
    return tf.where(ranked >= ranked[:, top_k - 1 : top_k], ranked, -math.inf)


def filter_top_p(ranked: tf.Tensor, top_p: float | None) -> tf.Tensor:
    """Keep the first logits of each falling row (B, V) that have ``top_p`` together."""
    if top_p is None:
        return ranked
    probabilities = tf.nn.softmax(ranked, axis=-1)
    before = tf.cumsum(probabilities, axis=-1) - probabilities
    return tf.where(before < top_p, ranked, -math.inf)


def draw(ranked: tf.Tensor, uniforms: tf.Tensor) -> tf.Tensor:
    """Draw a column of logits (B, V): where the summed probability passes the row's number (B)."""
    sums = tf.cumsum(tf.nn.softmax(ranked, axis=-1), axis=-1)
    passed = sums <= tf.cast(uniforms[:, None], sums.dtype) * sums[:, -1:]
    return tf.math.count_nonzero(passed, axis=-1, dtype=tf.int32)
