"""Weights of a user's own layers, beside those of the parameter table: expected, made."""

from collections.abc import Mapping, Sequence
from typing import Any

import keras

from camembert_dual.config import CamembertConfig
from camembert_dual.parameters import Parameter, beside_table, parameters
from camembert_dual.tf.naming import places_of
from camembert_dual.tf.served_model import initialise
from camembert_dual.tf.surgery import backbone_of, has_network


def is_users(model_class: type) -> bool:
    """Whether a class is a user's: ours say themselves which network they are."""
    return "architecture" not in vars(model_class)


def expected_parameters(model: Any) -> tuple[Parameter, ...]:
    """The weights that a model must have: by its config, and those of a user's own layers."""
    table: tuple[Parameter, ...] = ()
    if has_network(model):
        pooler = backbone_of(model).pooler is not None
        table = parameters(model.config, model.architecture, pooler=pooler)
    return beside_table(table, stored_weights(model)) if is_users(type(model)) else table


def stored_weights(model: Any) -> list[Parameter]:
    """Every weight that a model keeps, by its name."""
    if not all(layer.built for layer in model._flatten_layers()):
        initialise(model)
    return [
        Parameter(name, "", place.shape, place.transposed, False, own=True)
        for name, place in places_of(model).items()
    ]


def made(
    model_class: type,
    config: CamembertConfig,
    dtype: Any,
    positional: Sequence[Any],
    arguments: Mapping[str, Any],
) -> Any:
    """A model of a user's class, all of its layers built.

    Args:
        model_class: The class.
        config: Its config.
        dtype: Type or policy of its weights, those of the user's own layers included; Keras' own
            policy if None.
        positional: Other arguments of its constructor.
        arguments: Those by name.
    """
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(before if dtype is None else dtype)
    try:
        model = model_class(config, *positional, **arguments)
        initialise(model)
    finally:
        keras.config.set_dtype_policy(before)
    return model
