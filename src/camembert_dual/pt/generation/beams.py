"""Beam search: rank the continuations of several texts a row together, and keep the best that end.

Further letters of shapes: N tokens generated so far, W width of the beam, C candidates looked at.
"""

import math
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from camembert_dual.generation.options_old import GenerationOptions
from camembert_dual.pt.generation.cache import (
    DecoderCache,
    Encoder,
    ends_text,
    last_tokens,
    next_logits,
    reorder_cache,
    repeat_rows,
    take,
)

LOWEST = -1e9  # far below any log-probability, and still a number


class Beams(NamedTuple):
    """W unfinished and W finished continuations of each row.

    ``new_tokens`` (B, W, N) and their summed log-probabilities ``scores`` (B, W);
    ``finished_tokens`` (B, W, N), padded, and their scores by length ``finished_scores`` (B, W);
    ``is_unfinished`` (B), whether the row is still searched; ``prompt_length`` (B); ``limit`` of N;
    ``cache`` has B W rows.
    """

    new_tokens: Tensor
    scores: Tensor
    finished_tokens: Tensor
    finished_scores: Tensor
    is_unfinished: Tensor
    prompt_length: Tensor
    limit: int
    cache: DecoderCache


def start_beams(
    prompt: Tensor,
    mask: Tensor,
    logits: Tensor,
    cache: DecoderCache,
    limit: int,
    options: GenerationOptions,
) -> Beams:
    """Rows whose first beam alone counts, since all are the same."""
    rows, width = prompt.shape[0], options.num_beams
    new_tokens = repeat_rows(prompt[:, :0], width).reshape(rows, width, 0)
    first = torch.arange(width, device=prompt.device) == 0
    scores = torch.tile(torch.where(first, 0.0, LOWEST).to(logits.dtype)[None], (rows, 1))  # (B, W)
    finished_scores = torch.full_like(scores, -math.inf)
    is_unfinished = torch.ones_like(prompt[:, 0], dtype=torch.bool)
    length = torch.count_nonzero(mask, dim=1)
    return Beams(
        new_tokens, scores, new_tokens, finished_scores, is_unfinished, length, limit, cache
    )


def continue_beams(model: Any, beams: Beams, encoder: Encoder, options: GenerationOptions) -> Beams:
    """Read the last tokens of all beams and rank what may follow."""
    logits, cache = next_logits(model, *last_tokens(beams.new_tokens), beams.cache, encoder)
    return grow_beams(beams, logits, cache, options)


def grow_beams(
    beams: Beams, logits: Tensor, cache: DecoderCache, options: GenerationOptions
) -> Beams:
    """Let the best continuations by the logits (B W, V) be the new beams; keep those that end."""
    width, steps = options.num_beams, beams.new_tokens.shape[2]
    count = options.num_candidates
    totals, parents, tokens = best_candidates(beams.scores, logits, count)  # (B, C)
    tokens = tokens.to(beams.new_tokens.dtype)
    grown = torch.cat([take(beams.new_tokens, parents), tokens[..., None]], dim=2)  # (B, C, N + 1)
    ends = ends_text(tokens, options)
    length = beams.prompt_length + steps  # (B,)

    # a text may end where it is among the best W of all candidates
    is_high = torch.arange(tokens.shape[1], device=tokens.device) < width
    may_end = ends & is_high & beams.is_unfinished[:, None]
    finished = torch.where(may_end, by_length(totals, length, options), -math.inf)
    finished_scores, best = torch.cat([beams.finished_scores, finished], dim=1).topk(width)
    padded = nn.functional.pad(beams.finished_tokens, (0, 1), value=options.padding)
    finished_tokens = take(torch.cat([padded, grown], dim=1), best)

    scores, best = torch.where(~ends, totals, -math.inf).topk(width)
    is_unfinished = beams.is_unfinished & can_improve(
        totals[:, 0], finished_scores[:, -1], length, beams, options
    )
    cache = reorder_cache(cache, take(parents, best))
    return beams._replace(
        new_tokens=take(grown, best),
        scores=scores,
        finished_tokens=finished_tokens,
        finished_scores=finished_scores,
        is_unfinished=is_unfinished,
        cache=cache,
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
    rows, width, words = *scores.shape, logits.shape[1]
    added = torch.log_softmax(logits, dim=-1).reshape(rows, width, words)
    totals = (scores[..., None] + added).reshape(rows, width * words)  # (B, W V)
    totals, index = totals.topk(min(count, width * words))
    return totals, index // words, index % words


def by_length(totals: Tensor, length: Tensor, options: GenerationOptions) -> Tensor:
    """Divide log-probabilities (B, C) by the lengths (B) to the power of the penalty."""
    return totals / length.to(totals.dtype)[:, None] ** options.length_penalty


def can_improve(
    best: Tensor, worst_finished: Tensor, length: Tensor, beams: Beams, options: GenerationOptions
) -> Tensor:
    """Which rows (B) lack finished texts, or may still find one better than the worst of them."""
    is_full = worst_finished > -math.inf
    if options.early_stopping is True:
        return ~is_full
    longest = length + 1
    if options.early_stopping == "never" and options.length_penalty > 0:
        longest = beams.prompt_length + beams.limit
    return ~is_full | (worst_finished < by_length(best[:, None], longest, options)[:, 0])


def best_sequences(beams: Beams, options: GenerationOptions) -> Tensor:
    """The best of finished and, where a row is still searched, unfinished texts: (B, N), padded."""
    steps = beams.new_tokens.shape[2]
    unfinished = by_length(beams.scores, beams.prompt_length + steps, options)
    unfinished = torch.where(beams.is_unfinished[:, None], unfinished, -math.inf)
    best = torch.cat([beams.finished_scores, unfinished], dim=1).argmax(dim=1)[:, None]
    sequences = take(torch.cat([beams.finished_tokens, beams.new_tokens], dim=1), best)[
        :, 0
    ]  # (B, N)
    ends = ends_text(sequences, options)
    first = ends.to(torch.int32).argmax(dim=1)
    lengths = torch.where(ends.any(dim=1), first + 1, steps)
    return sequences[:, : int(lengths.max())]
