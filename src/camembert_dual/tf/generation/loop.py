"""Steps until all texts have finished, and what they have found."""

from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

import tensorflow as tf

from camembert_dual.tf.generation.cache import Call

State = TypeVar("State")


class Found(NamedTuple):
    """The texts of a search.

    ``tokens`` (R, L), prompts included, of which ``length`` columns count; of beams the ``scores``
    (R) of the texts, and the ``rows`` (R, L) in which each new token was scored.
    """

    tokens: tf.Tensor
    length: Any
    scores: tf.Tensor | None = None
    rows: tf.Tensor | None = None


def repeat(call: Call, state: State, step: Callable[[State], State]) -> State:
    """Take steps until all rows have finished or are as long as they may be."""
    if tf.executing_eagerly():
        while may_grow(call, state):
            state = step(state)
        return state
    state = tf.nest.map_structure(tf.convert_to_tensor, state)
    shapes = tf.nest.map_structure(lambda one: shape_in_loop(call, one), state)
    (state,) = tf.while_loop(
        lambda one: may_grow(call, one),
        lambda one: (step(one),),
        (state,),
        shape_invariants=(shapes,),
    )
    return state


def may_grow(call: Call, state: Any) -> tf.Tensor:
    """Whether a row is unfinished and has room."""
    return (state.length < call.limit) & tf.reduce_any(state.is_unfinished)


def shape_in_loop(call: Call, tensor: tf.Tensor) -> tf.TensorShape:
    """What stays of a tensor's shape: all, or H and K of the caches (B, H, S, K), or widths."""
    if call.is_fixed:
        return tensor.shape
    kept = {4: (1, 3), 3: (1, 2), 2: (1,)}.get(len(tensor.shape), ())
    return tf.TensorShape(
        [size if axis in kept else None for axis, size in enumerate(tensor.shape)]
    )
