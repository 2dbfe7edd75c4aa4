"""The border between NumPy and everything else: names of array types, tensors in and out."""

from __future__ import annotations

from typing import Any

import ml_dtypes
import numpy as np
import numpy.typing as npt

from camembert_dual.common.backends import BACKENDS, tree
from camembert_dual.common.errors import require

Array = npt.NDArray[np.generic]
BoolArray = npt.NDArray[np.bool_]
FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BFLOAT16: np.dtype[np.generic] = np.dtype(ml_dtypes.bfloat16)
TENSOR_KINDS = ("np", *BACKENDS)


def to_tensor(array: Any, return_tensors: str) -> Any:
    """Make a NumPy array, a torch tensor (int64) or a TensorFlow tensor (int32).

    Raises:
        ImportError: If the framework is not installed.
        ValueError: If ``return_tensors`` is none of "np", "pt", "tf", or ``array`` has rows of two
            lengths.
    """
    rule = f"return_tensors must be one of {', '.join(TENSOR_KINDS)} or None"
    require(return_tensors in TENSOR_KINDS, rule, repr(return_tensors))
    values = np.asarray(array)
    if return_tensors == "np":
        return values
    return tree(return_tensors, f'return_tensors="{return_tensors}"', "tensors").to_tensor(values)


def to_numpy(tensor: Any) -> npt.NDArray[Any]:
    """A tensor of either framework as a numpy array."""
    host = tensor.detach().cpu() if hasattr(tensor, "detach") else tensor
    array: npt.NDArray[Any] = host.numpy()
    return array


def as_lists(values: Any) -> Any:
    """Lists of numbers for lists, arrays and tensors of any framework."""
    if isinstance(values, (list, tuple)):
        return [value if type(value) is int else as_lists(value) for value in values]
    if hasattr(values, "tolist"):
        return values.tolist()
    return values.numpy().tolist() if hasattr(values, "numpy") else values


def softmax(logits: FloatArray) -> FloatArray:
    """Probabilities over the last axis."""
    shifted = np.exp(logits - logits.max(axis=-1, keepdims=True))
    normalised: FloatArray = shifted / shifted.sum(axis=-1, keepdims=True)
    return normalised
