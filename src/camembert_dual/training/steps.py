"""A run as a list of steps, drawn once for both frameworks: which rows, at which rate.

Every draw depends on the seed, the epoch and the step alone, so a run that is taken up again sees
what an uninterrupted one would.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from camembert_dual.common.arrays import Array, FloatArray, IntArray
from camembert_dual.inputs import IGNORE_INDEX
from camembert_dual.training.finetuning_settings import FinetuningSettings
from camembert_dual.training.schedules import linear_warmup_linear_decay
from camembert_dual.training.settings import OptimizerNumbers

Batch = Mapping[str, Array]
Collate = Callable[[IntArray, np.random.Generator], Batch]  # from numbers of rows, and draws
SPAN = ("start_positions", "end_positions")
WEIGHTS = "weights"
POOL = 50  # steps whose rows are sorted by length together


class Step(NamedTuple):
    """One step of the optimiser.

    Attributes:
        batches: Batches whose gradients are added up; each with the ``weights`` of its losses,
            whose sum over the step is 1.
        rate: The learning rate.
        seed: Of dropout.
    """

    batches: tuple[Batch, ...]
    rate: float
    seed: int


@dataclass(frozen=True)
class Plan:
    """What a tree's loop has to know of a run.

    Attributes:
        steps: From the number of steps made to those that are left.
        total: Steps in all.
        per_epoch: Steps of an epoch, at whose end the model is judged; 0 for never.
        optimizer: What AdamW is made with.
        accumulates: Whether a step may have several batches.
        label_smoothing: Share of each label that is spread over all classes.
        precision: One of :data:`camembert_dual.training.settings.PRECISIONS`.
    """

    steps: Callable[[int], Iterator[Step]]
    total: int
    per_epoch: int
    optimizer: OptimizerNumbers
    accumulates: bool = False
    label_smoothing: float = 0.0
    precision: str = "float32"


def finetuning_plan(
    settings: FinetuningSettings,
    lengths: npt.ArrayLike,
    collate: Collate,
    class_weights: FloatArray | None = None,
) -> Plan:
    """Plan the epochs over some rows.

    Args:
        settings: The numbers of the run.
        lengths: Tokens of each row (N,).
        collate: Makes a batch of rows.
        class_weights: Weight of the labels of each class (L,); None for 1.
    """
    sizes = np.asarray(lengths, dtype=np.int64)
    per_step = settings.batch_size * settings.accumulation
    per_epoch = -(-len(sizes) // per_step)
    total = per_epoch * settings.epochs
    warmup_steps = int(settings.warmup_share * total)

    def steps(done: int) -> Iterator[Step]:
        for number in range(done, total):
            epoch, place = divmod(number, per_epoch)
            if place == 0 or number == done:
                rng = np.random.default_rng([settings.seed, epoch])
                order = epoch_order(sizes, per_step, rng, settings.by_length)
            chosen = order[place]
            draws = np.random.default_rng([settings.seed, epoch, place])
            cuts = range(settings.batch_size, len(chosen), settings.batch_size)
            batches = [collate(rows, draws) for rows in np.split(chosen, cuts)]
            # one step more at both ends, so that none has a rate of 0
            factor = linear_warmup_linear_decay(
                number + 1, warmup_steps=warmup_steps, total_steps=total + 1
            )
            rate = settings.learning_rate * factor
            yield Step(weighted(batches, class_weights), rate, settings.seed + number)

    return Plan(
        steps,
        total,
        per_epoch,
        settings.optimizer_numbers(),
        settings.accumulation > 1,
        settings.label_smoothing,
        settings.precision,
    )


def epoch_order(
    lengths: IntArray, size: int, rng: np.random.Generator, by_length: bool
) -> list[IntArray]:
    """Deal out the rows of an epoch.

    Args:
        lengths: Tokens of each row (N,).
        size: Rows of a group; the last one may have fewer.
        rng: Source of the order.
        by_length: Whether rows of similar length come together: those of ``POOL`` groups are
            sorted, and the groups shuffled.

    Returns:
        Numbers of rows, each once.
    """
    order = rng.permutation(len(lengths))
    if not by_length:
        return np.split(order, range(size, len(order), size))
    groups: list[IntArray] = []
    for start in range(0, len(order), POOL * size):
        pool = order[start : start + POOL * size]
        pool = pool[np.argsort(-lengths[pool], kind="stable")]
        groups += np.split(pool, range(size, len(pool), size))
    return [groups[number] for number in rng.permutation(len(groups))]


def weighted(
    batches: Sequence[Batch], class_weights: FloatArray | None = None
) -> tuple[Batch, ...]:
    """Give the losses of a step their weights, so that their weighted sum is the step's loss.

    It is a mean over all labels of the step, however they fall into batches.

    Args:
        batches: The batches of a step.
        class_weights: Weight of the labels of each class (L,); None for 1.
    """
    weights = [_weights(batch, class_weights) for batch in batches]
    total = max(sum(float(one.sum()) for one in weights), np.finfo(np.float64).tiny)
    return tuple(
        {**batch, WEIGHTS: one / total} for batch, one in zip(batches, weights, strict=True)
    )


def _weights(batch: Batch, class_weights: FloatArray | None) -> FloatArray:
    """A weight for each loss of a batch, in the shape of the losses."""
    labels = batch.get("labels")
    if labels is None:  # spans and similar texts: a loss for each row
        return np.ones(len(batch["input_ids"]))
    if np.issubdtype(labels.dtype, np.floating):
        return np.full(labels.shape, 1.0 / labels.shape[-1])
    is_valid = labels != IGNORE_INDEX
    weights: FloatArray = is_valid.astype(np.float64)
    if class_weights is not None:
        weights *= class_weights[np.where(is_valid, labels, 0).astype(np.int64)]
    return weights


def balanced_weights(labels: IntArray, count: int) -> FloatArray:
    """Weights of classes (L,), inverse to how often each occurs; their mean over labels is 1.

    Args:
        labels: All labels of the training rows; -100 is skipped.
        count: L.
    """
    counts = np.bincount(labels[labels != IGNORE_INDEX], minlength=count)
    present = counts > 0
    weights: FloatArray = np.ones(count)
    weights[present] = counts.sum() / (present.sum() * counts[present])
    return weights


def in_batches(lengths: npt.ArrayLike, size: int) -> list[IntArray]:
    """Cut rows into batches of similar length, the longest first, for answers alone."""
    order = np.argsort(-np.asarray(lengths, dtype=np.int64), kind="stable")
    return [order[start : start + size] for start in range(0, len(order), size)]
