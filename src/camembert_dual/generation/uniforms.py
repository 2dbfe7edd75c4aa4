"""The random numbers of sampling: a seed gives the same ones in both frameworks."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

SEEDS = 2**31 - 1  # a framework's own generator draws a seed below it


def draw_uniforms(max_new_tokens: int, rows: int, seed: int) -> npt.NDArray[np.float32]:
    """Draw a number in [0, 1) for each new token of each row: (max_new_tokens, rows)."""
    return np.random.default_rng(seed).random((max_new_tokens, rows), dtype=np.float32)
