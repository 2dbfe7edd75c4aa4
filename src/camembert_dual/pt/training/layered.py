"""AdamW whose learning rate comes with each step, and is less in lower layers."""

from collections import defaultdict
from typing import Any

from camembert_dual.pt.training.optimization import AdamW
from camembert_dual.training.schedules import no_decay, rate_scale
from camembert_dual.training.settings import OptimizerNumbers

SCALE = "scale"  # of a group's learning rate


def layered_optimizer(model: Any, numbers: OptimizerNumbers) -> AdamW:
    """Make the optimiser of a run; :func:`set_rate` before each step.

    Args:
        model: A model of this package; weights that do not train are left out.
        numbers: What AdamW is made with.
    """
    weights = defaultdict(list)
    for name, weight in model.named_parameters():
        if weight.requires_grad:
            scale = rate_scale(name, model.config.num_hidden_layers, numbers.layer_decay)
            weights[scale, 0.0 if no_decay(name) else numbers.weight_decay].append(weight)
    groups: list[dict[str, Any]] = [
        {"params": members, SCALE: scale, "weight_decay": decay}
        for (scale, decay), members in weights.items()
    ]
    return AdamW(
        groups,
        betas=numbers.betas,
        eps=numbers.epsilon,
        max_gradient_norm=numbers.max_gradient_norm,
    )


def set_rate(optimizer: AdamW, rate: float) -> None:
    """Set the learning rate of the next step."""
    for group in optimizer.param_groups:
        group["lr"] = rate * group[SCALE]
