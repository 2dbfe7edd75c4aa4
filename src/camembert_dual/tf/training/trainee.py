"""A step of a run as a batch of Keras' ``fit``: one graph, whatever the head."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from camembert_dual.common.arrays import Array
from camembert_dual.tf.naming import children_of
from camembert_dual.tf.training.layered import set_rate
from camembert_dual.tf.training.objectives import batch_loss
from camembert_dual.training.steps import Plan, Step

# what comes with a batch besides its arrays
IS_LAST, RATE, DRAW = "is_last", "rate", "draw"


class Trainee(keras.Model):
    """A model in training: the gradients of the batches of a step are added up.

    Args:
        network: A model of this package.
        plan: The run.
    """

    def __init__(self, network: Any, plan: Plan) -> None:
        super().__init__()
        self.network, self.label_smoothing = network, plan.label_smoothing
        summed = network.trainable_variables if plan.accumulates else []
        self.sums = [
            tf.Variable(tf.zeros(weight.shape, weight.dtype), trainable=False) for weight in summed
        ]
        self.built = True

    def train_step(self, data: Any) -> dict[str, tf.Tensor]:
        """Add the gradients of a batch, and move the weights if it is the last one of its step."""
        batch = dict(data[0] if isinstance(data, tuple) else data)
        is_last, rate, draw = (batch.pop(name) for name in (IS_LAST, RATE, DRAW))
        seed_draws(self.network, draw)
        weights = self.network.trainable_variables
        with tf.GradientTape() as tape:
            loss = batch_loss(self.network, batch, self.label_smoothing, training=True)
        gradients = tape.gradient(loss, [weight.value for weight in weights])
        set_rate(self.optimizer, rate)
        if self.sums:
            for total, gradient in zip(self.sums, gradients, strict=True):
                total.assign_add(tf.convert_to_tensor(gradient))
            tf.cond(is_last, self.move, lambda: None)
        else:
            self.optimizer.apply(gradients, weights)
        return {"loss": loss, IS_LAST: is_last}

    def move(self) -> None:
        """Move the weights by the sums of the gradients, and begin new sums."""
        self.optimizer.apply([one.value() for one in self.sums], self.network.trainable_variables)
        for one in self.sums:
            one.assign(tf.zeros_like(one))


def seed_draws(network: Any, draw: tf.Tensor) -> None:
    """Let dropout draw from the seed of a step (2), each layer its own numbers."""
    for number, layer in enumerate(dropouts(network)):
        state = layer.seed_generator.state
        state.assign(tf.cast(draw, state.dtype) + tf.constant([number << 16, 0], state.dtype))


def dropouts(layer: keras.layers.Layer) -> Iterator[Any]:
    """The layers of dropout in a layer, each once, in their order."""
    if isinstance(layer, keras.layers.Dropout) and layer.rate > 0:
        yield layer
    for _, child in children_of(layer):
        yield from dropouts(child)


def batches_of(steps: Iterable[Step]) -> tf.data.Dataset:
    """The batches of steps, made while the one before is in use."""
    found = chain.from_iterable(map(with_marks, steps))
    first = next(found)
    signature = {name: spec_of(array) for name, array in first.items()}
    given = chain([first], found)
    dataset = tf.data.Dataset.from_generator(lambda: given, output_signature=signature)
    return dataset.prefetch(1)


def with_marks(step: Step) -> Iterator[Mapping[str, Array]]:
    """The batches of a step, with what has to be known of it."""
    last = len(step.batches) - 1
    for number, batch in enumerate(step.batches):
        marks = {IS_LAST: np.bool_(number == last), RATE: np.float64(step.rate)}
        draw = np.array([step.seed % 2**16, (step.seed >> 16) + (number << 24)], np.int64)
        yield {**batch, **marks, DRAW: draw}


def spec_of(array: Array) -> tf.TensorSpec:
    """The type of a field, of any size but for the number of texts that belong together."""
    shape = np.shape(array)
    texts = shape[1] if len(shape) == 3 else None
    return tf.TensorSpec([None, texts, None][: len(shape)], array.dtype)
