"""Rules that say among which words to draw, each as a function.

All take and give scores (R, V), as those of :mod:`camembert_dual.tf.generation.processors`. What
is not drawn has the score ``filter_value``; ``min_tokens_to_keep`` words are drawn in any case.
The papers are those of :class:`camembert_dual.generation.config.GenerationConfig`.
"""

import math
from collections.abc import Callable

import tensorflow as tf

from camembert_dual.tf.generation.cache import take
from camembert_dual.tf.generation.processors import Length


def temperature(
    scores: tf.Tensor, tokens: tf.Tensor, length: Length, temperature: float
) -> tf.Tensor:
    """Divide the scores: below 1 sharpens, above 1 flattens."""
    return scores / temperature


def top_k(
    scores: tf.Tensor,
    tokens: tf.Tensor,
    length: Length,
    top_k: int,
    filter_value: float = -math.inf,
    min_tokens_to_keep: int = 1,
) -> tf.Tensor:
    """Keep the k highest scores, and those equal to the last (Fan et al. 2018)."""
    lowest = kth_highest(scores, max(top_k, min_tokens_to_keep))
    return tf.where(scores >= lowest, scores, filter_value)


def top_p(
    scores: tf.Tensor,
    tokens: tf.Tensor,
    length: Length,
    top_p: float,
    filter_value: float = -math.inf,
    min_tokens_to_keep: int = 1,
) -> tf.Tensor:
    """Keep the fewest most probable words that reach this probability (Holtzman et al. 2020)."""
    ranked, order = tf.math.top_k(scores, scores.shape[1])
    probabilities = tf.nn.softmax(ranked, axis=-1)
    before = tf.roll(tf.cumsum(probabilities, axis=-1), 1, -1)  # the first is kept anyway
    is_first = tf.range(scores.shape[1]) < min_tokens_to_keep
    kept = unranked((before < top_p) | is_first, order)
    return tf.where(kept, scores, filter_value)


def top_k_top_p(
    logits: tf.Tensor,
    top_k: int = 0,
    top_p: float = 1.0,
    filter_value: float = -math.inf,
    min_tokens_to_keep: int = 1,
) -> tf.Tensor:
    """Keep the k highest scores (R, V), and of these what reaches a probability, in one call."""
    kept = {"filter_value": filter_value, "min_tokens_to_keep": min_tokens_to_keep}
    if top_k > 0:
        k = min(top_k, logits.shape[-1])
        logits = WARPERS["TopKLogitsWarper"](logits, None, None, k, **kept)
    return WARPERS["TopPLogitsWarper"](logits, None, None, top_p, **kept) if top_p < 1 else logits


def typical(
    scores: tf.Tensor,
    tokens: tf.Tensor,
    length: Length,
    mass: float = 0.9,
    filter_value: float = -math.inf,
    min_tokens_to_keep: int = 1,
) -> tf.Tensor:
    """Keep the words of the most expected surprise that reach a mass (Meister et al. 2022)."""
    surprise = -tf.nn.log_softmax(scores, axis=-1)
    distance = tf.abs(surprise - entropy(scores))  # (R, V)
    negated, order = tf.math.top_k(-distance, scores.shape[1])
    sums = tf.cumsum(tf.nn.softmax(take(scores, order), axis=-1), axis=-1)
    last = tf.math.count_nonzero(sums < mass, axis=-1, dtype=tf.int32)
    last = tf.clip_by_value(last, 0, scores.shape[1] - 1)[:, None]
    is_first = tf.range(scores.shape[1]) < min_tokens_to_keep
    kept = unranked((negated >= take(negated, last)) | is_first, order)
    return tf.where(kept, scores, filter_value)


def epsilon(
    scores: tf.Tensor,
    tokens: tf.Tensor,
    length: Length,
    epsilon: float,
    filter_value: float = -math.inf,
    min_tokens_to_keep: int = 1,
) -> tf.Tensor:
    """Keep the words that are at least as probable (Hewitt et al. 2022)."""
    is_low = tf.nn.softmax(scores, axis=-1) < epsilon
    is_low = is_low & (scores < kth_highest(scores, min_tokens_to_keep))
    return tf.where(~is_low, scores, filter_value)


def eta(
    scores: tf.Tensor,
    tokens: tf.Tensor,
    length: Length,
    epsilon: float,
    filter_value: float = -math.inf,
    min_tokens_to_keep: int = 1,
) -> tf.Tensor:
    """Keep the words above a bound that falls with the entropy (Hewitt et al. 2022)."""
    bound = tf.clip_by_value(math.sqrt(epsilon) * tf.exp(-entropy(scores)), 0.0, epsilon)  # (R, 1)
    is_low = tf.nn.softmax(scores, axis=-1) < bound
    is_low = is_low & (scores < kth_highest(scores, min_tokens_to_keep))
    return tf.where(~is_low, scores, filter_value)


WARPERS: dict[str, Callable[..., tf.Tensor]] = {
    "TemperatureLogitsWarper": temperature,
    "TopKLogitsWarper": top_k,
    "TopPLogitsWarper": top_p,
    "TypicalLogitsWarper": typical,
    "EpsilonLogitsWarper": epsilon,
    "EtaLogitsWarper": eta,
}


def kth_highest(scores: tf.Tensor, count: int) -> tf.Tensor:
    """The score (R, 1) of rank ``count``, or the lowest."""
    return tf.math.top_k(scores, min(count, scores.shape[1])).values[:, -1:]


def unranked(ranked: tf.Tensor, order: tf.Tensor) -> tf.Tensor:
    """Put what was sorted in an order (R, V) back into its places."""
    return take(ranked, tf.argsort(order, axis=-1))


def entropy(scores: tf.Tensor) -> tf.Tensor:
    """The expected surprise (R, 1)."""
    surprise = -tf.nn.log_softmax(scores, axis=-1)
    expected = tf.where(scores > -math.inf, tf.exp(-surprise) * surprise, 0.0)
    return tf.reduce_sum(expected, axis=-1, keepdims=True)
