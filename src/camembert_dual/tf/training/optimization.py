"""AdamW as BERT-like models are trained: warm-up, linear decay, clipping, weight decay."""

from typing import Any, NamedTuple

import keras
import numpy as np
import tensorflow as tf

from camembert_dual.training.schedules import linear_warmup_linear_decay
from camembert_dual.training.settings import (
    BETAS,
    EPSILON,
    MAX_GRADIENT_NORM,
    WEIGHT_DECAY,
)

# Keras looks for this in the names of TensorFlow's variables: gamma:0, gamma/replica_1:0
NO_DECAY = r"(^|/)(bias|gamma|beta)(/replica_\d+)?(:\d+)?$"


@keras.saving.register_keras_serializable("camembert_dual")
class WarmupThenDecay(keras.optimizers.schedules.LearningRateSchedule):
    """:func:`camembert_dual.training.schedules.linear_warmup_linear_decay` inside a graph.

    Args:
        peak: The learning rate at the end of the rise.
        warmup_steps: Length of the rise.
        total_steps: Length of the rise and fall together.

    Raises:
        ValueError: If ``warmup_steps`` is not in [0, ``total_steps``).
    """

    def __init__(self, peak: float, warmup_steps: int, total_steps: int) -> None:
        linear_warmup_linear_decay(0, warmup_steps=warmup_steps, total_steps=total_steps)
        self.peak, self.warmup_steps, self.total_steps = peak, warmup_steps, total_steps

    def __call__(self, step: Any) -> tf.Tensor:
        """The learning rate () at a step."""
        step = tf.cast(step, tf.float32)
        rise = step / max(self.warmup_steps, 1)
        fall = (self.total_steps - step) / (self.total_steps - self.warmup_steps)
        return self.peak * tf.where(step < self.warmup_steps, rise, tf.maximum(fall, 0.0))

    def get_config(self) -> dict[str, Any]:
        """The arguments of the constructor."""
        return {
            "peak": self.peak,
            "warmup_steps": self.warmup_steps,
            "total_steps": self.total_steps,
        }


class Pace(NamedTuple):
    """The numbers () that all variables of a step share: learning rate, and both for the moments.

    ``rate`` and ``epsilon`` hold the correction of the moments' bias.
    """

    learning_rate: tf.Tensor
    rate: tf.Tensor
    epsilon: tf.Tensor


@keras.saving.register_keras_serializable("camembert_dual")
class AdamW(keras.optimizers.AdamW):
    """AdamW with epsilon where torch has it (Kingma and Ba 2015, https://arxiv.org/abs/1412.6980).

    Keras divides by ``sqrt(v) + epsilon`` before it corrects the bias of ``v``, which shrinks the
    steps of small gradients. Biases and layer normalisations do not decay; being told by name, they
    stay so when a saved optimiser is loaded.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.exclude_from_weight_decay(var_names=[NO_DECAY])

    def _clip_gradients(self, grads: list[Any]) -> list[Any]:
        """Clip by the norm of the whole batch's gradient, as ``clip_grad_norm_`` of torch does.

        Keras takes the norm of each replica's part, and counts a word that comes twice as two.
        """
        if self.global_clipnorm is None:
            return super()._clip_gradients(grads)
        grads = [tf.convert_to_tensor(one) for one in grads]
        whole = grads
        if tf.distribute.get_strategy().num_replicas_in_sync > 1:
            replica = tf.distribute.get_replica_context()
            whole = replica.all_reduce(tf.distribute.ReduceOp.SUM, grads)
        norm = tf.linalg.global_norm(whole)
        longest = tf.constant(self.global_clipnorm, norm.dtype)
        scale = tf.minimum(longest / (norm + tf.constant(1e-6, norm.dtype)), 1.0)
        return [one * tf.cast(scale, one.dtype) for one in grads]

    def _apply_weight_decay(self, variables: list[Any]) -> None:
        """Leave it to :meth:`update_step`: Keras asks the schedule again for each variable."""

    def _backend_update_step(
        self, grads: list[Any], trainable_variables: list[Any], learning_rate: Any
    ) -> None:
        """Move all variables, with what they share computed once."""
        dtype = keras.backend.result_type(*(one.dtype for one in trainable_variables))
        pace = self.pace_of(learning_rate, dtype)
        super()._backend_update_step(grads, trainable_variables, pace)

    def pace_of(self, learning_rate: Any, dtype: str) -> Pace:
        """The numbers of this step in ``dtype``, whose betas the moments are taken with."""
        step = tf.cast(self.iterations + 1, tf.float64)
        kind = tf.as_dtype(dtype).as_numpy_dtype
        beta_1, beta_2 = np.array([self.beta_1, self.beta_2], kind).astype(np.float64)
        spread = tf.sqrt(1.0 - beta_2**step)
        rate = tf.cast(learning_rate, tf.float64) * spread / (1.0 - beta_1**step)
        shared = (learning_rate, rate, self.epsilon * spread)
        return Pace(*(tf.cast(one, dtype) for one in shared))

    def update_step(self, gradient: Any, variable: Any, learning_rate: Pace) -> None:
        """Move one variable, by the operation that TensorFlow has for it."""
        dtype = variable.dtype
        pace = Pace(*(tf.cast(one, dtype) for one in learning_rate))
        if self.weight_decay is not None and self._use_weight_decay(variable):
            decay = pace.learning_rate * tf.constant(self.weight_decay, dtype)
            variable.assign_sub(variable * decay)
        index = self._get_variable_index(variable)
        nothing = tf.constant(0.0, dtype)  # its own correction of bias has epsilon elsewhere
        tf.raw_ops.ResourceApplyAdam(
            var=variable.handle,
            m=self._momentums[index].handle,
            v=self._velocities[index].handle,
            beta1_power=nothing,
            beta2_power=nothing,
            lr=pace.rate,
            beta1=tf.constant(self.beta_1, dtype),
            beta2=tf.constant(self.beta_2, dtype),
            epsilon=pace.epsilon,
            grad=tf.cast(tf.convert_to_tensor(gradient), dtype),  # slices of tables become tables
        )


def create_optimizer(
    learning_rate: float,
    total_steps: int,
    warmup_steps: int = 0,
    weight_decay: float = WEIGHT_DECAY,
    max_gradient_norm: float | None = MAX_GRADIENT_NORM,
    betas: tuple[float, float] = BETAS,
    epsilon: float = EPSILON,
) -> AdamW:
    """Make the optimiser for :meth:`compile`; it warms up, decays and clips by itself.

    The same arguments give the same training in the other framework, where the model comes first.

    Args:
        learning_rate: The highest one.
        total_steps: Optimiser steps of the whole training.
        warmup_steps: Those of the rise from 0.
        weight_decay: Decay of all weights but biases and layer normalisations.
        max_gradient_norm: Longest gradient of all weights together, or None.
        betas: Shares of the running means of gradient and square that a step keeps.
        epsilon: Added to the root of the mean square.

    Returns:
        The optimiser, its learning rate on a schedule.

    Raises:
        ValueError: If ``warmup_steps`` is not in [0, ``total_steps``).
    """
    schedule = WarmupThenDecay(learning_rate, warmup_steps, total_steps)
    return AdamW(
        schedule,
        weight_decay=weight_decay,
        beta_1=betas[0],
        beta_2=betas[1],
        epsilon=epsilon,
        global_clipnorm=max_gradient_norm,
    )
