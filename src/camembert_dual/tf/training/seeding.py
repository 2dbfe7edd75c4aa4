"""The seed of TensorFlow's generators."""

import tensorflow as tf


def seed_framework(seed: int) -> None:
    """Seed the generators of all devices."""
    tf.random.set_seed(seed)
