"""Turning arrays into the tensors of a framework, whose tree is imported only when asked for."""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np

KINDS = ("np", "pt", "tf")
FRAMEWORKS = {"pt": ("PyTorch", "torch"), "tf": ("TensorFlow", "tf")}


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
    try:
        tree = importlib.import_module(f"camembert_dual.{kind}.tensors")
    except ImportError as error:
        framework, extra = FRAMEWORKS[kind]
        raise ImportError(
            f'return_tensors="{kind}" needs {framework}: pip install "camembert-dual[{extra}]"'
        ) from error
    return tree.to_tensor(values)


def as_lists(values: Any) -> Any:
    """Lists of numbers for lists, arrays and tensors of any framework."""
    if isinstance(values, (list, tuple)):
        return [as_lists(value) for value in values]
    if hasattr(values, "tolist"):
        return values.tolist()
    return values.numpy().tolist() if hasattr(values, "numpy") else values
