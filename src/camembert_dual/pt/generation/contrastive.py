"""Contrastive search: a probable token that is unlike what was there (Su et al. 2022).

Of the most probable tokens (R, C) each is read, and the likeness of its hidden state to those of
all earlier tokens is weighed against its probability; https://arxiv.org/abs/2202.06417.
"""

import math
from dataclasses import replace
from typing import Any, NamedTuple

import torch
from torch import Tensor

from camembert_dual.common.errors import require
from camembert_dual.pt.generation.cache import (
    Answer,
    Call,
    appended,
    read_prompt,
    read_token,
    repeat_cache,
    repeat_prompt,
    rows_of,
    take,
    take_rows,
)
from camembert_dual.pt.generation.loop import Found, repeat
from camembert_dual.pt.generation.sampling import (
    Sequences,
    extend_sequences,
    start_sequences,
)


class Contrast(NamedTuple):
    """Texts, what the model says of them, and the ``states`` (R, S, D) of all that it read."""

    sequences: Sequences
    answer: Answer
    states: Tensor

    @property
    def length(self) -> Any:
        """Columns that are written."""
        return self.sequences.length

    @property
    def is_unfinished(self) -> Tensor:
        """Which texts may grow (R)."""
        return self.sequences.is_unfinished


def search_contrastive(call: Call) -> Found:
    """Continue each prompt by tokens that are probable and unlike the earlier ones.

    Raises:
        ValueError: If no cache is kept.
    """
    rule = "Contrastive search must go with is_decoder=True and use_cache=True"
    require(call.plan.use_cache, rule, call.plan.use_cache)
    call = call._replace(plan=replace(call.plan, output_hidden_states=True))
    answer = read_prompt(call)
    states = answer.hidden_states[-1]
    contrast = Contrast(start_sequences(call, answer), answer, states)
    contrast = grow_contrast(call, contrast)
    contrast = repeat(call, contrast, lambda one: grow_contrast(call, one))
    return Found(contrast.sequences.tokens, contrast.length)


def grow_contrast(call: Call, contrast: Contrast) -> Contrast:
    """Read all candidates, and take the best of each text."""
    sequences, answer, count = contrast.sequences, contrast.answer, call.plan.top_k
    scores = call.process(answer.logits, sequences.tokens, sequences.length)
    if call.observer is not None:
        call.observer.saw(scores=scores, **answer.internals)
    probabilities, tokens = torch.topk(torch.softmax(scores, dim=-1), count)  # (R, C)
    many = call._replace(prompt=repeat_prompt(call.prompt, count))
    last = tokens.reshape(-1, 1).to(sequences.tokens.dtype)
    read = read_token(many, last, repeat_cache(answer.cache, count))  # of R C rows
    width = read.hidden_states[-1].shape[-1]
    states = read.hidden_states[-1].reshape(-1, count, width)  # (R, C, D)
    likeness = most_alike(states, contrast.states, answer.cache.mask)
    best = (1 - call.plan.penalty_alpha) * probabilities - call.plan.penalty_alpha * likeness
    index = best.argmax(dim=-1)[:, None]  # (R, 1)
    chosen = take(tokens, index)[:, 0]
    sequences = extend_sequences(call, sequences, scores, chosen)
    answer = take_answer(read, rows_of(index, count))
    states = appended(call, contrast.states, take(states, index))
    return Contrast(sequences._replace(cache=answer.cache), answer, states)


def most_alike(states: Tensor, earlier: Tensor, mask: Tensor) -> Tensor:
    """The highest cosine (R, C) of states (R, C, D) with earlier ones (R, S, D) that are seen."""
    cosines = unit(states) @ unit(earlier).transpose(-1, -2)  # (R, C, S)
    return torch.where(mask[:, None], cosines, -math.inf).amax(dim=-1)


def unit(states: Tensor) -> Tensor:
    """States (..., D) of length one."""
    return states / torch.linalg.norm(states, dim=-1, keepdim=True)


def take_answer(answer: Answer, rows: Tensor) -> Answer:
    """What the model says of some rows."""
    return Answer(
        answer.logits[rows],
        take_rows(answer.cache, rows),
        tuple(one[rows] for one in answer.attentions),
        tuple(one[rows] for one in answer.hidden_states),
    )
