"""The steps of a run, one after the other, and the answers of a model on batches."""

from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from camembert_dual.common.arrays import Array
from camembert_dual.pt.layers import evaluation
from camembert_dual.pt.tensors import array_of, wide_dtype
from camembert_dual.pt.training.layered import layered_optimizer, set_rate
from camembert_dual.pt.training.objectives import answers, batch_loss
from camembert_dual.pt.training.optimization import AdamW
from camembert_dual.pt.training.state import load_state, save_state
from camembert_dual.training.run_state import Progress
from camembert_dual.training.steps import Batch, Plan, Step
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
    optimizer = layered_optimizer(model.train(), plan.optimizer)
    progress = load_state(folder, model, optimizer)
    save = partial(save_state, folder, model, optimizer)
    with Watch(plan, progress, save, after_epoch) as watch:
        for step in plan.steps(progress.done):
            if not watch.after(train_step(model, optimizer, step, plan)):
                break
    model.eval()
    return watch.progress


def train_step(model: Any, optimizer: AdamW, step: Step, plan: Plan) -> float:
    """Take one step, the optimizer's clipping included.

    Returns:
        The loss of the step.
    """
    torch.manual_seed(step.seed)  # of dropout
    set_rate(optimizer, step.rate)
    device = next(model.parameters()).device
    is_half = plan.precision == "bfloat16"
    total = 0.0
    for arrays in step.batches:
        batch = tensors_of(arrays, device)
        with torch.autocast(device.type, torch.bfloat16, enabled=is_half):
            loss = batch_loss(model, batch, plan.label_smoothing)
        loss.backward()
        total += loss.item()
    optimizer.step()
    optimizer.zero_grad()
    return total


def predict(model: Any, batches: Iterable[Batch]) -> Iterator[tuple[Array, ...]]:
    """Give the answers on each batch, in single precision at least, without dropout.

    Args:
        model: A model of this package.
        batches: Inputs, and the labels of masked tokens.

    Yields:
        What :func:`camembert_dual.pt.training.objectives.answers` gives, as arrays.
    """
    device = next(model.parameters()).device
    for arrays in batches:
        with torch.no_grad(), evaluation():
            found = answers(model, tensors_of(arrays, device))
        yield tuple(array_of(one.to(wide_dtype(one))) for one in found)


def tensors_of(batch: Batch, device: torch.device) -> Mapping[str, Tensor]:
    """A batch as tensors where the model is."""
    return {name: torch.from_numpy(array).to(device) for name, array in batch.items()}
