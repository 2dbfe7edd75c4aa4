"""Answers as arrays, for callers that know no framework."""

from collections.abc import Mapping
from typing import Any

import tensorflow as tf

from camembert_dual.common.arrays import Array, BoolArray
from camembert_dual.tf import surgery
from camembert_dual.tf.tensors import array_of, wide_dtype


def last_hidden_states(model: Any, inputs: Mapping[str, Any]) -> Array:
    """The states (B, T, D) above the last layer, in single precision at least, without dropout."""
    return wide(output_of(surgery.backbone_of(model), inputs).last_hidden_state)


def answers(model: Any, inputs: Mapping[str, Any]) -> dict[str, Array]:
    """Every output of a model by name, in single precision at least, without dropout."""
    output = output_of(model, inputs)
    return {name: wide(value) for name, value in output.items() if tf.is_tensor(value)}


def logits_at(model: Any, inputs: Mapping[str, Any], places: BoolArray) -> Array:
    """The logits (N, V) of a language model at the N places that are marked among (B, T)."""
    logits = output_of(model, inputs).logits
    return wide(tf.boolean_mask(logits, places))


def generated(model: Any, input_ids: Array | None, options: Mapping[str, Any]) -> Array:
    """The ids (R, L) of the texts that a model writes after a prompt (1, T), or after nothing."""
    ids = None if input_ids is None else tf.convert_to_tensor(input_ids, tf.int32)
    return array_of(model.generate(ids, **options))


def output_of(model: Any, inputs: Mapping[str, Any]) -> Any:
    """What a model answers without dropout."""
    return model(**inputs, return_dict=True, training=False)


def wide(tensor: tf.Tensor) -> Array:
    """An answer as an array, in single precision at least."""
    return array_of(tf.cast(tensor, wide_dtype(tensor)))
