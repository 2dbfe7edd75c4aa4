"""The seed of TensorFlow's generators."""

import keras
import tensorflow as tf


def seed_framework(seed: int) -> None:
    """Seed the generators of all devices."""
    keras.utils.set_random_seed(seed)


def make_deterministic(warn_only: bool) -> None:
    """Compute the same bits each time."""
    tf.config.experimental.enable_op_determinism()
