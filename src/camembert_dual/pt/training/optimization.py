"""AdamW as BERT-like models are trained: warm-up, linear decay, clipping, weight decay."""

from typing import Any

import torch
from torch import nn
from torch.nn.utils import clip_grad_norm_
from torch.optim.lr_scheduler import LambdaLR

from camembert_dual.training.schedules import linear_warmup_linear_decay, no_decay
from camembert_dual.training.settings import (
    BETAS,
    EPSILON,
    MAX_GRADIENT_NORM,
    WEIGHT_DECAY,
)


class AdamW(torch.optim.AdamW):
    """AdamW that shortens the gradient of all its weights together before each step.

    The longest one is a value of its groups, so that copies, saved states and weights that are
    added later keep to it.
    """

    def __init__(self, *args: Any, max_gradient_norm: float | None, **options: Any) -> None:
        super().__init__(*args, **options)
        self.defaults["max_gradient_norm"] = max_gradient_norm
        for group in self.param_groups:
            group["max_gradient_norm"] = max_gradient_norm
        self.register_step_pre_hook(clip)

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Take up a state; a copy comes without the hooks of what it was made from."""
        super().__setstate__(state)
        for group in self.param_groups:  # a state of before has none
            group.setdefault("max_gradient_norm", self.defaults.get("max_gradient_norm"))
        if "defaults" in state:
            self.register_step_pre_hook(clip)


def clip(optimizer: Any, args: Any, kwargs: Any) -> tuple[Any, Any] | None:
    """Shorten the gradient before a step, or at the end of the closure that computes it."""
    groups = optimizer.param_groups
    weights = [weight for group in groups for weight in group["params"]]
    longest = groups[0]["max_gradient_norm"]
    closure = kwargs.get("closure", args[1] if len(args) > 1 else None)
    if longest is None:
        return None
    if closure is None:
        clip_grad_norm_(weights, longest)
        return None

    def clipped() -> Any:
        loss = closure()
        clip_grad_norm_(weights, longest)
        return loss

    return args[:1], {"closure": clipped}


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
    optimizer = AdamW(
        groups,
        learning_rate,
        betas,
        epsilon,
        weight_decay,
        max_gradient_norm=max_gradient_norm,
    )
    schedule = LambdaLR(
        optimizer,
        lambda step: linear_warmup_linear_decay(
            step, warmup_steps=warmup_steps, total_steps=total_steps
        ),
    )
    return optimizer, schedule
