"""The numbers of a fine-tuning, checked, each default once."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from camembert_dual.common.errors import is_integer, is_number, require
from camembert_dual.training.settings import (
    MAX_GRADIENT_NORM,
    PRECISIONS,
    WEIGHT_DECAY,
    OptimizerNumbers,
)

CLASS_WEIGHTS = ("none", "balanced")


@dataclass(frozen=True)
class FinetuningSettings:
    """How a model is trained on examples of a task, in either framework.

    Attributes:
        epochs: How often each example is read.
        batch_size: Rows of a batch.
        accumulation: Batches whose gradients make one step together.
        learning_rate: Peak learning rate of AdamW, of the head.
        warmup_share: Share of the steps in which it rises from 0; then it falls to 0 in a straight
            line.
        weight_decay: Decay of the weights that are not biases or layer normalisations.
        layer_decay: Factor of the learning rate from each layer to the one below; 1 for one rate.
        max_gradient_norm: Longest gradient of all weights together.
        label_smoothing: Share of each label that is spread over all classes.
        class_weights: ``"balanced"`` weighs a label the more the rarer its class is; ``"none"``.
        patience: Epochs without a better score after which the training stops; 0 for never.
        max_length: Most tokens of a row; what the model takes at most, if that is less.
        by_length: Whether rows of similar length come together.
        precision: ``"float32"``, or ``"bfloat16"`` for products where the processor has it.
        seed: Seed of every draw.

    Raises:
        ValueError: If a number breaks its rule.
    """

    epochs: int = 3
    batch_size: int = 16
    accumulation: int = 1
    learning_rate: float = 5e-5
    warmup_share: float = 0.1
    weight_decay: float = WEIGHT_DECAY
    layer_decay: float = 1.0
    max_gradient_norm: float = MAX_GRADIENT_NORM
    label_smoothing: float = 0.0
    class_weights: str = CLASS_WEIGHTS[0]
    patience: int = 0
    max_length: int = 512
    by_length: bool = True
    precision: str = PRECISIONS[0]
    seed: int = 0

    def __post_init__(self) -> None:
        for name, (rule, holds) in _RULES.items():
            value = getattr(self, name)
            require(holds(value), f"{name} must be {rule}", repr(value))

    def optimizer_numbers(self) -> OptimizerNumbers:
        """What AdamW is made with."""
        return OptimizerNumbers(self.weight_decay, self.layer_decay, self.max_gradient_norm)

    def to_dict(self) -> dict[str, Any]:
        """The settings by name."""
        return dataclasses.asdict(self)


def _number(holds: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda value: is_number(value) and holds(value)


_COUNT = ("an integer of at least 1", lambda value: is_integer(value, 1))
_WHOLE = ("an integer of at least 0", lambda value: is_integer(value, 0))
_POSITIVE = ("a finite number above 0", _number(lambda value: 0 < value < float("inf")))
_SHARE = ("at least 0 and below 1", _number(lambda value: 0 <= value < 1))
_RULES: dict[str, tuple[str, Callable[[Any], bool]]] = {
    **dict.fromkeys(("epochs", "batch_size", "accumulation"), _COUNT),
    **dict.fromkeys(("patience", "seed"), _WHOLE),
    **dict.fromkeys(("learning_rate", "max_gradient_norm"), _POSITIVE),
    **dict.fromkeys(("warmup_share", "label_smoothing"), _SHARE),
    "weight_decay": ("at least 0", _number(lambda value: 0 <= value < float("inf"))),
    "layer_decay": ("above 0 and at most 1", _number(lambda value: 0 < value <= 1)),
    "class_weights": (f"one of {', '.join(CLASS_WEIGHTS)}", lambda value: value in CLASS_WEIGHTS),
    "max_length": ("an integer of at least 8", lambda value: is_integer(value, 8)),
    "by_length": ("True or False", lambda value: isinstance(value, bool)),
    "precision": (f"one of {', '.join(PRECISIONS)}", lambda value: value in PRECISIONS),
}
