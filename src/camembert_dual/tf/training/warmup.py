"""The optimiser of ``transformers`` 4's TensorFlow half: warm-up, polynomial decay, Adam.

:func:`camembert_dual.tf.create_optimizer` is this package's own, which steps as PyTorch does.
"""

import re
from collections.abc import Callable, Sequence
from typing import Any

import keras
import tensorflow as tf

from camembert_dual.common.errors import require

NO_DECAY = ("LayerNorm", "layer_norm", "bias")


@keras.saving.register_keras_serializable("camembert_dual")
class WarmUp(keras.optimizers.schedules.LearningRateSchedule):
    """A rise from 0 before another schedule, whose steps count from the end of it.

    Args:
        initial_learning_rate: The learning rate at the end of the rise.
        decay_schedule_fn: What follows, from a step to a learning rate.
        warmup_steps: Length of the rise.
        power: Of the share of the rise that is behind a step; 1 is a straight line.
        name: What TensorFlow's graph calls it.

    Raises:
        ValueError: If ``warmup_steps`` is not at least 1.
    """

    def __init__(
        self,
        initial_learning_rate: float,
        decay_schedule_fn: Callable[[Any], Any],
        warmup_steps: int,
        power: float = 1.0,
        name: str | None = None,
    ) -> None:
        require(warmup_steps >= 1, "warmup_steps must be at least 1", warmup_steps)
        self.initial_learning_rate, self.decay_schedule_fn = (
            initial_learning_rate,
            decay_schedule_fn,
        )
        self.warmup_steps, self.power, self.name = warmup_steps, power, name

    def __call__(self, step: Any) -> tf.Tensor:
        """The learning rate () at a step."""
        step = tf.cast(step, tf.float32)
        rise = self.initial_learning_rate * (step / self.warmup_steps) ** self.power
        later = self.decay_schedule_fn(tf.maximum(step - self.warmup_steps, 0.0))
        return tf.where(step < self.warmup_steps, rise, tf.cast(later, tf.float32))

    def get_config(self) -> dict[str, Any]:
        """The arguments of the constructor."""
        return {
            "initial_learning_rate": self.initial_learning_rate,
            "decay_schedule_fn": keras.saving.serialize_keras_object(self.decay_schedule_fn),
            "warmup_steps": self.warmup_steps,
            "power": self.power,
            "name": self.name,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "WarmUp":
        """Make one from :meth:`get_config`."""
        decay = keras.saving.deserialize_keras_object(config["decay_schedule_fn"])
        return cls(**{**config, "decay_schedule_fn": decay})


@keras.saving.register_keras_serializable("camembert_dual")
class AdamWeightDecay(keras.optimizers.AdamW):
    """Adam with decay apart from its moments (Loshchilov and Hutter 2019), chosen by names.

    Args:
        learning_rate: A number or a schedule.
        beta_1: Share of the running mean of the gradient that a step keeps.
        beta_2: The same for its square.
        epsilon: Added to the root of the mean square.
        amsgrad: Whether the largest mean square so far is used.
        weight_decay_rate: Decay of the chosen weights.
        include_in_weight_decay: Patterns of names that decay in any case.
        exclude_from_weight_decay: Patterns of names that do not.
        name: Name of the optimiser.
        **options: Those of Keras' optimisers, such as ``clipnorm``.
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        amsgrad: bool = False,
        weight_decay_rate: float = 0.0,
        include_in_weight_decay: Sequence[str] | None = None,
        exclude_from_weight_decay: Sequence[str] | None = None,
        name: str = "AdamWeightDecay",
        **options: Any,
    ) -> None:
        options.pop("weight_decay", None)
        super().__init__(
            learning_rate,
            weight_decay=weight_decay_rate,
            beta_1=beta_1,
            beta_2=beta_2,
            epsilon=epsilon,
            amsgrad=amsgrad,
            name=name,
            **options,
        )
        self.patterns = (
            tuple(include_in_weight_decay or ()),
            tuple(exclude_from_weight_decay or ()),
        )

    def build(self, variables: Sequence[keras.Variable]) -> None:
        """Choose by the paths of the weights, whose names in a graph are their last part alone."""
        self.exclude_from_weight_decay([one for one in variables if not self.decays(one.path)])
        super().build(variables)

    def decays(self, path: str) -> bool:
        """Whether the weight of a path decays."""
        included, excluded = (any(re.search(one, path) for one in some) for some in self.patterns)
        return included or not excluded

    def get_config(self) -> dict[str, Any]:
        """The arguments of the constructor."""
        values = super().get_config()
        values["weight_decay_rate"] = values.pop("weight_decay")
        included, excluded = self.patterns
        return {
            **values,
            "include_in_weight_decay": list(included),
            "exclude_from_weight_decay": list(excluded),
        }


def create_optimizer(
    init_lr: float,
    num_train_steps: int,
    num_warmup_steps: int,
    min_lr_ratio: float = 0.0,
    adam_beta1: float = 0.9,
    adam_beta2: float = 0.999,
    adam_epsilon: float = 1e-8,
    adam_clipnorm: float | None = None,
    adam_global_clipnorm: float | None = None,
    weight_decay_rate: float = 0.0,
    power: float = 1.0,
    include_in_weight_decay: Sequence[str] | None = None,
) -> tuple[keras.optimizers.Optimizer, Any]:
    """Make an optimiser that warms up and decays, and its schedule.

    Args:
        init_lr: The highest learning rate.
        num_train_steps: Steps of the whole training.
        num_warmup_steps: Those of the rise from 0.
        min_lr_ratio: The last learning rate, as a share of the highest.
        adam_beta1: Share of the running mean of the gradient that a step keeps.
        adam_beta2: The same for its square.
        adam_epsilon: Added to the root of the mean square.
        adam_clipnorm: Longest gradient of each weight, or None.
        adam_global_clipnorm: Longest gradient of all weights together, or None.
        weight_decay_rate: Decay of all weights but biases and layer normalisations.
        power: Of the fall; 1 is a straight line.
        include_in_weight_decay: Patterns of names that decay in any case.

    Returns:
        The optimiser, for ``compile``, and the schedule it holds already.
    """
    schedule: Any = keras.optimizers.schedules.PolynomialDecay(
        init_lr,
        decay_steps=num_train_steps - num_warmup_steps,
        end_learning_rate=init_lr * min_lr_ratio,
        power=power,
    )
    if num_warmup_steps:
        schedule = WarmUp(init_lr, schedule, num_warmup_steps)
    options: dict[str, Any] = {
        "beta_1": adam_beta1,
        "beta_2": adam_beta2,
        "epsilon": adam_epsilon,
        "clipnorm": adam_clipnorm,
        "global_clipnorm": adam_global_clipnorm,
    }
    if not weight_decay_rate > 0.0:
        return keras.optimizers.Adam(schedule, **options), schedule
    optimizer = AdamWeightDecay(
        schedule,
        weight_decay_rate=weight_decay_rate,
        include_in_weight_decay=include_in_weight_decay,
        exclude_from_weight_decay=NO_DECAY,
        **options,
    )
    return optimizer, schedule


class GradientAccumulator:
    """Sums of gradients over several batches, for a loop of one's own, also inside a graph."""

    def __init__(self) -> None:
        self._sums: list[tf.Variable | None] = []
        self._steps = tf.Variable(0, trainable=False, dtype=tf.int64)

    @property
    def step(self) -> tf.Tensor:
        """How many times gradients were added."""
        return self._steps.value()

    @property
    def gradients(self) -> list[tf.Tensor | None]:
        """The sums; None where there was no gradient.

        Raises:
            ValueError: If none were added.
        """
        require(self._sums, "Gradients must be added before they are read", "none")
        return [None if one is None else one.value() for one in self._sums]

    def __call__(self, gradients: Sequence[tf.Tensor | None]) -> None:
        """Add gradients, as many each time.

        Raises:
            ValueError: If there are more or fewer than before.
        """
        if not self._sums:
            with tf.init_scope():
                self._sums = [
                    None if one is None else tf.Variable(tf.zeros(one.shape, one.dtype))
                    for one in gradients
                ]
        rule = f"Gradients must be {len(self._sums)} as before"
        require(len(gradients) == len(self._sums), rule, len(gradients))
        for total, one in zip(self._sums, gradients, strict=True):
            if total is not None and one is not None:
                total.assign_add(one)
        self._steps.assign_add(1)

    def reset(self) -> None:
        """Begin anew."""
        self._steps.assign(0)
        for total in self._sums:
            if total is not None:
                total.assign(tf.zeros_like(total))
