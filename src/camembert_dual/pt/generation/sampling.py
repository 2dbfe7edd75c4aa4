"""Greedy and drawn continuations: one text a row, one token a step."""

import math
from typing import Any, NamedTuple

import torch
from torch import Tensor

from camembert_dual.generation.options_old import GenerationOptions
from camembert_dual.pt.generation.cache import (
    DecoderCache,
    Encoder,
    ends_text,
    last_tokens,
    next_logits,
    take,
)


class Sequences(NamedTuple):
    """One continuation of each row.

    ``new_tokens`` (B, N), at most ``limit`` of them; ``is_unfinished`` (B), whether more may
    follow.
    """

    new_tokens: Tensor
    is_unfinished: Tensor
    limit: int
    cache: DecoderCache


def start_sequences(prompt: Tensor, cache: DecoderCache, limit: int) -> Sequences:
    """Rows without new tokens."""
    is_unfinished = torch.ones_like(prompt[:, 0], dtype=torch.bool)
    return Sequences(prompt[:, :0], is_unfinished, limit, cache)


def continue_sequences(
    model: Any, sequences: Sequences, encoder: Encoder, uniforms: Tensor, options: GenerationOptions
) -> Sequences:
    """Read the last tokens and choose the next ones."""
    logits, cache = next_logits(model, *last_tokens(sequences.new_tokens), sequences.cache, encoder)
    return grow_sequences(sequences, logits, cache, uniforms, options)


def grow_sequences(
    sequences: Sequences,
    logits: Tensor,
    cache: DecoderCache,
    uniforms: Tensor,
    options: GenerationOptions,
) -> Sequences:
    """Give each unfinished row a token by its logits (B, V), and each finished row padding."""
    chosen = next_tokens(logits, uniforms[sequences.new_tokens.shape[1]], options)
    chosen = chosen.to(sequences.new_tokens.dtype)
    chosen = torch.where(sequences.is_unfinished, chosen, options.padding)  # (B,)
    new_tokens = torch.cat([sequences.new_tokens, chosen[:, None]], dim=1)
    is_unfinished = sequences.is_unfinished & ~ends_text(chosen, options)
    return Sequences(new_tokens, is_unfinished, sequences.limit, cache)


def next_tokens(logits: Tensor, uniforms: Tensor, options: GenerationOptions) -> Tensor:
    """Choose a token for each row: the most probable one, or by a number in [0, 1).

    Args:
        logits: (B, V).
        uniforms: (B).
        options: Whether to draw, and from what.

    Returns:
        Tokens (B).
    """
    if not options.do_sample:
        return logits.argmax(dim=-1)
    ranked, tokens = torch.sort(logits / options.temperature, dim=-1, descending=True, stable=True)
    ranked = filter_top_p(filter_top_k(ranked, options.top_k), options.top_p)
    return take(tokens, draw(ranked, uniforms)[:, None])[:, 0]


def filter_top_k(ranked: Tensor, top_k: int | None) -> Tensor:
    """Keep the ``top_k`` highest logits of each falling row (B, V), and those equal to the last."""
    if top_k is None or top_k >= ranked.shape[1]:
        return ranked
    return torch.where(ranked >= ranked[:, top_k - 1 : top_k], ranked, -math.inf)


def filter_top_p(ranked: Tensor, top_p: float | None) -> Tensor:
    """Keep the first logits of each falling row (B, V) that have ``top_p`` together."""
    if top_p is None:
        return ranked
    probabilities = torch.softmax(ranked, dim=-1)
    before = torch.cumsum(probabilities, dim=-1) - probabilities
    return torch.where(before < top_p, ranked, -math.inf)


def draw(ranked: Tensor, uniforms: Tensor) -> Tensor:
    """Draw a column of logits (B, V): where the summed probability passes the row's number (B)."""
    sums = torch.cumsum(torch.softmax(ranked, dim=-1), dim=-1)
    passed = sums <= uniforms[:, None].to(sums.dtype) * sums[:, -1:]
    return torch.count_nonzero(passed, dim=-1)
