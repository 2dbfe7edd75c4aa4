"""Greedy and drawn continuations: one token a step."""

from typing import Any, NamedTuple

import torch
from torch import Tensor

from camembert_dual.pt.generation.cache import (
    Answer,
    Call,
    DecoderCache,
    ends_text,
    read_next,
    read_prompt,
    repeat_answer,
    repeat_prompt,
    room_for,
    take,
    write,
)
from camembert_dual.pt.generation.loop import Found, repeat


class Sequences(NamedTuple):
    """One continuation of each row.

    ``tokens`` (R, L), of which ``length`` columns are written; ``is_unfinished`` (R), whether more
    may follow.
    """

    tokens: Tensor
    length: Any
    is_unfinished: Tensor
    cache: DecoderCache


def search_sequences(call: Call) -> Found:
    """Continue each prompt, as many times as texts are asked for."""
    answer = read_prompt(call)
    if call.plan.num_returned > 1:
        answer = repeat_answer(answer, call.plan.num_returned)
        call = call._replace(prompt=repeat_prompt(call.prompt, call.plan.num_returned))
    sequences = grow_sequences(call, start_sequences(call, answer), answer)
    sequences = repeat(call, sequences, lambda one: continue_sequences(call, one))
    return Found(sequences.tokens, sequences.length)


def start_sequences(call: Call, answer: Answer) -> Sequences:
    """Rows without new tokens."""
    tokens = room_for(call.prompt.tokens, call.limit, call.plan.padding)
    is_unfinished = torch.ones_like(answer.cache.length, dtype=torch.bool)
    return Sequences(tokens, call.start, is_unfinished, answer.cache)


def continue_sequences(call: Call, sequences: Sequences) -> Sequences:
    """Read the last tokens and choose the next ones."""
    answer = read_next(call, sequences.tokens, sequences.length, sequences.cache)
    return grow_sequences(call, sequences, answer)


def grow_sequences(call: Call, sequences: Sequences, answer: Answer) -> Sequences:
    """Give each unfinished row a token by its logits (R, V), and each finished row padding."""
    tokens, length = sequences.tokens, sequences.length
    scores = call.process(answer.logits, tokens, length)
    scores = call.warp(scores, tokens, length)
    if call.observer is not None:
        call.observer.saw(scores=scores, **answer.internals)
    chosen = next_tokens(scores, call.uniforms[length - call.start], call.plan.do_sample)
    return extend_sequences(call, sequences, scores, chosen)._replace(cache=answer.cache)


def extend_sequences(call: Call, sequences: Sequences, scores: Tensor, chosen: Tensor) -> Sequences:
    """Add a token (R) to each unfinished row, and see whether it ends."""
    chosen = torch.where(sequences.is_unfinished, chosen, call.plan.padding)
    tokens = write(sequences.tokens, chosen, sequences.length)
    length = sequences.length + 1
    ends = ends_text(chosen, call.plan) | call.stops(scores, tokens, length)
    if call.observer is not None:
        call.observer.chose(chosen)
    return Sequences(tokens, length, sequences.is_unfinished & ~ends, sequences.cache)


def next_tokens(scores: Tensor, uniforms: Tensor | None, do_sample: bool) -> Tensor:
    """Choose a token for each row: the most probable one, or by a number in [0, 1).

    Args:
        scores: (R, V).
        uniforms: (R), if tokens are drawn.
        do_sample: Whether to draw.

    Returns:
        Tokens (R).
    """
    if uniforms is None or not do_sample:
        return scores.argmax(dim=-1)
    ranked, tokens = torch.sort(scores, dim=-1, descending=True, stable=True)
    return take(tokens, draw(ranked, uniforms)[:, None])[:, 0]


def draw(scores: Tensor, uniforms: Tensor) -> Tensor:
    """Draw a column of scores (R, V): where the summed probability passes the row's number (R)."""
    sums = torch.cumsum(torch.softmax(scores, dim=-1), dim=-1)
    passed = sums <= uniforms[:, None].to(sums.dtype) * sums[:, -1:]
    return torch.count_nonzero(passed, dim=-1)
