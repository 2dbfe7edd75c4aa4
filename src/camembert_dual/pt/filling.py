"""How weights get into a model: their type, their place, their memory."""

from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch
from torch import Tensor, nn

from camembert_dual.common.arrays import Array
from camembert_dual.common.errors import refusal


def dtype_of(dtype: torch.dtype | str | None, arrays: Mapping[str, Array]) -> torch.dtype:
    """Read the type wanted: float32 for None, the file's first for ``"auto"``, else by name.

    Raises:
        ValueError: If it is no floating point type.
    """
    if dtype == "auto":
        dtype = next(iter(arrays.values())).dtype.name
    if isinstance(dtype, str):
        dtype = getattr(torch, dtype.removeprefix("torch."), dtype)
    dtype = torch.float32 if dtype is None else dtype
    if not isinstance(dtype, torch.dtype) or not dtype.is_floating_point:
        raise ValueError(f"dtype must be a floating point type or auto; received {dtype!r}.")
    return dtype


def on_device(place: str | int | None) -> AbstractContextManager[Any]:
    """Where new weights are made: on a device by name or number, the fastest for ``"auto"``."""
    if place is None:
        return nullcontext()
    if place == "auto":
        return torch.accelerator.current_accelerator() or torch.device("cpu")
    return torch.device(place)


def copy_into(weight: Tensor, tensor: Tensor, is_fresh: bool) -> None:
    """Copy a tensor into a weight, or hand it over if it was just read and nobody else has it."""
    if is_fresh and (tensor.dtype, tensor.device) == (weight.dtype, weight.device):
        weight.data = tensor
    else:
        weight.data.copy_(tensor)


def set_computed(model: nn.Module, name: str, tensor: Tensor) -> None:
    """Set a weight that parametrisations compute, by the values that give it.

    Raises:
        ValueError: If one of them does not know which those are.
    """
    path, _, word = name.rpartition(".")
    holder = model.get_submodule(path)
    used = getattr(holder, word)
    try:
        with torch.no_grad():
            setattr(holder, word, tensor.to(used.device, used.dtype))
    except RuntimeError:
        rule = f"{name} must be set by a right_inverse of each of its parametrisations"
        raise refusal(rule, "one without") from None
