"""How weights get into a model: their type, their place, their memory."""

from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import keras
import tensorflow as tf

from camembert_dual.common.arrays import Array
from camembert_dual.tf.tensors import aligned


def dtype_of(dtype: Any, arrays: Mapping[str, Array]) -> Any:
    """Read the type wanted: Keras' own policy for None, ``"auto"`` for the file's, else as given.

    Raises:
        ValueError: If it is no floating point type.
    """
    if dtype == "auto":
        dtype = next(iter(arrays.values())).dtype.name
    is_policy = isinstance(dtype, keras.DTypePolicy)
    if dtype is None or (is_policy and dtype.quantization_mode is None):
        return dtype
    name = dtype.name if isinstance(dtype, tf.DType | keras.DTypePolicy) else str(dtype)
    if not name.startswith(("float", "bfloat", "mixed")):
        raise ValueError(f"dtype must be a floating point type or auto; received {dtype!r}.")
    return name


def on_device(place: str | int | None) -> AbstractContextManager[Any]:
    """Where new weights are made: on a device by name or number, the fastest for ``"auto"``."""
    if place is None or place == "auto":
        return nullcontext()
    return tf.device(f"GPU:{place}" if isinstance(place, int) else place.replace("cuda", "GPU"))


def copy_into(weight: tf.Variable, array: Array) -> None:
    """Give a weight the values of an array, in memory that the weight keeps.

    A weight that is filled in parts, by slices or by scattered rows, is copied at every later read;
    and ``assign`` makes two more copies of a table while it goes.
    """
    is_copied = isinstance(weight, tf.distribute.DistributedValues)
    for copy in weight.values if is_copied else [weight]:
        values = aligned(array, weight.dtype)
        tf.raw_ops.AssignVariableOp(resource=copy.handle, value=values)
