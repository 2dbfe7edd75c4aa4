"""What may follow the beams of a row: the most probable continuations, or drawn ones."""

import math
from typing import Any, NamedTuple

import torch
from torch import Tensor

from camembert_dual.generation.modes import BEAM_SAMPLE, GROUP_BEAM
from camembert_dual.generation.plan import Plan
from camembert_dual.pt.generation.cache import Answer, Call, ends_text, take
from camembert_dual.pt.generation.sampling import draw


class Candidates(NamedTuple):
    """Summed log-probabilities, beams and tokens of continuations, each (B, C), falling."""

    totals: Tensor
    parents: Tensor
    tokens: Tensor


def candidates_of(call: Call, beams: Any, answer: Answer) -> tuple[Tensor, Candidates]:
    """Rank the next tokens of all beams of a row together.

    Args:
        call: How to search.
        beams: The beams.
        answer: What the model says of them.

    Returns:
        The processed scores (B W, V), and the best candidates of each row.
    """
    words = torch.log_softmax(answer.logits, dim=-1)  # (B W, V)
    find = {BEAM_SAMPLE: drawn, GROUP_BEAM: grouped}.get(call.plan.mode, ranked)
    scores, found = find(call, beams, words)
    if call.observer is not None:
        call.observer.saw(scores=scores, **answer.internals)
    return scores, found


def ranked(call: Call, beams: Any, words: Tensor) -> tuple[Tensor, Candidates]:
    """The most probable continuations."""
    scores = call.process(words, tokens_of(beams), beams.length)
    return scores, best(summed(scores, beams.unfinished.scores), call.plan.num_candidates, scores)


def drawn(call: Call, beams: Any, words: Tensor) -> tuple[Tensor, Candidates]:
    """Continuations drawn without putting any back; warped together with what they continue."""
    tokens, length = tokens_of(beams), beams.length
    processed = call.process(words, tokens, length)
    so_far = beams.unfinished.scores.reshape(-1, 1)
    totals = call.warp(processed + so_far, tokens, length)  # (B W, V)
    totals = totals.reshape(-1, call.plan.num_beams * words.shape[1])  # (B, W V)
    index, left = [], totals
    numbers = call.uniforms[length - call.start]  # (B, C)
    for number in range(call.plan.num_candidates):
        column = draw(left, numbers[:, number])  # (B,)
        index.append(column)
        is_drawn = torch.arange(left.shape[1], device=left.device) == column[:, None]
        left = torch.where(~is_drawn, left, -math.inf)
    columns = torch.stack(index, dim=1)  # (B, C)
    chosen, order = torch.topk(take(totals, columns), call.plan.num_candidates)
    columns, count = take(columns, order), words.shape[1]
    scores = call.warp(processed, tokens, length)
    return scores, Candidates(chosen, columns // count, columns % count)


def grouped(call: Call, beams: Any, words: Tensor) -> tuple[Tensor, Candidates]:
    """The most probable continuations of each group, which is told what those before it take."""
    plan, length, count = call.plan, beams.length, words.shape[1]
    by_group = (-1, plan.num_groups, plan.group_width)
    words = words.reshape(*by_group, count)  # (B, G, W, V)
    tokens = tokens_of(beams).reshape(*by_group, beams.unfinished.tokens.shape[2])
    so_far = beams.unfinished.scores.reshape(by_group)
    is_open = beams.is_open.reshape(by_group[:2])
    current = torch.zeros_like(so_far, dtype=torch.int32).reshape(-1, plan.num_beams)
    all_scores, all_found = [], []
    for group in range(plan.num_groups):
        own = tokens[:, group].reshape(-1, tokens.shape[3])  # (B W, L)
        group_of = {"current_tokens": current.reshape(-1), "beam_group_idx": group}
        scores = call.process(words[:, group].reshape(-1, count), own, length, **group_of)
        found = best(summed(scores, so_far[:, group]), plan.num_candidates, scores)
        chosen = open_candidates(found, plan).tokens
        chosen = torch.where(is_open[:, group, None], chosen, plan.padding)
        first = group * plan.group_width
        after = current[:, first + plan.group_width :]
        current = torch.cat([current[:, :first], chosen.to(current.dtype), after], dim=1)
        all_scores.append(scores.reshape(-1, plan.group_width, count))
        all_found.append(found)
    scores = torch.stack(all_scores, dim=1).reshape(-1, count)  # (B G W, V)
    parts = (torch.stack(one, dim=1) for one in zip(*all_found, strict=True))  # (B, G, C)
    return scores, Candidates(*(one.reshape(-1, plan.num_candidates) for one in parts))


def open_candidates(found: Candidates, plan: Plan) -> Candidates:
    """The best candidates (B, W) that do not end a text."""
    scores = torch.where(~ends_text(found.tokens, plan), found.totals, -math.inf)
    totals, index = torch.topk(scores, plan.group_width)
    return Candidates(totals, take(found.parents, index), take(found.tokens, index))


def tokens_of(beams: Any) -> Tensor:
    """The tokens of all beams as rows (B W, L)."""
    tokens = beams.unfinished.tokens
    return tokens.reshape(-1, tokens.shape[2])


def summed(scores: Tensor, so_far: Tensor) -> Tensor:
    """Scores of words (B W, V) added to those of the beams (B, W): (B, W V)."""
    width, words = so_far.shape[1], scores.shape[1]
    totals = scores.reshape(-1, width, words) + so_far[..., None]
    return totals.reshape(-1, width * words)


def best(totals: Tensor, count: int, scores: Tensor) -> Candidates:
    """The highest totals (B, W V) of scores (B W, V), at most so many."""
    words = scores.shape[1]
    totals, index = torch.topk(totals, min(count, totals.shape[1]))
    return Candidates(totals, index // words, index % words)
