"""Rules that end the search, each as a function of the texts.

All take the texts' tokens (R, S), of which ``length`` columns are written, and the scores (R, V)
that chose the last one; all give which texts (R,) end. They are named after the classes of
``transformers`` 4.34 whose arguments they take.
"""

from collections.abc import Callable
from typing import Any

import tensorflow as tf

from camembert_dual.tf.generation.processors import Length


def max_length(
    tokens: tf.Tensor,
    length: Length,
    scores: Any,
    max_length: Length,
    max_position_embeddings: int | None = None,
) -> tf.Tensor:
    """End texts that have so many tokens with their prompt."""
    return all_or_none(tokens, length >= max_length)


def max_new_tokens(
    tokens: tf.Tensor, length: Length, scores: Any, start_length: Length, max_new_tokens: int
) -> tf.Tensor:
    """End texts that have so many tokens after their prompt."""
    return all_or_none(tokens, length >= start_length + max_new_tokens)


def max_time(
    tokens: tf.Tensor, length: Length, scores: Any, max_time: float, initial_timestamp: float
) -> tf.Tensor:
    """End all texts so many seconds after a moment."""
    return all_or_none(tokens, now() - initial_timestamp > max_time)


CRITERIA: dict[str, Callable[..., tf.Tensor]] = {
    "MaxLengthCriteria": max_length,
    "MaxNewTokensCriteria": max_new_tokens,
    "MaxTimeCriteria": max_time,
}


def all_or_none(tokens: tf.Tensor, ends: bool | tf.Tensor) -> tf.Tensor:
    """The same answer for each of the texts (R, S): (R,)."""
    return tf.ones(tf.shape(tokens)[0], dtype=tf.bool) & ends


def now() -> tf.Tensor:
    """Seconds since 1970."""
    return tf.timestamp()
