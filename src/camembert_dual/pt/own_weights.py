"""Weights of a user's own layers, beside those of the parameter table: expected, made."""

from collections.abc import Mapping, Sequence
from typing import Any

from camembert_dual.config import CamembertConfig
from camembert_dual.parameters import Parameter, beside_table, parameters
from camembert_dual.pt.initialising import initialise
from camembert_dual.pt.surgery import backbone_of, has_network
from camembert_dual.pt.tying import second_names


def is_users(model_class: type) -> bool:
    """Whether a class is a user's: ours say themselves which network they are."""
    return "architecture" not in vars(class_of(model_class))


def class_of(model_class: type) -> type:
    """The class that a model was made of: PyTorch derives others of it, where it spreads one."""
    return next(one for one in model_class.__mro__ if not one.__module__.startswith("torch."))


def expected_parameters(model: Any) -> tuple[Parameter, ...]:
    """The weights that a model must have: by its config, and those of a user's own layers."""
    table: tuple[Parameter, ...] = ()
    if has_network(model):
        pooler = backbone_of(model).pooler is not None
        table = parameters(model.config, model.architecture, pooler=pooler)
    return beside_table(table, stored_weights(model)) if is_users(type(model)) else table


def stored_weights(model: Any) -> list[Parameter]:
    """Every weight and buffer that a model keeps, by its first name in the module."""
    second = second_names(model)
    return [
        Parameter(name, "", tuple(tensor.shape), False, False, own=True)
        for name, tensor in model.state_dict().items()
        if name not in second
    ]


def made(
    model_class: type,
    config: CamembertConfig,
    dtype: Any,
    positional: Sequence[Any],
    arguments: Mapping[str, Any],
) -> Any:
    """A model of a user's class, all of its own layers started.

    Args:
        model_class: The class.
        config: Its config.
        dtype: Type of its weights.
        positional: Other arguments of its constructor.
        arguments: Those by name.
    """
    model = model_class(config, *positional, **arguments)
    initialise(model)
    return model.to(dtype=dtype)
