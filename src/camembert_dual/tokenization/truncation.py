"""Which stretch of each sequence is kept: truncation, and windows over what would be cut off."""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np

from camembert_dual.common.arrays import IntArray
from camembert_dual.common.errors import require

Truncation = Literal["longest_first", "only_first", "only_second"]
STRATEGIES: tuple[Truncation, ...] = ("longest_first", "only_first", "only_second")


class Windows(NamedTuple):
    """N rows: the sample each comes from, and the stretches [start, stop) of its A and B."""

    sample: IntArray
    a_start: IntArray
    a_stop: IntArray
    b_start: IntArray
    b_stop: IntArray


def plan_windows(
    a_sizes: IntArray,
    b_sizes: IntArray,
    *,
    budget: int | None,
    strategy: Truncation | None,
    stride: int = 0,
    overflow: bool = False,
    side: str = "right",
    pairs: bool = False,
) -> Windows:
    """Choose what to keep of every sample.

    Args:
        a_sizes: Tokens of the first sequence of each sample.
        b_sizes: Tokens of the second one; zeros without pairs.
        budget: Tokens left for both once the special tokens are placed; None is no limit.
        strategy: Which of the two gives way; None cuts nothing.
        stride: Tokens that neighbouring windows share.
        overflow: Whether what is cut off comes back as further windows.
        side: The side that is cut, "right" or "left".
        pairs: Whether samples are pairs.

    Raises:
        ValueError: If the budget, the stride or the strategy cannot be met.
    """
    zeros = np.zeros_like(a_sizes)
    whole = Windows(np.arange(len(a_sizes)), zeros, a_sizes, zeros, b_sizes)
    if strategy is None or budget is None:
        return whole
    few = f"{-budget} tokens too few"
    require(budget >= 0, "max_length must leave room for the special tokens", few)
    rule = "truncation must be another one than 'only_second' where there are no pairs"
    require(pairs or strategy != "only_second", rule, "single sequences")
    clear = not (overflow and pairs and strategy == "longest_first")
    rule = "truncation must be 'only_first' or 'only_second' to return what it cuts off pairs"
    require(clear, rule, repr(strategy))
    excess = a_sizes + b_sizes > budget
    if not excess.any():
        return whole
    rows: list[tuple[int, int, int, int, int]] = []
    for sample, (a, b) in enumerate(zip(a_sizes.tolist(), b_sizes.tolist(), strict=True)):
        keep_a, keep_b = shares(a, b, budget, strategy) if excess[sample] else (a, b)
        a_windows = _windows(a, keep_a, stride, side)
        b_windows = _windows(b, keep_b, stride, side)
        kept = [(sample, *first, *second) for first in a_windows for second in b_windows]
        rows += kept if overflow else kept[:1]
    return Windows(*np.array(rows, np.int64).T)


def shares(a: int, b: int, budget: int, strategy: Truncation) -> tuple[int, int]:
    """How many tokens of A and of B stay; of two equal ones B gives way first."""
    if strategy == "longest_first":
        if 2 * min(a, b) >= budget:
            return (budget + 1) // 2, budget // 2
        return (budget - b, b) if a > b else (a, budget - a)
    fixed = b if strategy == "only_first" else a
    rule = f"truncation={strategy!r} must leave room for the sequence it cuts"
    require(fixed < budget, rule, f"{fixed} tokens of {budget} in the other one")
    return (budget - b, b) if strategy == "only_first" else (a, budget - a)


def _windows(size: int, keep: int, stride: int, side: str) -> list[tuple[int, int]]:
    """The stretches of ``keep`` tokens that cover ``size`` tokens, first the one to keep."""
    if size <= keep:
        return [(0, size)]
    rule = f"stride must be at least 0 and under the {keep} tokens of a window"
    require(0 <= stride < max(keep, 1), rule, stride)
    step = max(keep - stride, 1)
    count = -(-(size - keep) // step) + 1 if keep else 1
    if side == "left":
        return [(max(size - i * step - keep, 0), size - i * step) for i in range(count)]
    return [(i * step, min(i * step + keep, size)) for i in range(count)]
