"""Which weights of a checkpoint belong to which model: what is kept, tied and dropped, and why."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from camembert_dual.checkpoints.folder import Checkpoint
from camembert_dual.checkpoints.lazy_arrays import Arrays
from camembert_dual.checkpoints.loading import config_for_saving
from camembert_dual.checkpoints.matching import BUFFERS, canonical, match
from camembert_dual.common.errors import require
from camembert_dual.config import CamembertConfig
from camembert_dual.parameters import BACKBONE, POOLER, TASKS, parameters

ARCHITECTURES = "architectures"


class Selection(NamedTuple):
    """A checkpoint brought to the table's names.

    Attributes:
        config: The config, which names the task.
        task: Name of the torch class.
        arrays: Published name to array.
        sources: Published name to the name among the checkpoint's arrays.
        tied: Names that are another weight.
        dropped: (name in the file, reason).
    """

    config: CamembertConfig
    task: str
    arrays: Arrays
    sources: dict[str, str]
    tied: tuple[str, ...]
    dropped: tuple[tuple[str, str], ...]


def select(checkpoint: Checkpoint, task: str | None = None) -> Selection:
    """Choose the weights of a model, all of them and nothing unknown.

    Args:
        checkpoint: The checkpoint.
        task: Name of the torch class; None for the checkpoint's own, together with every other
            known weight that the file holds.

    Raises:
        ValueError: If there is no such task, a weight is missing or unknown, or a shape or alias
            differs.
    """
    rule = f"A task must be one of {', '.join(TASKS)}"
    require(task is None or task in TASKS, rule, repr(task))
    arrays = checkpoint.arrays
    own = task or find_task(checkpoint.config, arrays)
    known = {canonical(name) for name in arrays}
    pooler = TASKS[own].pooler if task else any(_in_backbone(row.name) in known for row in POOLER)
    expected = parameters(checkpoint.config, own, pooler=pooler)
    pairs, report = match(arrays, expected)
    lacking = ", ".join(report.missing)
    require(not lacking, f"{checkpoint.file} must hold the weights of {own}", f"none for {lacking}")
    dropped = list(arrays.dropped)
    for name in report.ignored:
        reason = _reason(canonical(name), own)
        if task is None and reason.startswith("not a weight of"):
            pairs[canonical(name)] = name  # a second head is kept: nothing is lost unless asked for
        else:
            dropped.append((arrays.entries[name].source, reason))
    config = config_for_saving(checkpoint.config, own)
    chosen = Arrays({name: arrays.entries[pairs[name]] for name in pairs}, arrays.format)
    return Selection(config, own, chosen, pairs, report.tied, tuple(dropped))


def find_task(config: CamembertConfig, names: Iterable[str]) -> str:
    """The task that a config names if its head is there, else the one whose head is there."""
    known = {canonical(name) for name in names}
    listed: Any = config.extra.get(ARCHITECTURES)
    named = [_class_name(one) for one in listed] if isinstance(listed, list) else []
    for task in named:  # a part of its head is enough: what is missing is then named
        if task in TASKS and {row.name for row in TASKS[task].head} & known:
            return task
    for task in ("CamembertForMaskedLM", *TASKS):
        head = {row.name for row in TASKS[task].head}
        if head and head <= known:
            return task
    return "CamembertModel"


def _class_name(name: object) -> str:
    """The torch class of this package for a published class name of the family."""
    text = str(name).removeprefix("TF")
    for family in ("XLMRoberta", "Roberta", "Camembert"):
        if text.startswith(family):
            return f"Camembert{text.removeprefix(family)}"
    return text


def _in_backbone(name: str) -> str:
    return f"{BACKBONE}.{name}"


def _reason(name: str, task: str) -> str:
    if name.startswith("lm_head.decoder."):
        return "an alias, checked equal to what it aliases"
    if name in BUFFERS:
        return "a buffer, not a weight"
    return f"not a weight of {task}"
