"""The border: arrays to tensors and back, and model outputs as nodes of PyTorch's trees."""

from functools import partial
from typing import Any

import ml_dtypes
import numpy as np
import torch
from torch import Tensor
from torch.utils import _pytree

from camembert_dual.common.arrays import Array
from camembert_dual.outputs import OUTPUT_CLASSES, ModelOutput


def to_tensor(array: Array) -> Tensor:
    """A tokenizer's numbers as a tensor: ids are int64, as PyTorch's embeddings take them."""
    return torch.from_numpy(np.ascontiguousarray(array))


def tensor_of(array: Array) -> Tensor:
    """A weight's array as a tensor that shares its memory where it can; bfloat16 included."""
    array = np.asarray(array, order="C")  # of no axis, too
    if array.dtype.name == "bfloat16":
        return torch.from_numpy(array.view(np.int16)).view(torch.bfloat16)
    return torch.from_numpy(array)


def array_of(weight: Tensor) -> Array:
    """A weight as an array on the host; bfloat16 becomes numpy's."""
    weight = weight.detach().cpu()
    if weight.dtype == torch.bfloat16:
        array: Array = weight.view(torch.int16).numpy().view(ml_dtypes.bfloat16)
        return array
    return weight.numpy()


def wide_dtype(tensor: Tensor) -> torch.dtype:
    """The type for sums that a half would round: a tensor's own, float32 at least."""
    return torch.promote_types(tensor.dtype, torch.float32)


def register_outputs() -> None:
    """Make every output class a node of PyTorch's trees (compile, export, data parallel)."""
    for output_class in OUTPUT_CLASSES:
        _pytree.register_pytree_node(
            output_class,
            flatten,
            partial(unflatten, output_class),
            serialized_type_name=f"camembert_dual.{output_class.__name__}",
        )


def flatten(output: ModelOutput) -> tuple[list[Any], list[str]]:
    """Take an output apart into values and names."""
    return list(output.values()), list(output)


def unflatten(output_class: type[ModelOutput], values: Any, names: Any) -> ModelOutput:
    """Put an output together again."""
    output = output_class()
    output.update(zip(names, values, strict=True))  # in their order, a user's own values too
    return output
