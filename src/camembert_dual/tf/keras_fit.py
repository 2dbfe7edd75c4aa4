"""What Keras' ``fit`` and ``evaluate`` ask of a model: its loss, and what metrics are shown.

``compile(optimizer)`` trains on the loss of the model's own head, ``compile(loss=...)`` on the
user's, which sees logits. Labels may stand among the inputs or come as ``y``.
"""

from collections.abc import Mapping
from functools import partial
from typing import Any

import tensorflow as tf

from camembert_dual.common.errors import require
from camembert_dual.common.model_names import MODEL, QUESTION_ANSWERING
from camembert_dual.inputs import IGNORE_INDEX
from camembert_dual.outputs import ModelOutput

SPAN = ("start_positions", "end_positions")
LABELS = ("labels", *SPAN)


def without_labels(x: Any) -> Any:
    """The inputs of a call without the labels among them."""
    if not isinstance(x, Mapping):
        return x
    return {name: value for name, value in x.items() if name not in LABELS}


def labels_of(model: Any, x: Any, y: Any) -> Any:
    """Find the labels: ``y``, or else those among the inputs.

    Returns:
        A tensor; for question answering a dict of ``start_positions`` and ``end_positions``;
        ``y`` for the bare model.

    Raises:
        ValueError: If there are none, or they are not what the head needs.
    """
    if model.architecture == MODEL:
        return y
    names = SPAN if model.architecture == QUESTION_ANSWERING else ("labels",)
    given = x if y is None else y
    if not isinstance(given, Mapping):
        given = {} if y is None else {"y": y} if names == SPAN else {"labels": y}
    rule = f"{type(model).__name__} must get {' and '.join(names)}, among its inputs or as y"
    received = ", ".join(map(str, given)) or "no labels"
    require(all(name in given for name in names), rule, received)
    return {name: given[name] for name in names} if names == SPAN else given["labels"]


def logits_of(y_pred: Any) -> Any:
    """What losses and metrics see of an output.

    Returns:
        Logits; for question answering a dict like that of its labels; hidden states for the bare
        model.
    """
    if not isinstance(y_pred, ModelOutput):
        return y_pred
    if "last_hidden_state" in y_pred:
        return y_pred.last_hidden_state
    if "start_logits" in y_pred:
        return {"start_positions": y_pred.start_logits, "end_positions": y_pred.end_logits}
    return y_pred.logits


def loss_of_head(model: Any, labels: Any, logits: Any, sample_weight: Any) -> tf.Tensor:
    """The loss of the model's head, as ``fit`` needs it.

    Args:
        model: The model.
        labels: What :func:`labels_of` gives.
        logits: What :func:`logits_of` gives.
        sample_weight: Factors of the labels' losses, (B) or as the labels; None for 1. As
            everywhere in Keras they do not change what the sum is divided by.

    Returns:
        Loss (); under a distribution strategy this replica's share of it.

    Raises:
        ValueError: If the model has no head.
    """
    has_head = model.architecture != MODEL
    require(has_head, "The bare model must be compiled with a loss", "none")
    if not isinstance(labels, Mapping):
        weights = sample_weight["labels"] if isinstance(sample_weight, Mapping) else sample_weight
        return model.head_loss(labels, logits, partial(replica_mean, weights))
    if not isinstance(sample_weight, Mapping):
        sample_weight = dict.fromkeys(labels, sample_weight)
    reductions = [partial(replica_mean, sample_weight[name]) for name in labels]
    return model.head_loss(list(labels.values()), list(logits.values()), reductions)


def replica_mean(weights: tf.Tensor | None, losses: tf.Tensor, is_valid: tf.Tensor) -> tf.Tensor:
    """This replica's part of the mean over the valid labels of all replicas.

    The optimiser adds the replicas' gradients up, so that together they are those of one device
    with the whole batch, however the valid labels fall.

    Args:
        weights: Factors (B) or of the shape of the losses; None for 1.
        losses: (B, ...).
        is_valid: Boolean, of the same shape.

    Returns:
        Loss ().
    """
    count = tf.reduce_sum(tf.cast(is_valid, losses.dtype))
    if tf.distribute.get_strategy().num_replicas_in_sync > 1:
        replica = tf.distribute.get_replica_context()
        count = replica.all_reduce(tf.distribute.ReduceOp.SUM, count)
    if weights is not None:
        losses = losses * tf.cast(spread(weights, losses), losses.dtype)
    total = tf.reduce_sum(tf.where(is_valid, losses, 0.0))
    return total / tf.maximum(count, 1.0)


def weights_of_metrics(labels: Any, sample_weight: Any) -> Any:
    """The weights of ``weighted_metrics``: the samples', and 0 for labels of -100."""
    if isinstance(labels, Mapping) or not labels.dtype.is_integer:
        return sample_weight
    is_valid = tf.cast(labels != tf.constant(IGNORE_INDEX, labels.dtype), tf.float32)
    if sample_weight is None:
        return is_valid
    return is_valid * tf.cast(spread(sample_weight, is_valid), tf.float32)


def spread(weights: tf.Tensor, values: tf.Tensor) -> tf.Tensor:
    """Give weights (B) or (B, 1) the rank of the values (B, ...) that they are for."""
    if len(weights.shape) > len(values.shape):
        return tf.reshape(weights, tf.shape(values))
    missing = len(values.shape) - len(weights.shape)
    return weights[(..., *[tf.newaxis] * missing)]
