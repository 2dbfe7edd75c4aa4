"""Gradient checkpointing that keeps dropout's draws.

The method is Chen et al. 2016, https://arxiv.org/abs/1604.06174. ``tf.recompute_grad`` runs a layer
again for its gradient; Keras' dropout would then draw another mask. Here both runs start from the
same seeds, and the seeds move on once.
"""

from typing import Any

import keras
import tensorflow as tf


def checkpoint(layer: keras.layers.Layer, *arguments: Any, **options: Any) -> Any:
    """Run a layer in training, keeping its arguments instead of its intermediate values.

    Args:
        layer: A built layer.
        *arguments: Its inputs: tensors, None, or tuples of them.
        **options: Its other arguments.

    Returns:
        What the layer returns; None stays None.
    """
    weights = {id(variable) for variable in layer.weights}
    seeds = [variable for variable in layer.variables if id(variable) not in weights]
    first_seeds = [tf.identity(seed.value) for seed in seeds]
    of_first_run: dict[str, Any] = {}

    # tf.recompute_grad knows flat real tensors only; the others (masks) come along by closure
    @tf.recompute_grad
    def run(*real: tf.Tensor) -> list[tf.Tensor]:
        rest = iter(real)
        given = tf.nest.map_structure(lambda one: next(rest) if is_real(one) else one, arguments)
        with keras.StatelessScope(list(zip(seeds, first_seeds, strict=True))) as scope:
            # the gradient's run has no outer layer to learn from that this is training
            output = layer(*given, training=True, **options)
        if not of_first_run:
            of_first_run["present"] = tf.nest.map_structure(tf.is_tensor, output)
            of_first_run["seeds"] = [scope.get_current_value(seed) for seed in seeds]
        return [one for one in tf.nest.flatten(output) if tf.is_tensor(one)]

    tensors = iter(run(*(one for one in tf.nest.flatten(arguments) if is_real(one))))
    for seed, value in zip(seeds, of_first_run.pop("seeds"), strict=True):
        seed.assign(value)
    return tf.nest.map_structure(
        lambda present: next(tensors) if present else None, of_first_run["present"]
    )


def is_real(value: Any) -> bool:
    """Whether a value is a tensor that can have a gradient."""
    return tf.is_tensor(value) and value.dtype.is_floating
