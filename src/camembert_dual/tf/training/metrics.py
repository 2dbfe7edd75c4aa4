"""Metrics for ``compile(metrics=[...])`` that count what the losses count, and nothing else.

A label of -100 is no label, and neither is a position outside of its text.
"""

from typing import Any

import keras
import tensorflow as tf

from camembert_dual.common.backends import PACKAGE
from camembert_dual.tf.keras_fit import spread
from camembert_dual.tf.losses import next_labels


@keras.saving.register_keras_serializable(package=PACKAGE)
class LabelAccuracy(keras.metrics.Mean):
    """The share of labels whose logit is the largest.

    Args:
        name: What the metric is called.
        dtype: Type of the sums.
        shift_labels: Whether logits at a token are compared with the label of the next one, as the
            causal language model's loss does.
    """

    def __init__(
        self, name: str = "accuracy", dtype: Any = None, shift_labels: bool = False
    ) -> None:
        super().__init__(name=name, dtype=dtype)
        self.shift_labels = shift_labels

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Count a batch.

        Args:
            y_true: Labels (...).
            y_pred: Logits (..., L).
            sample_weight: Factors (B) or (...); None for 1.
        """
        labels, is_valid = valid_labels(y_true, y_pred, self.shift_labels)
        is_right = tf.argmax(y_pred, axis=-1, output_type=tf.int64) == labels
        weights = weights_of(is_valid, sample_weight, self.shift_labels)
        super().update_state(tf.cast(is_right, weights.dtype), weights)

    def get_config(self) -> dict[str, Any]:
        """The arguments of the constructor, as Keras saves them."""
        return super().get_config() | {"shift_labels": self.shift_labels}


@keras.saving.register_keras_serializable(package=PACKAGE)
class Perplexity(keras.metrics.Mean):
    """e to the mean negative log-likelihood of the labels.

    Args:
        name: What the metric is called.
        dtype: Type of the sums.
        shift_labels: As in :class:`LabelAccuracy`.
    """

    def __init__(
        self, name: str = "perplexity", dtype: Any = None, shift_labels: bool = False
    ) -> None:
        super().__init__(name=name, dtype=dtype)
        self.shift_labels = shift_labels

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Count a batch; arguments as in :class:`LabelAccuracy`."""
        labels, is_valid = valid_labels(y_true, y_pred, self.shift_labels)
        weights = weights_of(is_valid, sample_weight, self.shift_labels)
        losses = tf.nn.sparse_softmax_cross_entropy_with_logits(
            tf.where(is_valid, labels, 0), tf.cast(y_pred, weights.dtype)
        )
        super().update_state(losses, weights)

    def result(self) -> tf.Tensor:
        """The perplexity ()."""
        return tf.exp(super().result())

    def get_config(self) -> dict[str, Any]:
        """The arguments of the constructor, as Keras saves them."""
        return super().get_config() | {"shift_labels": self.shift_labels}


@keras.saving.register_keras_serializable(package=PACKAGE)
class SpanExactMatch(keras.metrics.Mean):
    """The share of texts whose answer begins and ends where it should, by the largest logits.

    Where the answer is not in the text, nothing can match.

    Args:
        name: What the metric is called.
        dtype: Type of the sums.
    """

    def __init__(self, name: str = "exact_match", dtype: Any = None) -> None:
        super().__init__(name=name, dtype=dtype)

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Count a batch.

        Args:
            y_true: Start and end of each answer (B, 2).
            y_pred: Logits (B, 2, T).
            sample_weight: Factors (B), or (B, 2) whose mean counts; None for 1.
        """
        if sample_weight is not None and len(sample_weight.shape) == 2:
            sample_weight = tf.reduce_mean(sample_weight, axis=1)
        labels = tf.cast(y_true, tf.int64)
        is_right = tf.argmax(y_pred, axis=-1, output_type=tf.int64) == labels
        matches = tf.cast(tf.reduce_all(is_right, axis=-1), tf.float32)
        super().update_state(matches, sample_weight)


def valid_labels(y_true: Any, y_pred: Any, shift_labels: bool) -> tuple[tf.Tensor, tf.Tensor]:
    """Labels (...) of logits (..., L), and which of them (...) are some."""
    labels = tf.reshape(tf.cast(y_true, tf.int64), tf.shape(y_pred)[:-1])
    if shift_labels:
        labels = next_labels(labels)
    count = tf.shape(y_pred, out_type=tf.int64)[-1]
    return labels, (labels >= 0) & (labels < count)


def weights_of(is_valid: tf.Tensor, sample_weight: Any, shift_labels: bool) -> tf.Tensor:
    """The weights of labels (...), 0 where there is none."""
    weights = tf.cast(is_valid, tf.float32)
    if sample_weight is None:
        return weights
    factors = tf.cast(spread(sample_weight, weights), weights.dtype)
    if shift_labels and factors.shape[-1] != 1:  # a label's factor follows it
        factors = tf.pad(factors[:, 1:], [[0, 0], [0, 1]])
    return weights * factors
