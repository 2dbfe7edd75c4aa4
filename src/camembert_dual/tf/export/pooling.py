"""Vectors of texts as a Keras layer, for a functional model or a SavedModel."""

from typing import Any

import keras
import tensorflow as tf

from camembert_dual.common.errors import require
from camembert_dual.tasks.feature_extraction import POOLINGS


@keras.saving.register_keras_serializable(package="camembert_dual")
class SentencePooling(keras.layers.Layer):
    """Makes one vector of the states of a text's tokens, as ``camembert_dual.pipelines.embed``.

    Args:
        pooling: ``"mean"`` of the states, ``"cls"`` (the first token's) or ``"max"``.
        normalize: Whether vectors get the length 1.
        **options: Options of a Keras layer.

    Raises:
        ValueError: If the pooling is none of the three.
    """

    def __init__(self, pooling: str = "mean", normalize: bool = False, **options: Any) -> None:
        super().__init__(**options)
        require(pooling in POOLINGS, f"pooling must be one of {', '.join(POOLINGS)}", repr(pooling))
        self.pooling = pooling
        self.normalize = normalize

    def call(self, hidden_states: tf.Tensor, attention_mask: tf.Tensor) -> tf.Tensor:
        """Map states (B, T, D) and a mask (B, T), of at least one token a row, to (B, D)."""
        is_token = attention_mask != 0  # (B, T)
        if self.pooling == "cls":
            first = tf.argmax(tf.cast(is_token, tf.int32), axis=1)
            vectors = tf.gather(hidden_states, first, batch_dims=1)
        elif self.pooling == "max":
            lowest = hidden_states.dtype.min
            vectors = tf.reduce_max(tf.where(is_token[..., None], hidden_states, lowest), axis=1)
        else:
            total = tf.reduce_sum(tf.where(is_token[..., None], hidden_states, 0.0), axis=1)
            count = tf.reduce_sum(tf.cast(is_token, hidden_states.dtype), axis=1, keepdims=True)
            vectors = total / count
        if self.normalize:
            vectors = vectors / tf.maximum(tf.norm(vectors, axis=1, keepdims=True), 1e-12)
        return vectors

    def get_config(self) -> dict[str, Any]:
        """The arguments of the constructor."""
        return {**super().get_config(), "pooling": self.pooling, "normalize": self.normalize}
