"""Rows into batches of similar length, within a budget of padded tokens.

Letters: N rows.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from camembert_dual.common.arrays import IntArray
from camembert_dual.common.errors import require


def batches_by_length(
    lengths: npt.ArrayLike,
    *,
    tokens_per_batch: int,
    rng: np.random.Generator,
    noise: float = 0.05,
) -> list[IntArray]:
    """Partition rows into batches of similar length, in random order.

    Rows are sorted by their length times a random factor within ``1 - noise`` and ``1 + noise``,
    cut into batches from the longest on, and the batches shuffled. So each epoch has other batches,
    while about half of ``noise`` of a batch is padding.

    Args:
        lengths: Tokens of each row (N,).
        tokens_per_batch: Most tokens of a batch, padding included (rows times longest row).
        rng: Source of the order; the same state gives the same batches.
        noise: How far lengths may be mistaken for each other, in [0, 1).

    Returns:
        One array of row numbers per batch; each row occurs once.

    Raises:
        ValueError: If a row is empty or over the budget, or ``noise`` is out of its range.
    """
    sizes = np.asarray(lengths, dtype=np.int64)
    require(sizes.ndim == 1, "lengths must be of shape (N,)", sizes.shape)
    require(0.0 <= noise < 1.0, "noise must be at least 0 and below 1", noise)
    if sizes.size == 0:
        return []
    shortest, longest = int(sizes.min()), int(sizes.max())
    rule = f"lengths must be within 1 and tokens_per_batch={tokens_per_batch}"
    require(shortest >= 1 and longest <= tokens_per_batch, rule, f"{shortest} to {longest}")
    factors = rng.uniform(1.0 - noise, 1.0 + noise, size=sizes.size)
    shuffled = rng.permutation(sizes.size)  # with noise 0, equal lengths still mix
    order = shuffled[np.argsort(-(sizes * factors)[shuffled], kind="stable")]
    batches = np.split(order, _cuts(sizes[order].tolist(), tokens_per_batch))
    return [batches[number] for number in rng.permutation(len(batches))]


def _cuts(sizes: list[int], tokens_per_batch: int) -> list[int]:
    """Where a new batch begins: as soon as rows times longest row would pass the budget."""
    cuts = []
    start = longest = 0
    for position, size in enumerate(sizes):
        longest = max(longest, size)
        if longest * (position - start + 1) > tokens_per_batch:
            cuts.append(position)
            start, longest = position, size
    return cuts
