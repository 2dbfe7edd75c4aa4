"""AdamW whose learning rate comes with each step, and is less in lower layers."""

from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf

from camembert_dual.tf.training.optimization import AdamW, Pace
from camembert_dual.training.schedules import rate_scale
from camembert_dual.training.settings import OptimizerNumbers


@keras.saving.register_keras_serializable("camembert_dual")
class LayeredAdamW(AdamW):
    """AdamW whose variables have shares of the learning rate.

    Args:
        scales: The share of each variable, in the order in which the optimiser is built with them.
        **options: Those of AdamW.
    """

    def __init__(self, scales: Sequence[float], **options: Any) -> None:
        super().__init__(**options)
        self.scales = list(scales)
        self.rate = tf.Variable(0.0, trainable=False, dtype=tf.float64)  # Keras' own is a single

    def pace_of(self, learning_rate: Any, dtype: str) -> Pace:
        """The numbers of this step, at the rate that came with it."""
        return super().pace_of(self.rate.value(), dtype)

    def update_step(self, gradient: Any, variable: Any, learning_rate: Pace) -> None:
        """Move one variable at its own rate."""
        rate, corrected, epsilon = learning_rate
        scale = tf.constant(self.scales[self._get_variable_index(variable)], rate.dtype)
        super().update_step(gradient, variable, Pace(rate * scale, corrected * scale, epsilon))

    def get_config(self) -> dict[str, Any]:
        """The arguments of the constructor."""
        return super().get_config() | {"scales": self.scales}


def layered_optimizer(model: Any, numbers: OptimizerNumbers) -> LayeredAdamW:
    """Make the optimiser of a run; :func:`set_rate` before each step.

    Args:
        model: A model of this package; weights that do not train are left out.
        numbers: What AdamW is made with.
    """
    names = {weight.path: name for name, weight in model.variables_by_name().items()}
    layers, decay = model.config.num_hidden_layers, numbers.layer_decay
    optimizer = LayeredAdamW(
        [rate_scale(names[one.path], layers, decay) for one in model.trainable_variables],
        learning_rate=0.0,
        weight_decay=numbers.weight_decay,
        beta_1=numbers.betas[0],
        beta_2=numbers.betas[1],
        epsilon=numbers.epsilon,
        global_clipnorm=numbers.max_gradient_norm,
    )
    optimizer.build(model.trainable_variables)
    return optimizer


def set_rate(optimizer: LayeredAdamW, rate: tf.Tensor) -> None:
    """Set the learning rate of the next step."""
    optimizer.rate.assign(rate)
