"""AdamW by the arithmetic of ``transformers`` 4, whose scripts ask for it by this name."""

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch.optim import Optimizer

from camembert_dual.common.errors import require


class AdamW(Optimizer):
    """Adam with weight decay apart from its moments (Loshchilov and Hutter 2019).

    It differs from ``torch.optim.AdamW`` in three places: epsilon is added to the root of the mean
    square before its bias is corrected, weights decay after the step instead of before it, and by
    default they do not decay.

    Args:
        params: Weights, or groups of them.
        lr: Learning rate.
        betas: Shares of the running means of gradient and square that a step keeps.
        eps: Added to the root of the mean square.
        weight_decay: Share of a weight that a step takes away, times the learning rate.
        correct_bias: Whether the means are corrected for their start at 0.
        no_deprecation_warning: For scripts that silence the warning of ``transformers``; there is
            none here.

    Raises:
        ValueError: If a number is out of its range.
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-6,
        weight_decay: float = 0.0,
        correct_bias: bool = True,
        no_deprecation_warning: bool = False,
    ) -> None:
        require(lr >= 0, "lr must be at least 0", lr)
        require(eps >= 0, "eps must be at least 0", eps)
        require(all(0 <= beta < 1 for beta in betas), "betas must be from 0 to below 1", betas)
        defaults = {"lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay}
        super().__init__(params, {**defaults, "correct_bias": correct_bias})

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Change each weight by its gradient; give back what the closure, if any, gives."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            for weight in group["params"]:
                if weight.grad is not None:
                    self._change(weight, group)
        return loss

    def _change(self, weight: Any, group: dict[str, Any]) -> None:
        state, (keep_mean, keep_square) = self.state[weight], group["betas"]
        if not state:
            state.update(step=0, exp_avg=torch.zeros_like(weight))
            state["exp_avg_sq"] = torch.zeros_like(weight)
        state["step"] += 1
        state["exp_avg"].lerp_(weight.grad, 1 - keep_mean)
        square = state["exp_avg_sq"]
        square.mul_(keep_square).addcmul_(weight.grad, weight.grad, value=1 - keep_square)
        size = group["lr"]
        if group["correct_bias"]:
            count = state["step"]
            size *= (1 - keep_square**count) ** 0.5 / (1 - keep_mean**count)
        weight.addcdiv_(state["exp_avg"], square.sqrt().add_(group["eps"]), value=-size)
        weight.mul_(1 - group["lr"] * group["weight_decay"])
