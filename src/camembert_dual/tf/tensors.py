"""The tensors that a tokenizer hands out."""

from typing import Any

import numpy as np
import numpy.typing as npt
import tensorflow as tf


def to_tensor(array: npt.NDArray[Any]) -> tf.Tensor:
    """A tensor of the same numbers: ids are int32, TensorFlow's usual index type."""
    is_integer = np.issubdtype(array.dtype, np.integer)
    return tf.convert_to_tensor(array.astype(np.int32) if is_integer else array)
