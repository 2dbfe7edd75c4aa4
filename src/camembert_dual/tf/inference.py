"""Answers as arrays, for callers that know no framework."""

from collections.abc import Mapping
from typing import Any

import tensorflow as tf

from camembert_dual.common.arrays import Array
from camembert_dual.tf import surgery
from camembert_dual.tf.tensors import array_of, wide_dtype


def last_hidden_states(model: Any, inputs: Mapping[str, Any]) -> Array:
    """The states (B, T, D) above the last layer, in single precision at least, without dropout."""
    output = surgery.backbone_of(model)(**inputs, return_dict=True, training=False)
    states = output.last_hidden_state
    return array_of(tf.cast(states, wide_dtype(states)))
