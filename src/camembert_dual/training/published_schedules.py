"""The learning rate's schedules by the words of ``transformers`` 4: the factor at each step.

All rise in a straight line from 0 at step 0 to 1 at ``warmup_steps``; they differ in what follows.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from enum import Enum
from typing import NamedTuple

INVERSE_SQRT_TIMESCALE = 10_000  # where there is no warm-up to take it from


class SchedulerType(str, Enum):
    """The words for the schedules."""

    LINEAR = "linear"
    COSINE = "cosine"
    COSINE_WITH_RESTARTS = "cosine_with_restarts"
    POLYNOMIAL = "polynomial"
    CONSTANT = "constant"
    CONSTANT_WITH_WARMUP = "constant_with_warmup"
    INVERSE_SQRT = "inverse_sqrt"
    REDUCE_ON_PLATEAU = "reduce_lr_on_plateau"


class Phase(NamedTuple):
    """The two numbers that a schedule is made for.

    Attributes:
        warmup_steps: Length of the rise; 0 starts at the peak.
        total_steps: Length of the rise and fall together.
    """

    warmup_steps: int
    total_steps: int = 0

    def progress(self, step: int) -> float:
        """The share of the fall that is behind a step, 0 or more."""
        return (step - self.warmup_steps) / max(1, self.total_steps - self.warmup_steps)


def factor(step: int, phase: Phase, after: Callable[[float], float]) -> float:
    """The factor at a step: the rise, then what follows by the share of it that is behind."""
    if step < phase.warmup_steps:
        return step / phase.warmup_steps
    return after(phase.progress(step))


def constant(step: int, *, warmup_steps: int = 0) -> float:
    """Stay at 1."""
    return factor(step, Phase(warmup_steps), lambda progress: 1.0)


def linear(step: int, *, warmup_steps: int, total_steps: int) -> float:
    """Fall in a straight line to 0 at ``total_steps``; no number of steps is refused."""
    left = (total_steps - step) / max(1, total_steps - warmup_steps)
    return factor(step, Phase(warmup_steps), lambda progress: max(0.0, left))


def cosine(step: int, *, warmup_steps: int, total_steps: int, cycles: float) -> float:
    """Follow ``cycles`` waves of a cosine (Loshchilov and Hutter 2017), of which 0.5 falls to 0."""

    def wave(progress: float) -> float:
        return 0.5 * (1.0 + math.cos(2.0 * math.pi * cycles * progress))

    return factor(step, Phase(warmup_steps, total_steps), wave)


def cosine_with_restarts(step: int, *, warmup_steps: int, total_steps: int, cycles: int) -> float:
    """Fall along half a wave ``cycles`` times, each time from 1; 0 at and after ``total_steps``.

    Loshchilov and Hutter 2017, https://arxiv.org/abs/1608.03983.
    """

    def waves(progress: float) -> float:
        if progress >= 1.0:
            return 0.0
        return 0.5 * (1.0 + math.cos(math.pi * (cycles * progress % 1.0)))

    return factor(step, Phase(warmup_steps, total_steps), waves)


def polynomial(
    step: int, *, warmup_steps: int, total_steps: int, power: float, smallest: float
) -> float:
    """Fall along a power of the share that is left, to ``smallest`` from ``total_steps`` on."""

    def curve(progress: float) -> float:
        return smallest + (1.0 - smallest) * float(max(0.0, 1.0 - progress) ** power)

    return factor(step, Phase(warmup_steps, total_steps), curve)


def inverse_sqrt(step: int, *, warmup_steps: int, timescale: int | None = None) -> float:
    """Fall as the inverse square root of the steps, in units of ``timescale``.

    ``timescale`` is ``warmup_steps`` if None, and 10,000 where that is 0.
    """
    unit = timescale or warmup_steps or INVERSE_SQRT_TIMESCALE
    after_rise = (step - warmup_steps + unit) / unit
    return factor(step, Phase(warmup_steps), lambda progress: 1.0 / math.sqrt(after_rise))
