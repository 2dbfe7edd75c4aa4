"""The steps of a run, one after the other, and the answers of a model on batches."""

from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import keras
import tensorflow as tf

from camembert_dual.common.arrays import Array
from camembert_dual.tf.tensors import array_of, wide_dtype
from camembert_dual.tf.training.layered import layered_optimizer
from camembert_dual.tf.training.objectives import answers
from camembert_dual.tf.training.state import load_state, save_state
from camembert_dual.tf.training.trainee import Trainee, batches_of
from camembert_dual.training.run_state import Progress
from camembert_dual.training.steps import Batch, Plan
from camembert_dual.training.watch import AfterEpoch, Watch


def train(model: Any, plan: Plan, folder: Path, after_epoch: AfterEpoch) -> Progress:
    """Train a model, or go on with the training found in a folder.

    Every draw depends on the seed and the number of the step alone, so an interrupted run that is
    started again ends like one that was not.

    Args:
        model: The model, as it was when the run began.
        plan: The run.
        folder: Where the state of the training is kept.
        after_epoch: Judges the model after each epoch, and tells whether the run goes on.

    Returns:
        How far the run came, to its end or to that of an epoch.

    Raises:
        KeyboardInterrupt: If Ctrl-C was pressed; the step is then ended and the state kept.
        ValueError: If the folder holds a damaged state, or one of another network.
        OSError: If the state cannot be written.
    """
    optimizer = layered_optimizer(model, plan.optimizer)
    progress = load_state(folder, model, optimizer)
    save = partial(save_state, folder, model, optimizer)
    with Watch(plan, progress, save, after_epoch) as watch:
        if progress.done < plan.total:
            trainee = Trainee(model, plan)
            trainee.compile(optimizer, jit_compile=False)
            batches = batches_of(plan.steps(progress.done))
            trainee.fit(batches, shuffle=False, verbose=0, callbacks=[AfterStep(watch)])
    return watch.progress


class AfterStep(keras.callbacks.Callback):
    """Hands the loss of each step to what watches over the run.

    Args:
        watch: It.
    """

    def __init__(self, watch: Watch) -> None:
        super().__init__()
        self.watch, self.loss = watch, 0.0

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Add the loss of a batch; after the last one of a step, tell it."""
        found = logs or {}
        self.loss += float(found["loss"])
        if found["is_last"]:
            self.model.stop_training = not self.watch.after(self.loss)
            self.loss = 0.0


def predict(model: Any, batches: Iterable[Batch]) -> Iterator[tuple[Array, ...]]:
    """Give the answers on each batch, in single precision at least, without dropout.

    Args:
        model: A model of this package.
        batches: Inputs, and the labels of masked tokens.

    Yields:
        What :func:`camembert_dual.tf.training.objectives.answers` gives, as arrays.
    """
    compute = tf.function(partial(answers, model), reduce_retracing=True)
    for arrays in batches:
        found = compute({name: tf.convert_to_tensor(array) for name, array in arrays.items()})
        yield tuple(array_of(tf.cast(one, wide_dtype(one))) for one in found)
