"""Learning rate schedules by the names of ``transformers`` 4."""

from collections.abc import Callable
from functools import partial
from typing import Any

from torch.optim import Optimizer
from torch.optim.lr_scheduler import LambdaLR, ReduceLROnPlateau

from camembert_dual.common.errors import require
from camembert_dual.training import published_schedules as schedules
from camembert_dual.training.published_schedules import SchedulerType


def get_constant_schedule(optimizer: Optimizer, last_epoch: int = -1) -> LambdaLR:
    """Keep the learning rate of the optimiser."""
    return LambdaLR(optimizer, schedules.constant, last_epoch)


def get_constant_schedule_with_warmup(
    optimizer: Optimizer, num_warmup_steps: int, last_epoch: int = -1
) -> LambdaLR:
    """Rise from 0 to the learning rate of the optimiser, then keep it."""
    rate = partial(schedules.constant, warmup_steps=num_warmup_steps)
    return LambdaLR(optimizer, rate, last_epoch)


def get_linear_schedule_with_warmup(
    optimizer: Optimizer, num_warmup_steps: int, num_training_steps: int, last_epoch: int = -1
) -> LambdaLR:
    """Rise from 0, then fall in a straight line to 0."""
    rate = partial(schedules.linear, warmup_steps=num_warmup_steps, total_steps=num_training_steps)
    return LambdaLR(optimizer, rate, last_epoch)


def get_cosine_schedule_with_warmup(
    optimizer: Optimizer,
    num_warmup_steps: int,
    num_training_steps: int,
    num_cycles: float = 0.5,
    last_epoch: int = -1,
) -> LambdaLR:
    """Rise from 0, then follow ``num_cycles`` waves of a cosine."""
    rate = partial(
        schedules.cosine,
        warmup_steps=num_warmup_steps,
        total_steps=num_training_steps,
        cycles=num_cycles,
    )
    return LambdaLR(optimizer, rate, last_epoch)


def get_cosine_with_hard_restarts_schedule_with_warmup(
    optimizer: Optimizer,
    num_warmup_steps: int,
    num_training_steps: int,
    num_cycles: int = 1,
    last_epoch: int = -1,
) -> LambdaLR:
    """Rise from 0, then fall along a cosine ``num_cycles`` times."""
    rate = partial(
        schedules.cosine_with_restarts,
        warmup_steps=num_warmup_steps,
        total_steps=num_training_steps,
        cycles=num_cycles,
    )
    return LambdaLR(optimizer, rate, last_epoch)


def get_polynomial_decay_schedule_with_warmup(
    optimizer: Optimizer,
    num_warmup_steps: int,
    num_training_steps: int,
    lr_end: float = 1e-7,
    power: float = 1.0,
    last_epoch: int = -1,
) -> LambdaLR:
    """Rise from 0, then fall to ``lr_end`` along a power of the share that is left.

    Raises:
        ValueError: If ``lr_end`` is not below the learning rate of the optimiser.
    """
    peak = optimizer.defaults["lr"]
    require(lr_end < peak, f"lr_end must be below the optimiser's lr={peak}", lr_end)
    rate = partial(
        schedules.polynomial,
        warmup_steps=num_warmup_steps,
        total_steps=num_training_steps,
        power=power,
        smallest=lr_end / peak,
    )
    return LambdaLR(optimizer, rate, last_epoch)


def get_inverse_sqrt_schedule(
    optimizer: Optimizer,
    num_warmup_steps: int,
    timescale: int | None = None,
    last_epoch: int = -1,
) -> LambdaLR:
    """Rise from 0, then fall as the inverse square root of the steps."""
    rate = partial(schedules.inverse_sqrt, warmup_steps=num_warmup_steps, timescale=timescale)
    return LambdaLR(optimizer, rate, last_epoch)


WITHOUT_LENGTH: dict[SchedulerType, Callable[..., Any]] = {
    SchedulerType.CONSTANT_WITH_WARMUP: get_constant_schedule_with_warmup,
    SchedulerType.INVERSE_SQRT: get_inverse_sqrt_schedule,
}
WITH_LENGTH: dict[SchedulerType, Callable[..., Any]] = {
    SchedulerType.LINEAR: get_linear_schedule_with_warmup,
    SchedulerType.COSINE: get_cosine_schedule_with_warmup,
    SchedulerType.COSINE_WITH_RESTARTS: get_cosine_with_hard_restarts_schedule_with_warmup,
    SchedulerType.POLYNOMIAL: get_polynomial_decay_schedule_with_warmup,
}


def get_scheduler(
    name: str | SchedulerType,
    optimizer: Optimizer,
    num_warmup_steps: int | None = None,
    num_training_steps: int | None = None,
) -> Any:
    """Make the schedule of a name.

    Args:
        name: One of :class:`SchedulerType`.
        optimizer: What it is for; its learning rate is the highest one.
        num_warmup_steps: Steps of the rise, for all but ``constant`` and ``reduce_lr_on_plateau``.
        num_training_steps: Steps of the whole training, for those that fall to an end.

    Returns:
        A ``LambdaLR``, or a ``ReduceLROnPlateau``, whose ``step`` is given the measure.

    Raises:
        ValueError: If there is no schedule of that name, or it lacks a number.
    """
    names = [one.value for one in SchedulerType]
    require(name in names, f"A schedule must be one of {', '.join(names)}", repr(name))
    kind = SchedulerType(name)
    if kind is SchedulerType.CONSTANT:
        return get_constant_schedule(optimizer)
    if kind is SchedulerType.REDUCE_ON_PLATEAU:
        return ReduceLROnPlateau(optimizer)
    require(
        num_warmup_steps is not None,
        f"The schedule {kind.value} must be given num_warmup_steps",
        None,
    )
    if kind in WITHOUT_LENGTH:
        return WITHOUT_LENGTH[kind](optimizer, num_warmup_steps)
    require(
        num_training_steps is not None,
        f"The schedule {kind.value} must be given num_training_steps",
        None,
    )
    return WITH_LENGTH[kind](optimizer, num_warmup_steps, num_training_steps)
