"""One seed for every generator that training draws from."""

from __future__ import annotations

import contextlib
import random

import numpy as np

from camembert_dual.common.backends import installed, tree


def set_seed(seed: int) -> None:
    """Seed Python's, NumPy's and each installed framework's generator.

    Args:
        seed: From 0 to 2**32 - 1, as NumPy has it.

    Raises:
        ValueError: If the seed is out of its range.
    """
    np.random.seed(seed)
    random.seed(seed)
    for backend in installed():
        # a tree that cannot be imported, as on Keras with another backend, draws nothing either
        with contextlib.suppress(ImportError):
            tree(backend, "set_seed", "training.seeding").seed_framework(seed)


def enable_full_determinism(seed: int, warn_only: bool = False) -> None:
    """Seed all generators, and let the frameworks compute the same bits each time, if slower.

    Args:
        seed: As in :func:`set_seed`.
        warn_only: Whether PyTorch only warns of what it cannot compute so.

    Raises:
        ValueError: If the seed is out of its range.
    """
    set_seed(seed)
    for backend in installed():
        with contextlib.suppress(ImportError):
            tree(backend, "determinism", "training.seeding").make_deterministic(warn_only)
