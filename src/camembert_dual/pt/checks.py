"""Inputs as tensors, and refused where they are bad."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor

from camembert_dual import inputs as rules
from camembert_dual import labels as label_rules
from camembert_dual.common.arrays import Array
from camembert_dual.common.errors import require
from camembert_dual.config import CamembertConfig
from camembert_dual.inputs import Seen, Shape
from camembert_dual.pt.tensors import array_of
from camembert_dual.pt.transforms import has_values, is_tracing


def as_tensor(value: Any, device: torch.device) -> Tensor | None:
    """Take a tensor as it is and a numpy array as a tensor on ``device``; None stays None.

    Raises:
        ValueError: If the value is neither.
    """
    if value is None or isinstance(value, Tensor):
        return value
    rule = "An input must be a tensor or a numpy array"
    require(isinstance(value, np.ndarray | np.generic), rule, type(value).__name__)
    return torch.as_tensor(value, device=device)


def as_cache(past_key_values: Any, device: torch.device) -> Any:
    """Take a cache, one sequence of tensors or numpy arrays for each layer, as tensors.

    A cache of ``transformers`` 5, which adapters make (prefix tuning), is read as one.

    Raises:
        ValueError: If it is no sequence of sequences.
    """
    if past_key_values is None:
        return None
    if hasattr(past_key_values, "layers"):
        past_key_values = [(layer.keys, layer.values) for layer in past_key_values.layers]
    rule = "past_key_values must be a tuple or list of tensors for each layer"
    require(isinstance(past_key_values, tuple | list), rule, "another value")
    for layer in past_key_values:
        require(isinstance(layer, tuple | list), rule, "another value")
    return tuple(tuple(as_tensor(one, device) for one in layer) for layer in past_key_values)


def can_read_values(tensor: Tensor) -> bool:
    """Whether looking at values costs nothing: in memory, and no graph is being traced."""
    return has_values(tensor) and tensor.device.type == "cpu" and tensor.numel() > 0


def see(tensor: Tensor) -> Seen:
    """Show a tensor to the rules."""
    return Seen(shape_of(tensor), str(tensor.dtype).removeprefix("torch."), partial(read, tensor))


def shape_of(tensor: Tensor) -> Shape:
    """The sizes of a tensor, as far as they are known."""
    return (None,) * tensor.ndim if is_tracing() else tuple(tensor.shape)


def read(tensor: Tensor) -> Array | None:
    """The values of a tensor, or None where a look would cost something."""
    return array_of(tensor) if can_read_values(tensor) else None


def check_inputs(
    config: CamembertConfig,
    inputs: Mapping[str, Tensor | None],
    past_key_values: Sequence[Sequence[Tensor]] | None,
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
    return past_key_values[0][0].shape[2]


def check_choices(inputs: Mapping[str, Any]) -> Tensor:
    """Check that all inputs of multiple choice have batch and choices in front; give the main one.

    Raises:
        ValueError: If one has not.
    """
    shapes = {name: shape_of(value) for name, value in inputs.items() if value is not None}
    main: Tensor = inputs[rules.check_choices(shapes)]
    return main


def check_labels(labels: Tensor, wanted: Shape, problem_type: str, num_labels: int) -> None:
    """Check the labels of a head by their rule, and against the shape wanted.

    Raises:
        ValueError: If a rule is broken; see :mod:`camembert_dual.labels`.
    """
    label_rules.check_labels(see(labels), wanted, problem_type, num_labels)


def check_span(positions: Sequence[Tensor | None], scores: Tensor) -> None:
    """Check the first and last positions of answers: both or neither.

    Raises:
        ValueError: If a rule is broken; see :mod:`camembert_dual.labels`.
    """
    starts, ends = (None if one is None else see(one) for one in positions)
    label_rules.check_span(starts, ends, shape_of(scores)[0])
