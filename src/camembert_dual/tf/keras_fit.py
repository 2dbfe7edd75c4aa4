"""What Keras' ``fit`` and ``evaluate`` ask of a model: its loss, and what metrics are shown.

``compile(optimizer)`` trains on the loss of the model's own head, ``compile(loss=...)`` on the
user's, which sees logits. Labels may stand among the inputs or come as ``y``.
"""

from collections.abc import Mapping
from functools import partial
from typing import Any

import keras
import tensorflow as tf

from camembert_dual.common.errors import require
from camembert_dual.common.model_names import (
    CAUSAL_LM,
    MASKED_LM,
    MODEL,
    QUESTION_ANSWERING,
    TOKEN_CLASSIFICATION,
)
from camembert_dual.inputs import IGNORE_INDEX
from camembert_dual.outputs import ModelOutput
from camembert_dual.tf.call_inputs import plain_inputs
from camembert_dual.tf.checks import as_tensor

SPAN = ("start_positions", "end_positions")
LABELS = ("labels", *SPAN)
SEVERAL_LABELS = (CAUSAL_LM, MASKED_LM, QUESTION_ANSWERING, TOKEN_CLASSIFICATION)


def without_labels(x: Any) -> Any:
    """The inputs of a call without the labels among them."""
    if not isinstance(x, Mapping):
        return x
    return {name: value for name, value in x.items() if name not in LABELS}


def with_labels_apart(
    model: Any, x: Any, y: Any, options: dict[str, Any]
) -> tuple[Any, Any, dict[str, Any]]:
    """Take labels out of the inputs of ``fit`` and others: Keras weighs nothing without ``y``.

    Args:
        model: The model.
        x: Inputs, or a dataset of them.
        y: Labels; None if they are among the inputs; ``{"labels": ...}`` is the same as they alone.
        options: Keywords of the call, among them ``sample_weight`` and ``class_weight``.

    Returns:
        Inputs, labels and keywords, so that Keras weighs each label.

    Raises:
        ValueError: If classes are weighed where a text has more than one label.
    """
    x, y = plain_inputs(x), plain_inputs(y)
    if options.get("sample_weight") is not None:
        options = options | {"sample_weight": plain_inputs(options["sample_weight"])}
    if trains_on_call(model):
        return with_labels_inside(model, x, y, options)
    if options.get("class_weight"):
        # Keras would take the position of the largest label of a text for its class
        rule = "class_weight must go with one label per text; sample_weight weighs each label"
        require(model.architecture not in SEVERAL_LABELS, rule, type(model).__name__)
        if isinstance(x, tf.data.Dataset):
            return x.map(partial(batch_of, model), tf.data.AUTOTUNE), y, options
    if y is None and isinstance(x, Mapping):
        y = {name: x[name] for name in LABELS if name in x} or None
        x = without_labels(x)
    weights = options.get("sample_weight")
    if isinstance(y, Mapping) and set(y) == {"labels"}:
        y = y["labels"]
        if isinstance(weights, Mapping) and set(weights) == {"labels"}:
            options = options | {"sample_weight": weights["labels"]}
    return x, y, options


def trains_on_call(model: Any) -> bool:
    """Whether ``fit`` takes the loss from the model's output, which the call computed.

    So it is with a class of a user's own whose ``call`` or ``hf_compute_loss`` is not ours, unless
    a loss is given to ``compile``.
    """
    return model.loss is None and type(model).call_is_own()


def with_labels_inside(
    model: Any, x: Any, y: Any, options: dict[str, Any]
) -> tuple[Any, Any, dict[str, Any]]:
    """Put labels among the inputs of ``fit`` and others, where the call computes its loss.

    Args:
        model: The model.
        x: Inputs, or a dataset of them.
        y: Labels; None if they are among the inputs.
        options: Keywords of the call.

    Raises:
        ValueError: If labels are weighed, which a call cannot be told.
    """
    given = [name for name in ("sample_weight", "class_weight") if options.get(name) is not None]
    rule = f"The labels of {type(model).__name__} must be weighed by a loss given to compile"
    require(not given, rule, ", ".join(given))
    if isinstance(x, tf.data.Dataset):
        return x.map(joined, tf.data.AUTOTUNE), y, options
    return joined(x, y), None, options


def joined(x: Any, y: Any = None, *weights: Any) -> Any:
    """Inputs with their labels among them.

    Raises:
        ValueError: If the labels are weighed.
    """
    rule = "Labels must be weighed by a loss given to compile, where a call of a user's own has one"
    require(not weights, rule, "sample weights")
    if y is None:
        return x
    inputs = dict(x) if isinstance(x, Mapping) else {"input_ids": x}
    return inputs | (dict(y) if isinstance(y, Mapping) else {"labels": y})


def batch_of(model: Any, *data: Any) -> tuple[Any, ...]:
    """A batch of a dataset with its labels apart."""
    x, y, weights = keras.utils.unpack_x_y_sample_weight(data)
    x, y, _ = with_labels_apart(model, x, y, {})
    return (x, y) if weights is None else (x, y, weights)


def validation_of(model: Any, data: Any) -> Any:
    """The ``validation_data`` of ``fit`` with its labels where ``fit`` has them."""
    if isinstance(data, tf.data.Dataset) and trains_on_call(model):
        return data.map(joined, tf.data.AUTOTUNE)
    if not isinstance(data, tuple | list | Mapping):
        return data
    x, y, weights = keras.utils.unpack_x_y_sample_weight(data)
    x, y, options = with_labels_apart(model, x, y, {"sample_weight": weights})
    return x, y, options["sample_weight"]


def labels_of(model: Any, x: Any, y: Any) -> Any:
    """Find the labels: ``y``, or else those among the inputs.

    Returns:
        A tensor; for question answering a dict of ``start_positions`` and ``end_positions``;
        ``y`` for the bare model and for classes of a user's own.

    Raises:
        ValueError: If there are none, or they are not what the head needs.
    """
    if model.architecture in (MODEL, None) or trains_on_call(model):
        return y
    names = SPAN if model.architecture == QUESTION_ANSWERING else ("labels",)
    given = x if y is None else y
    if not isinstance(given, Mapping):
        given = {} if y is None else {"y": y} if names == SPAN else {"labels": y}
    rule = f"{type(model).__name__} must get {' and '.join(names)}, among its inputs or as y"
    received = ", ".join(map(str, given)) or "no labels"
    require(all(name in given for name in names), rule, received)
    if names == SPAN:
        return {name: as_tensor(given[name]) for name in names}
    labels = as_tensor(given["labels"])
    return labels.to_tensor(IGNORE_INDEX) if isinstance(labels, tf.RaggedTensor) else labels


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


def loss_of_call(model: Any, y_pred: Any) -> tf.Tensor:
    """The loss that a call of a user's own computed, this replica's share of it.

    Raises:
        ValueError: If its output has none.
    """
    loss = y_pred.get("loss") if isinstance(y_pred, Mapping) else None
    rule = f"{type(model).__name__} must be compiled with a loss, or its call return one as loss"
    require(loss is not None, rule, "none")
    return tf.reduce_mean(loss) / tf.distribute.get_strategy().num_replicas_in_sync


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
    weights = weights_of(labels, sample_weight)
    if not isinstance(labels, Mapping):
        return model.head_loss(labels, logits, partial(replica_mean, weights))
    if not isinstance(weights, Mapping):
        weights = dict.fromkeys(labels, weights)
    reductions = [partial(replica_mean, weights[name]) for name in labels]
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


def weights_of(labels: Any, sample_weight: Any) -> Any:
    """The weights in the structure of the labels: Keras gives those of a dict ``y`` as a dict."""
    if isinstance(sample_weight, Mapping) and not isinstance(labels, Mapping):
        return sample_weight["labels"]
    return sample_weight


def weights_of_metrics(labels: Any, sample_weight: Any) -> Any:
    """The weights of ``weighted_metrics``: the samples', and 0 for labels of -100."""
    sample_weight = weights_of(labels, sample_weight)
    if labels is None or isinstance(labels, Mapping) or not is_integer(labels):
        return sample_weight
    is_valid = tf.cast(labels != tf.constant(IGNORE_INDEX, labels.dtype), tf.float32)
    if sample_weight is None:
        return is_valid
    return is_valid * tf.cast(spread(sample_weight, is_valid), tf.float32)


def whole_spans(values: Any) -> Any:
    """Both ends of spans as one tensor (B, 2, ...) for metrics that see a span as a whole."""
    if not isinstance(values, Mapping):
        return values
    return tf.stack([values[name] for name in SPAN], axis=1)


def is_integer(labels: Any) -> bool:
    """Whether labels are classes or ids."""
    return bool(tf.as_dtype(labels.dtype).is_integer)


def spread(weights: tf.Tensor, values: tf.Tensor) -> tf.Tensor:
    """Give weights (B) or (B, 1) the rank of the values (B, ...) that they are for."""
    if len(weights.shape) > len(values.shape):
        return tf.reshape(weights, tf.shape(values))
    missing = len(values.shape) - len(weights.shape)
    return weights[(..., *[tf.newaxis] * missing)]
