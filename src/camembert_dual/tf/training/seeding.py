"""The seed of TensorFlow's generators."""

import keras


def seed_framework(seed: int) -> None:
    """Seed the generators of all devices."""
    keras.utils.set_random_seed(seed)
