"""The border: arrays to tensors and back, and model outputs as nodes of Keras' trees."""

from functools import partial
from typing import Any

import keras
import numpy as np
import optree
import tensorflow as tf

from camembert_dual.common.arrays import Array
from camembert_dual.outputs import OUTPUT_CLASSES, ModelOutput
from camembert_dual.tokenization import BatchEncoding

ALIGNMENT = 64


def to_tensor(array: Array) -> tf.Tensor:
    """A tokenizer's numbers as a tensor: ids are int32, TensorFlow's usual index type."""
    is_integer = np.issubdtype(array.dtype, np.integer)
    return tf.convert_to_tensor(array.astype(np.int32) if is_integer else array)


def aligned(array: Array, dtype: tf.DType) -> Array:
    """A copy of a weight's array, of a type and in memory that a variable takes over as it is.

    TensorFlow copies what lies at other addresses, and what is made a tensor first.
    """
    dtype = np.dtype(dtype.as_numpy_dtype)
    room = np.empty(array.size * dtype.itemsize + ALIGNMENT, np.uint8)
    start = -room.ctypes.data % ALIGNMENT
    copy = room[start : start + array.size * dtype.itemsize].view(dtype).reshape(array.shape)
    copy[...] = array
    return copy


def array_of(weight: keras.Variable) -> Array:
    """A weight as an array on the host, which cannot be written to; bfloat16 becomes numpy's."""
    tensor = tf.convert_to_tensor(weight)
    if tensor.dtype == tf.bfloat16:  # which Python's buffers do not know
        return array_of(tf.bitcast(tensor, tf.uint16)).view(tensor.dtype.as_numpy_dtype)
    return np.asarray(memoryview(tensor))  # the memory of the weight itself


def wide_dtype(tensor: tf.Tensor) -> str:
    """The type for sums that a half would round: a tensor's own, float32 at least."""
    return keras.backend.result_type(tensor.dtype.name, "float32")


def register_outputs() -> None:
    """Make every output class a node of Keras' trees (predict, symbolic calls, export).

    A tokenizer's result is one too, so that ``model(encoding)`` and ``predict(encoding)`` work.
    """
    for output_class in (*OUTPUT_CLASSES, BatchEncoding):
        unflatten_class = partial(unflatten, output_class)
        optree.register_pytree_node(
            output_class,
            flatten,
            lambda names, values, unflatten_class=unflatten_class: unflatten_class(values, names),
            namespace="keras",
        )


def flatten(output: ModelOutput) -> tuple[list[Any], list[str], list[str]]:
    """Take an output apart into values and names; the names are the paths, too."""
    return list(output.values()), list(output), list(output)


def unflatten(output_class: type[ModelOutput], values: Any, names: Any) -> ModelOutput:
    """Put an output together again."""
    output = output_class()
    output.update(zip(names, values, strict=True))  # in their order, a user's own values too
    return output
