"""Which weights of a checkpoint belong to which model: what is kept, tied and dropped, and why."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from camembert_dual.checkpoints.folder import Checkpoint
from camembert_dual.checkpoints.lazy_arrays import LazyArrays
from camembert_dual.checkpoints.loading import config_for_saving
from camembert_dual.checkpoints.matching import match
from camembert_dual.common.errors import listed, require
from camembert_dual.common.model_names import MASKED_LM, MODEL, architecture_of, read_task
from camembert_dual.config import CamembertConfig
from camembert_dual.parameter_names import BUFFERS, DECODER, DECODER_BIAS, POOLER, canonical
from camembert_dual.parameters import NETWORKS, parameters


class Selection(NamedTuple):
    """A checkpoint brought to the table's names.

    Attributes:
        config: The config, which names the architecture.
        architecture: Name of the torch class.
        arrays: Published name to array.
        tied: Names that are another weight.
        dropped: (name in the file, reason).
    """

    config: CamembertConfig
    architecture: str
    arrays: LazyArrays
    tied: tuple[str, ...]
    dropped: tuple[tuple[str, str], ...]


def select(checkpoint: Checkpoint, task: str | None = None) -> Selection:
    """Choose the weights of a model, all of them and nothing unknown.

    Args:
        checkpoint: The checkpoint.
        task: The hub's word for a task or the name of a class; None for the checkpoint's own,
            together with every other known weight that the file holds.

    Raises:
        ValueError: If there is no such task, a weight is missing or unknown, or a shape or alias
            differs.
    """
    arrays = checkpoint.arrays
    own = find_architecture(checkpoint.config, arrays) if task is None else read_task(task)
    held = any(canonical(name).startswith(POOLER) for name in arrays)
    pooler = NETWORKS[own].pooler if task else held
    expected = parameters(checkpoint.config, own, pooler=pooler)
    pairs, report = match(arrays, expected)
    rule = f"{checkpoint.file} must hold the weights of {own}"
    require(not report.missing, rule, f"none for {listed(report.missing)}")
    dropped = list(arrays.dropped)
    for name in report.ignored:
        if name in arrays.own:
            continue  # told with what the reader dropped
        known = canonical(name)
        if task is None and known not in (*BUFFERS, DECODER, DECODER_BIAS):
            pairs[known] = name  # a second head is kept: nothing is lost unless asked for
        else:
            dropped.append((arrays.lazy[name].stored_name, _reason(known, own)))
    config = config_for_saving(checkpoint.config, own)
    chosen = LazyArrays({name: arrays.lazy[pairs[name]] for name in pairs}, arrays.format)
    return Selection(config, own, chosen, report.tied, tuple(dropped))


def find_architecture(config: CamembertConfig, names: Iterable[str]) -> str:
    """The class that a config names if its head is there, else the one whose head is there."""
    known = {canonical(name) for name in names}
    heads = {name: {row.name for row in one.head} for name, one in NETWORKS.items()}
    listed: Any = config.architectures
    named = [architecture_of(str(one)) for one in listed] if isinstance(listed, list) else []
    for one in named:  # a part of its head is enough: what is missing is then named
        if one is not None and heads[one] & known:
            return one
    for one in (MASKED_LM, *NETWORKS):
        if heads[one] and heads[one] <= known:
            return one
    return MODEL


def _reason(name: str, architecture: str) -> str:
    if name in (DECODER, DECODER_BIAS):
        return "an alias, checked equal to what it aliases"
    if name in BUFFERS:
        return "a buffer, not a weight"
    return f"not a weight of {architecture}"
