"""Inputs as tensors, and refused where they are bad."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
import tensorflow as tf

from camembert_dual import inputs as rules
from camembert_dual import labels as label_rules
from camembert_dual.common.arrays import Array
from camembert_dual.common.errors import require
from camembert_dual.config import CamembertConfig
from camembert_dual.inputs import Seen, Shape
from camembert_dual.tf.layers import size_of


def as_tensor(value: Any) -> tf.Tensor | None:
    """Take a tensor as it is and a numpy array as a tensor; None stays None.

    Raises:
        ValueError: If the value is neither.
    """
    if value is None or tf.is_tensor(value):
        return value
    rule = "An input must be a tensor or a numpy array"
    require(isinstance(value, np.ndarray | np.generic), rule, type(value).__name__)
    return tf.convert_to_tensor(value)


def as_cache(past_key_values: Any) -> Any:
    """Take a cache, one sequence of tensors or numpy arrays for each layer, as tensors.

    Raises:
        ValueError: If it is no sequence of sequences.
    """
    if past_key_values is None:
        return None
    rule = "past_key_values must be a tuple or list of tensors for each layer"
    require(isinstance(past_key_values, tuple | list), rule, "another value")
    for layer in past_key_values:
        require(isinstance(layer, tuple | list), rule, "another value")
    return tuple(tuple(as_tensor(one) for one in layer) for layer in past_key_values)


def can_read_values(tensor: tf.Tensor) -> bool:
    """Whether looking at values costs nothing: in memory, and no graph is being traced."""
    eager = tf.executing_eagerly() and hasattr(tensor, "numpy")
    return eager and "CPU" in tensor.device and tf.size(tensor) > 0


def see(tensor: tf.Tensor) -> Seen:
    """Show a tensor to the rules."""
    return Seen(shape_of(tensor), tensor.dtype.name, partial(read, tensor))


def shape_of(tensor: tf.Tensor) -> Shape:
    """The sizes of a tensor, as far as they are known."""
    return tuple(tensor.shape)


def read(tensor: tf.Tensor) -> Array | None:
    """The values of a tensor, or None where a look would cost something."""
    return tensor.numpy() if can_read_values(tensor) else None


def check_inputs(
    config: CamembertConfig,
    inputs: Mapping[str, tf.Tensor | None],
    past_key_values: Sequence[Sequence[tf.Tensor]] | None,
) -> int:
    """Check the model's inputs against each other and against the config.

    Args:
        config: The model's configuration.
        inputs: The tensors by name, None where absent.
        past_key_values: The cache, or None.

    Returns:
        The number of cached positions.

    Raises:
        ValueError: If a rule is broken; see :mod:`camembert_dual.inputs`.
    """
    seen = {name: see(value) for name, value in inputs.items() if value is not None}
    if past_key_values is None:
        rules.check_inputs(config, seen)
        return 0
    cache = [[see(one) for one in layer] for layer in past_key_values]
    rules.check_inputs(config, seen, cache)
    return size_of(past_key_values[0][0], 2)


def check_choices(inputs: Mapping[str, Any]) -> tf.Tensor:
    """Check that all inputs of multiple choice have batch and choices in front; give the main one.

    Raises:
        ValueError: If one has not.
    """
    shapes = {name: shape_of(value) for name, value in inputs.items() if value is not None}
    main: tf.Tensor = inputs[rules.check_choices(shapes)]
    return main


def check_labels(labels: tf.Tensor, wanted: Shape, problem_type: str, num_labels: int) -> None:
    """Check the labels of a head by their rule, and against the shape wanted.

    Raises:
        ValueError: If a rule is broken; see :mod:`camembert_dual.labels`.
    """
    label_rules.check_labels(see(labels), wanted, problem_type, num_labels)


def check_span(positions: Sequence[tf.Tensor | None], scores: tf.Tensor) -> None:
    """Check the first and last positions of answers: both or neither.

    Raises:
        ValueError: If a rule is broken; see :mod:`camembert_dual.labels`.
    """
    starts, ends = (None if one is None else see(one) for one in positions)
    label_rules.check_span(starts, ends, shape_of(scores)[0])
