"""How a user's own layers start; Keras' layers bring their initializers."""

from collections.abc import Iterator
from typing import Any

from torch import nn


def own_modules(model: Any) -> Iterator[nn.Module]:
    """The modules of a user's own, inner ones first; a model within a model has started itself."""
    table = {one.name.rpartition(".")[0] for one in model.expected_parameters() if not one.own}
    inner = [f"{path}." for path, one in model.named_modules() if path and is_pretrained(one)]
    for path, module in reversed(list(model.named_modules())):
        if path not in table and not f"{path}.".startswith(tuple(inner)):
            yield module


def is_pretrained(module: nn.Module) -> bool:
    """Whether a module is one of our models or a user's of that kind."""
    return hasattr(type(module), "architecture")


def initialise(model: Any) -> None:
    """Start the own layers of a user's model, by its ``_init_weights``."""
    for module in own_modules(model):
        model._init_weights(module)


def start(module: nn.Module, scale: float) -> None:
    """Start a layer: a normal matrix, zeros for a bias, one and zero for a normalisation.

    Args:
        module: The layer; other kinds than these keep what PyTorch gave them.
        scale: Standard deviation of the matrix.
    """
    if isinstance(module, nn.Linear | nn.Embedding):
        nn.init.normal_(module.weight, mean=0.0, std=scale)
    if isinstance(module, nn.Embedding) and module.padding_idx is not None:
        nn.init.zeros_(module.weight.data[module.padding_idx])
    if isinstance(module, nn.LayerNorm) and module.weight is not None:
        nn.init.ones_(module.weight)
    if isinstance(module, nn.Linear | nn.LayerNorm) and module.bias is not None:
        nn.init.zeros_(module.bias)
