"""AdamW as BERT-like models are trained: warm-up, linear decay, clipping, weight decay."""

from typing import Any

from torch import nn
from torch.nn.utils import clip_grad_norm_
from torch.optim import AdamW
from torch.optim.lr_scheduler import LambdaLR

from camembert_dual.training.schedules import linear_warmup_linear_decay, no_decay
from camembert_dual.training.settings import (
    BETAS,
    EPSILON,
    MAX_GRADIENT_NORM,
    WEIGHT_DECAY,
)


def create_optimizer(
    model: nn.Module,
    learning_rate: float,
    total_steps: int,
    warmup_steps: int = 0,
    weight_decay: float = WEIGHT_DECAY,
    max_gradient_norm: float | None = MAX_GRADIENT_NORM,
    betas: tuple[float, float] = BETAS,
    epsilon: float = EPSILON,
) -> tuple[AdamW, LambdaLR]:
    """Make the optimiser, which clips by itself, and its schedule: call ``step()`` of both.

    The same arguments give the same training in the other framework.

    Args:
        model: A model of this package; weights that do not train are left out.
        learning_rate: The highest one.
        total_steps: Optimiser steps of the whole training.
        warmup_steps: Those of the rise from 0.
        weight_decay: Decay of all weights but biases and layer normalisations.
        max_gradient_norm: Longest gradient of all weights together, or None.
        betas: Shares of the running means of gradient and square that a step keeps.
        epsilon: Added to the root of the mean square.

    Returns:
        The optimiser and its schedule.

    Raises:
        ValueError: If ``warmup_steps`` is not in [0, ``total_steps``).
    """
    named = [(name, weight) for name, weight in model.named_parameters() if weight.requires_grad]
    groups: list[dict[str, Any]] = [
        {"params": [weight for name, weight in named if not no_decay(name)]},
        {"params": [weight for name, weight in named if no_decay(name)], "weight_decay": 0.0},
    ]
    optimizer = AdamW(groups, learning_rate, betas, epsilon, weight_decay)
    if max_gradient_norm is not None:
        weights, longest = [weight for _, weight in named], max_gradient_norm
        optimizer.register_step_pre_hook(lambda *_: clip(weights, longest))
    schedule = LambdaLR(
        optimizer,
        lambda step: linear_warmup_linear_decay(
            step, warmup_steps=warmup_steps, total_steps=total_steps
        ),
    )
    return optimizer, schedule


def clip(weights: list[nn.Parameter], longest: float) -> None:
    """Shorten the gradient of all weights together to ``longest``."""
    clip_grad_norm_(weights, longest)
