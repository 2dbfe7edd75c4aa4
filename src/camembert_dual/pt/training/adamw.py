"""The optimiser of ``transformers`` 4's PyTorch half, whose numbers differ a little from PyTorch's.

:func:`camembert_dual.pt.create_optimizer` is this package's own.
"""

import warnings
from collections.abc import Callable, Iterable
from typing import Any

import torch

from camembert_dual.common.errors import require


class AdamW(torch.optim.Optimizer):
    """Adam with decay apart from its moments (Loshchilov and Hutter 2019).

    Epsilon is added before the bias of the moments is corrected, and the decay follows the step.

    Args:
        params: The weights, or groups of them.
        lr: Learning rate.
        betas: Shares of the running means of the gradient and of its square that a step keeps.
        eps: Added to the root of the mean square.
        weight_decay: Decay of the weights, times the learning rate.
        correct_bias: Whether the means are corrected for having begun at 0.
        no_deprecation_warning: Whether to say nothing of ``torch.optim.AdamW``.

    Raises:
        ValueError: If a number is outside its range.
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
        if not no_deprecation_warning:
            text = "AdamW of transformers 4 is deprecated; use torch.optim.AdamW."
            warnings.warn(text, FutureWarning, stacklevel=2)
        require(lr >= 0, "lr must be at least 0", lr)
        require(all(0 <= beta < 1 for beta in betas), "betas must be from 0 to under 1", betas)
        require(eps >= 0, "eps must be at least 0", eps)
        values = {"lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay}
        super().__init__(params, values | {"correct_bias": correct_bias})

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Take one step.

        Args:
            closure: Computes the loss and its gradients anew.

        Returns:
            The loss of the closure, or None.
        """
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            for weight in group["params"]:
                if weight.grad is not None:
                    update(weight, self.state[weight], group)
        return loss


def update(weight: torch.Tensor, state: dict[str, Any], group: dict[str, Any]) -> None:
    """Move one weight, and the means of its gradient, which are kept in ``state``.

    Raises:
        ValueError: If the gradient is sparse.
    """
    gradient = weight.grad
    if gradient is None or gradient.is_sparse:
        raise ValueError("AdamW must be given dense gradients; received a sparse one.")
    if not state:
        state["step"] = 0
        state["exp_avg"], state["exp_avg_sq"] = torch.zeros_like(weight), torch.zeros_like(weight)
    state["step"] += 1
    mean, mean_square = state["exp_avg"], state["exp_avg_sq"]
    keep, keep_square = group["betas"]
    mean.lerp_(gradient, 1 - keep)
    mean_square.mul_(keep_square).addcmul_(gradient, gradient, value=1 - keep_square)
    size = rate = group["lr"]
    if group["correct_bias"]:
        root = (1 - keep_square ** state["step"]) ** 0.5
        size = rate * root / (1 - keep ** state["step"])
    weight.addcdiv_(mean, mean_square.sqrt().add_(group["eps"]), value=-size)
    if group["weight_decay"] > 0:
        weight.mul_(1 - rate * group["weight_decay"])
