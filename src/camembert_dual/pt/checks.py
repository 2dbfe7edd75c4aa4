"""Inputs as tensors, and refused where they are bad."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from camembert_dual.common.errors import require
from camembert_dual.config import CamembertConfig
from camembert_dual.inputs import check_range, check_shapes


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
    """Take a cache, one sequence of tensors or numpy arrays for each layer, as tensors."""
    if past_key_values is None:
        return None
    return tuple(tuple(as_tensor(one, device) for one in layer) for layer in past_key_values)


def can_read_values(tensor: Tensor) -> bool:
    """Whether looking at values costs nothing: in memory, and no graph is being traced."""
    tracing = torch.compiler.is_compiling() or is_tracing()
    return tensor.device.type == "cpu" and not tracing and tensor.numel() > 0


def is_tracing() -> bool:
    """Whether ``torch.jit.trace`` is recording, which takes shapes for tensors."""
    return bool(torch.jit.is_tracing())  # type: ignore[attr-defined]


def check_ids(name: str, ids: Tensor | None, limit: int, table: str) -> None:
    """Check that ids are integers and fall into a table of ``limit`` rows.

    Raises:
        ValueError: If they do not; on a GPU and in traced graphs the range is left to the look-up.
    """
    if ids is None:
        return
    whole = not (ids.is_floating_point() or ids.is_complex() or ids.dtype == torch.bool)
    require(whole, f"{name} must be integers", str(ids.dtype).removeprefix("torch."))
    if can_read_values(ids):
        smallest, largest = torch.aminmax(ids)
        check_range(name, limit, table, int(smallest), int(largest))


def check_inputs(
    config: CamembertConfig,
    inputs: dict[str, Tensor | None],
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
        ValueError: If a rule is broken; see :func:`camembert_dual.inputs.check_shapes`.
    """
    past_length = 0
    if past_key_values is not None:
        tensors = 4 if inputs["encoder_hidden_states"] is not None else 2
        rule = f"past_key_values must hold at least {tensors} tensors for each layer of a decoder"
        layers = config.num_hidden_layers if config.is_decoder else 0
        fits = len(past_key_values) == layers and all(
            len(one) >= tensors for one in past_key_values
        )
        require(fits, rule, [len(one) for one in past_key_values])
        past_length = past_key_values[0][0].shape[2]
    if not is_tracing():
        shapes = {name: tuple(value.shape) for name, value in inputs.items() if value is not None}
        check_shapes(config, shapes, past_length)
    check_ids("input_ids", inputs["input_ids"], config.vocab_size, "vocab_size")
    types = config.type_vocab_size
    check_ids("token_type_ids", inputs["token_type_ids"], types, "type_vocab_size")
    positions = config.max_position_embeddings
    check_ids("position_ids", inputs["position_ids"], positions, "max_position_embeddings")
    return past_length
