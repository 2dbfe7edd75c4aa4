"""Constrained beam search: beams go on with what every text must contain, and end with all of it.

Python follows the constraints, so that this search is never a graph.
"""

from typing import Any

import torch
from torch import Tensor

from camembert_dual.common.arrays import as_lists, to_numpy
from camembert_dual.generation.banks import next_steps, state_of
from camembert_dual.generation.constraints import Constraint, constraints_of
from camembert_dual.generation.plan import Plan
from camembert_dual.pt.generation.cache import take
from camembert_dual.pt.generation.candidates import Candidates, summed


def constrained(plan: Plan, beams: Any, scores: Tensor, following: Candidates) -> Candidates:
    """Let some texts go on with a constraint instead.

    Args:
        plan: How to search.
        beams: The unfinished texts.
        scores: Of what follows them (B W, V).
        following: The best continuations (B, W) without constraints.

    Returns:
        As many continuations (B, W).
    """
    so_far, words = beams.unfinished.scores, scores.shape[1]
    totals = summed(scores, so_far)  # (B, W V)
    steps = torch.stack([following.parents, following.tokens], dim=-1)
    rows = zip(
        texts_of(beams),
        as_lists(steps),
        to_numpy(totals).reshape(*so_far.shape, words),
        strict=True,
    )
    steps = torch.tensor(
        [next_steps(constraints_in(plan), *row) for row in rows], device=scores.device
    )  # (B, W, 2)
    parents, tokens = steps[..., 0], steps[..., 1]
    return Candidates(take(totals, parents * words + tokens), parents, tokens)


def are_complete(plan: Plan, beams: Any) -> Tensor:
    """Which unfinished texts (B, W) contain all that they must."""
    states = [[state_of(constraints_in(plan), text) for text in row] for row in texts_of(beams)]
    rows = [[state.completed for state in row] for row in states]
    return torch.tensor(rows, device=beams.is_open.device)


def may_be_returned(plan: Plan, beams: Any) -> Tensor:
    """Which unfinished texts (B, W) may be answers: incomplete ones only where others lack."""
    complete = are_complete(plan, beams)
    return complete | (torch.count_nonzero(complete, dim=1) < plan.num_returned)[:, None]


def texts_of(beams: Any) -> list[list[list[int]]]:
    """The unfinished texts of each row."""
    texts: list[list[list[int]]] = as_lists(beams.unfinished.tokens[..., : beams.length])
    return texts


def constraints_in(plan: Plan) -> list[Constraint]:
    """What the options say that every text must contain."""
    return constraints_of(plan.rules.constraints, plan.rules.force_words_ids)
