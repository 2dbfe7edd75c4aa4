"""Rules that end the search, each as a function of the texts.

All take the texts' tokens (R, S), of which ``length`` columns are written, and the scores (R, V)
that chose the last one; all give which texts (R,) end. They are named after the classes of
``transformers`` 4.34 whose arguments they take.
"""

import time
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor


def max_length(
    tokens: Tensor,
    length: int,
    scores: Any,
    max_length: int,
    max_position_embeddings: int | None = None,
) -> Tensor:
    """End texts that have so many tokens with their prompt."""
    return all_or_none(tokens, length >= max_length)


def max_new_tokens(
    tokens: Tensor, length: int, scores: Any, start_length: int, max_new_tokens: int
) -> Tensor:
    """End texts that have so many tokens after their prompt."""
    return all_or_none(tokens, length >= start_length + max_new_tokens)


def max_time(
    tokens: Tensor, length: int, scores: Any, max_time: float, initial_timestamp: float
) -> Tensor:
    """End all texts so many seconds after a moment."""
    return all_or_none(tokens, now() - initial_timestamp > max_time)


CRITERIA: dict[str, Callable[..., Tensor]] = {
    "MaxLengthCriteria": max_length,
    "MaxNewTokensCriteria": max_new_tokens,
    "MaxTimeCriteria": max_time,
}


def all_or_none(tokens: Tensor, ends: bool) -> Tensor:
    """The same answer for each of the texts (R, S): (R,)."""
    return torch.ones(tokens.shape[0], dtype=torch.bool, device=tokens.device) & ends


def now() -> float:
    """Seconds since 1970."""
    return time.time()
