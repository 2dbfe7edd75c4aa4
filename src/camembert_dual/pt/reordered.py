"""Dense layers for inference alone: their weights lie as oneDNN's products read them.

PyTorch's own layers keep a weight in rows, and each product brings it into another order first. For
a short text that takes longer than the product itself.
"""

import copy
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from camembert_dual.common.errors import require
from camembert_dual.pt.encoder import Intermediate
from camembert_dual.pt.layers import gelu, gelu_new

DTYPES = (torch.float32, torch.bfloat16)
NOTHING = ("none", "")
FUSED: dict[Any, tuple[str, str]] = {  # activations that a product applies by the way
    gelu: ("gelu", "none"),
    gelu_new: ("gelu", "tanh"),
    functional.relu: ("relu", ""),
}


class ReorderedDense(nn.Module):
    """An affine map (..., I) -> (..., O), and an activation behind it, that cannot be trained.

    Args:
        layer: The layer whose weight is copied in another order.
        activation: One of :data:`FUSED`, or None.
    """

    def __init__(
        self, layer: nn.Linear, activation: Callable[[Tensor], Tensor] | None = None
    ) -> None:
        super().__init__()
        self.training = False
        self.in_features, self.out_features = layer.in_features, layer.out_features
        self.reordered = torch.ops.mkldnn._reorder_linear_weight(layer.weight.detach())
        self.bias = layer.bias
        self.activation = NOTHING if activation is None else FUSED[activation]

    def forward(self, hidden_states: Tensor) -> Tensor:
        """Map (..., I) to (..., O)."""
        kind, form = self.activation
        states: Tensor = torch.ops.mkldnn._linear_pointwise(
            hidden_states, self.reordered, self.bias, kind, [], form
        )
        return states

    def train(self, mode: bool = True) -> "ReorderedDense":
        """Stay as it is.

        Raises:
            ValueError: If it is to be trained.
        """
        require(not mode, "A model optimised for inference must stay in evaluation", "train()")
        return self


def optimized(model: Any) -> Any:
    """Copy a model for inference; what is not reordered shares the memory of the model's weights.

    Raises:
        ValueError: If the model is elsewhere than in the memory of the host, or PyTorch was built
            without oneDNN.
    """
    is_here = model.device.type == "cpu" and torch.backends.mkldnn.is_available()
    rule = "A model must be on a CPU, with PyTorch's oneDNN, to be optimised for inference"
    require(is_here, rule, f"{model.device}")
    frozen = {
        id(one): nn.Parameter(one.detach(), requires_grad=False) for one in model.parameters()
    }
    fast = copy.deepcopy(model, frozen).eval()
    for part in list(fast.modules()):
        for name, layer in list(part.named_children()):
            if type(layer) is nn.Linear and layer.weight.dtype in DTYPES:
                setattr(part, name, reordered(layer, part))
    return fast


def reordered(layer: nn.Linear, part: nn.Module) -> ReorderedDense:
    """A layer for inference; with the activation behind it, which the part is then rid of."""
    if not isinstance(part, Intermediate) or part.activation not in FUSED:
        return ReorderedDense(layer)
    fast = ReorderedDense(layer, part.activation)
    part.activation = nn.Identity()
    return fast
