"""Turning arrays into the tensors of a framework, which is imported only when asked for."""

from typing import Any

import numpy as np

KINDS = ("np", "pt", "tf")


def to_tensor(array: Any, kind: str) -> Any:
    """Makes a NumPy array, a torch tensor (int64) or a TensorFlow tensor (int32).

    Raises:
        ImportError: If the framework is not installed.
        ValueError: If ``kind`` is none of "np", "pt", "tf", or ``array`` has rows of two lengths.
    """
    if kind not in KINDS:
        raise ValueError(f'return_tensors must be "np", "pt", "tf" or None; received {kind!r}')
    values = np.asarray(array)
    if kind == "np":
        return values
    return to_torch(values) if kind == "pt" else to_tensorflow(values)


def as_lists(values: Any) -> Any:
    """Lists of numbers for lists, arrays and tensors of any framework."""
    if isinstance(values, (list, tuple)):
        return [as_lists(value) for value in values]
    if hasattr(values, "tolist"):
        return values.tolist()
    return values.numpy().tolist() if hasattr(values, "numpy") else values


def to_torch(values: Any) -> Any:
    """A torch tensor of the same numbers."""
    try:
        import torch
    except ImportError as error:
        raise ImportError(_needs("pt", "PyTorch", "torch")) from error
    return torch.from_numpy(np.ascontiguousarray(values))


def to_tensorflow(values: Any) -> Any:
    """A TensorFlow tensor of the same numbers; integers become int32, its usual index type."""
    try:
        import tensorflow
    except ImportError as error:
        raise ImportError(_needs("tf", "TensorFlow", "tf")) from error
    dtype = np.int32 if np.issubdtype(values.dtype, np.integer) else values.dtype
    return tensorflow.convert_to_tensor(values.astype(dtype))


def _needs(kind: str, name: str, extra: str) -> str:
    return f'return_tensors="{kind}" needs {name}: pip install "camembert-dual[{extra}]"'
