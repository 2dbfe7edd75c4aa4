"""Beam search: rank the continuations of several texts a row together, and keep the best that end.

Further letters of shapes: N tokens generated so far, W width of the beam, C candidates looked at.
"""

from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from camembert_dual.generation.config import GenerationOptions
from camembert_dual.pt.generation.cache import (
    Encoder,
    Prefix,
    ends_text,
    last_tokens,
    read,
    reorder_prefix,
    repeat_rows,
    take,
)

LOWEST = -1e9  # far below any log-probability, and still a number


class Beams(NamedTuple):
    """W open and W ended continuations of each row.

    ``new_tokens`` (B, W, N) and their summed log-probabilities ``scores`` (B, W); ``ended_tokens``
    (B, W, N), padded, and their scores by length ``ended_scores`` (B, W); ``is_open`` (B), whether
    the row is still searched; ``prompt_length`` (B); ``limit`` of N; ``prefix`` has B W rows.
    """

    new_tokens: Tensor
    scores: Tensor
    ended_tokens: Tensor
    ended_scores: Tensor
    is_open: Tensor
    prompt_length: Tensor
    limit: int
    prefix: Prefix


def start_beams(
    prompt: Tensor,
    mask: Tensor,
    logits: Tensor,
    prefix: Prefix,
    limit: int,
    options: GenerationOptions,
) -> Beams:
    """Rows whose first beam alone counts, since all are the same."""
    rows, width = prompt.shape[0], options.num_beams
    new_tokens = repeat_rows(prompt[:, :0], width).reshape(rows, width, 0)
    first = torch.arange(width, device=prompt.device) == 0
    scores = torch.where(first, 0.0, LOWEST).to(logits.dtype).repeat(rows, 1)  # (B, W)
    ended_scores = torch.full_like(scores, -torch.inf)
    is_open = torch.ones_like(prompt[:, 0], dtype=torch.bool)
    length = mask.sum(1)
    return Beams(new_tokens, scores, new_tokens, ended_scores, is_open, length, limit, prefix)


def continue_beams(model: Any, beams: Beams, encoder: Encoder, options: GenerationOptions) -> Beams:
    """Read the last tokens of all beams and rank what may follow."""
    logits, prefix = read(model, *last_tokens(beams.new_tokens), beams.prefix, encoder)
    return grow_beams(beams, logits, prefix, options)


def grow_beams(beams: Beams, logits: Tensor, prefix: Prefix, options: GenerationOptions) -> Beams:
    """Let the best continuations by the logits (B W, V) be the new beams; keep the ended ones."""
    width, steps = options.num_beams, beams.new_tokens.shape[2]
    count = options.num_candidates
    totals, parents, tokens = best_candidates(beams.scores, logits, count)  # (B, C)
    tokens = tokens.to(beams.new_tokens.dtype)
    grown = torch.cat([take(beams.new_tokens, parents), tokens[..., None]], dim=2)  # (B, C, N + 1)
    ends = ends_text(tokens, options)
    length = beams.prompt_length + steps  # (B,)

    # a text may end where it is among the best W of all candidates
    is_high = torch.arange(tokens.shape[1], device=tokens.device) < width
    may_end = ends & is_high & beams.is_open[:, None]
    ended = torch.where(may_end, by_length(totals, length, options), -torch.inf)
    ended_scores, best = torch.cat([beams.ended_scores, ended], dim=1).topk(width)
    padded = nn.functional.pad(beams.ended_tokens, (0, 1), value=options.padding)
    ended_tokens = take(torch.cat([padded, grown], dim=1), best)

    scores, best = torch.where(ends, -torch.inf, totals).topk(width)
    is_open = beams.is_open & can_improve(totals[:, 0], ended_scores[:, -1], length, beams, options)
    prefix = reorder_prefix(prefix, take(parents, best))
    return beams._replace(
        new_tokens=take(grown, best),
        scores=scores,
        ended_tokens=ended_tokens,
        ended_scores=ended_scores,
        is_open=is_open,
        prefix=prefix,
    )


def best_candidates(scores: Tensor, logits: Tensor, count: int) -> tuple[Tensor, Tensor, Tensor]:
    """Rank the next tokens of all beams of a row together.

    Args:
        scores: Summed log-probabilities (B, W).
        logits: (B W, V).
        count: C, how many are wanted.

    Returns:
        The best sums, their beams and their tokens, each (B, C).
    """
    rows, words = scores.shape[0], logits.shape[1]
    added = torch.log_softmax(logits, dim=-1).reshape(*scores.shape, words)
    totals = (scores[..., None] + added).reshape(rows, -1)  # (B, W V)
    totals, index = totals.topk(min(count, totals.shape[1]))
    return totals, index // words, index % words


def by_length(totals: Tensor, length: Tensor, options: GenerationOptions) -> Tensor:
    """Divide log-probabilities (B, C) by the lengths (B) to the power of the penalty."""
    return totals / length.to(totals.dtype)[:, None] ** options.length_penalty


def can_improve(
    best: Tensor, worst_ended: Tensor, length: Tensor, beams: Beams, options: GenerationOptions
) -> Tensor:
    """Which rows (B) may still find a text better than the worst ended one, or lack ended ones."""
    is_full = worst_ended > -torch.inf
    if options.early_stopping is True:
        return ~is_full
    longest = length + 1
    if options.early_stopping == "never" and options.length_penalty > 0:
        longest = beams.prompt_length + beams.limit
    return ~is_full | (worst_ended < by_length(best[:, None], longest, options)[:, 0])


def best_texts(beams: Beams, options: GenerationOptions) -> Tensor:
    """The best of ended and, where a row is still open, unended texts: (B, N), padded."""
    steps = beams.new_tokens.shape[2]
    unended = by_length(beams.scores, beams.prompt_length + steps, options)
    unended = torch.where(beams.is_open[:, None], unended, -torch.inf)
    best = torch.cat([beams.ended_scores, unended], dim=1).argmax(1)[:, None]
    texts = take(torch.cat([beams.ended_tokens, beams.new_tokens], dim=1), best)[:, 0]  # (B, N)
    ends = ends_text(texts, options)
    lengths = torch.where(ends.any(1), ends.int().argmax(1) + 1, steps)
    return texts[:, : int(lengths.max())]
