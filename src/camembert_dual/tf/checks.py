"""Inputs as tensors, and refused where they are bad."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from camembert_dual.common.errors import require
from camembert_dual.config import CamembertConfig
from camembert_dual.inputs import check_range, check_shapes


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
    """Take a cache, one sequence of tensors or numpy arrays for each layer, as tensors."""
    if past_key_values is None:
        return None
    return tuple(tuple(as_tensor(one) for one in layer) for layer in past_key_values)


def can_read_values(tensor: tf.Tensor) -> bool:
    """Whether looking at values costs nothing: in memory, and no graph is being traced."""
    eager = tf.executing_eagerly() and hasattr(tensor, "numpy")
    return eager and "GPU" not in tensor.device and tf.size(tensor) > 0


def check_ids(name: str, ids: tf.Tensor | None, limit: int, table: str) -> None:
    """Check that ids are integers and fall into a table of ``limit`` rows.

    Raises:
        ValueError: If they do not; on a GPU and in traced graphs the range is left to the look-up.
    """
    if ids is None:
        return
    require(ids.dtype.is_integer, f"{name} must be integers", ids.dtype.name)
    if can_read_values(ids):
        smallest, largest = tf.reduce_min(ids), tf.reduce_max(ids)
        check_range(name, limit, table, int(smallest), int(largest))


def check_inputs(
    config: CamembertConfig,
    inputs: dict[str, tf.Tensor | None],
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
        ValueError: If a rule is broken; see :func:`camembert_dual.inputs.check_shapes`.
    """
    past_length, static_past_length = 0, 0
    if past_key_values is not None:
        tensors = 4 if inputs["encoder_hidden_states"] is not None else 2
        rule = f"past_key_values must hold at least {tensors} tensors for each layer of a decoder"
        layers = config.num_hidden_layers if config.is_decoder else 0
        fits = len(past_key_values) == layers and all(
            len(one) >= tensors for one in past_key_values
        )
        require(fits, rule, [len(one) for one in past_key_values])
        past_length = tf.shape(past_key_values[0][0])[2]
        static_past_length = past_key_values[0][0].shape[2]
    shapes = {name: tuple(value.shape) for name, value in inputs.items() if value is not None}
    check_shapes(config, shapes, static_past_length)
    check_ids("input_ids", inputs["input_ids"], config.vocab_size, "vocab_size")
    types = config.type_vocab_size
    check_ids("token_type_ids", inputs["token_type_ids"], types, "type_vocab_size")
    positions = config.max_position_embeddings
    check_ids("position_ids", inputs["position_ids"], positions, "max_position_embeddings")
    return past_length
