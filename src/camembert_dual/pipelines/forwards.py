"""The ways through a model: a batch of rows to the answers of each row."""

from __future__ import annotations

from typing import Any

import numpy as np

from camembert_dual.common.arrays import IntArray
from camembert_dual.pipelines.runners import STATES, Runner
from camembert_dual.tasks.base import Answers, Kit
from camembert_dual.tasks.text_generation import SEQUENCES, options_of_generate

Batch = dict[str, IntArray]


def outputs(runner: Runner, kit: Kit, batch: Batch, options: Any) -> list[Answers]:
    """All outputs of the model for each row."""
    found = {name: one for name, one in runner.answers(batch).items() if one.ndim}
    return [{name: one[row] for name, one in found.items()} for row in range(len(rows_of(batch)))]


def masks(runner: Runner, kit: Kit, batch: Batch, options: Any) -> list[Answers]:
    """The logits (M, V) of the masks of each row."""
    is_mask = rows_of(batch) == kit.tokenizer.mask_token_id
    logits = runner.logits_at(batch, is_mask)
    ends = np.cumsum(is_mask.sum(axis=1))[:-1]
    return [{"logits": one} for one in np.split(logits, ends)]


def states(runner: Runner, kit: Kit, batch: Batch, options: Any) -> list[Answers]:
    """The states (T, D) of each row."""
    return [{STATES: one} for one in runner.last_hidden_states(batch)]


def writing(runner: Runner, kit: Kit, batch: Batch, options: Any) -> list[Answers]:
    """The texts (R, L) that follow each row, one prompt after the other."""
    asked = options_of_generate(kit, options)
    rows = [ids[mask != 0][None] for ids, mask in zip(*batch.values(), strict=True)]
    return [{SEQUENCES: runner.generated(ids if ids.size else None, asked)} for ids in rows]


def rows_of(batch: Batch) -> IntArray:
    """The ids of a batch (B, T)."""
    return batch["input_ids"]
