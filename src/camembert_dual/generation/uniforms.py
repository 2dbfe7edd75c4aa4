"""The random numbers of sampling: a seed gives the same ones in both frameworks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from camembert_dual.common.errors import is_integer, require
from camembert_dual.generation.plan import Plan

SEEDS = 2**31 - 1  # a framework's own generator draws a seed below it


def shape_of_draws(plan: Plan, steps: Any, rows: Any) -> tuple[Any, ...]:
    """How many numbers a search draws: for each step and text, or each candidate of a row.

    Args:
        plan: How to search.
        steps: Tokens to add.
        rows: Number of prompts.
    """
    if not plan.do_sample:
        return (steps, 0)
    if plan.draws_candidates:
        return (steps, rows, plan.num_candidates)
    return (steps, rows * plan.num_returned)


def draw_uniforms(shape: Sequence[int], seed: int | Sequence[int]) -> npt.NDArray[np.float32]:
    """Draw numbers in [0, 1)."""
    return np.random.default_rng(seed).random(shape, dtype=np.float32)


def check_draws(seed: object, generator: object) -> None:
    """Check what makes draws repeatable.

    Raises:
        ValueError: If the seed breaks its rule, or both are given.
    """
    several = isinstance(seed, list | tuple) and all(is_integer(one, 0) for one in seed)
    rule = "seed must be an integer of at least 0, or a list of some"
    require(seed is None or several or is_integer(seed, 0), rule, repr(seed))
    rule = "seed and generator must not be given both"
    require(seed is None or generator is None, rule, seed)
