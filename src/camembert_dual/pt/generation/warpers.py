"""Rules that say among which words to draw, each as a function.

All take and give scores (R, V), as those of :mod:`camembert_dual.pt.generation.processors`. What
is not drawn has the score ``filter_value``; ``min_tokens_to_keep`` words are drawn in any case.
The papers are those of :class:`camembert_dual.generation.config.GenerationConfig`.
"""

import math
from collections.abc import Callable

import torch
from torch import Tensor

from camembert_dual.pt.generation.cache import take


def temperature(scores: Tensor, tokens: Tensor, length: int, temperature: float) -> Tensor:
    """Divide the scores: below 1 sharpens, above 1 flattens."""
    return scores / temperature


def top_k(
    scores: Tensor,
    tokens: Tensor,
    length: int,
    top_k: int,
    filter_value: float = -math.inf,
    min_tokens_to_keep: int = 1,
) -> Tensor:
    """Keep the k highest scores, and those equal to the last (Fan et al. 2018)."""
    lowest = kth_highest(scores, max(top_k, min_tokens_to_keep))
    return torch.where(scores >= lowest, scores, filter_value)


def top_p(
    scores: Tensor,
    tokens: Tensor,
    length: int,
    top_p: float,
    filter_value: float = -math.inf,
    min_tokens_to_keep: int = 1,
) -> Tensor:
    """Keep the fewest most probable words that reach this probability (Holtzman et al. 2020)."""
    ranked, order = torch.sort(scores, dim=-1, descending=True, stable=True)
    probabilities = torch.softmax(ranked, dim=-1)
    before = torch.roll(torch.cumsum(probabilities, dim=-1), 1, -1)  # the first is kept anyway
    is_first = torch.arange(scores.shape[1], device=scores.device) < min_tokens_to_keep
    kept = unranked((before < top_p) | is_first, order)
    return torch.where(kept, scores, filter_value)


def top_k_top_p(
    logits: Tensor,
    top_k: int = 0,
    top_p: float = 1.0,
    filter_value: float = -math.inf,
    min_tokens_to_keep: int = 1,
) -> Tensor:
    """Keep the k highest scores (R, V), and of these what reaches a probability, in one call."""
    kept = {"filter_value": filter_value, "min_tokens_to_keep": min_tokens_to_keep}
    if top_k > 0:
        k = min(top_k, logits.shape[-1])
        logits = WARPERS["TopKLogitsWarper"](logits, None, None, k, **kept)
    return WARPERS["TopPLogitsWarper"](logits, None, None, top_p, **kept) if top_p < 1 else logits


def typical(
    scores: Tensor,
    tokens: Tensor,
    length: int,
    mass: float = 0.9,
    filter_value: float = -math.inf,
    min_tokens_to_keep: int = 1,
) -> Tensor:
    """Keep the words of the most expected surprise that reach a mass (Meister et al. 2022)."""
    surprise = -torch.log_softmax(scores, dim=-1)
    distance = torch.abs(surprise - entropy(scores))  # (R, V)
    negated, order = torch.sort(-distance, dim=-1, descending=True, stable=True)
    sums = torch.cumsum(torch.softmax(take(scores, order), dim=-1), dim=-1)
    last = torch.count_nonzero(sums < mass, dim=-1)
    last = last.clamp(0, scores.shape[1] - 1)[:, None]
    is_first = torch.arange(scores.shape[1], device=scores.device) < min_tokens_to_keep
    kept = unranked((negated >= take(negated, last)) | is_first, order)
    return torch.where(kept, scores, filter_value)


def epsilon(
    scores: Tensor,
    tokens: Tensor,
    length: int,
    epsilon: float,
    filter_value: float = -math.inf,
    min_tokens_to_keep: int = 1,
) -> Tensor:
    """Keep the words that are at least as probable (Hewitt et al. 2022)."""
    is_low = torch.softmax(scores, dim=-1) < epsilon
    is_low = is_low & (scores < kth_highest(scores, min_tokens_to_keep))
    return torch.where(~is_low, scores, filter_value)


def eta(
    scores: Tensor,
    tokens: Tensor,
    length: int,
    epsilon: float,
    filter_value: float = -math.inf,
    min_tokens_to_keep: int = 1,
) -> Tensor:
    """Keep the words above a bound that falls with the entropy (Hewitt et al. 2022)."""
    bound = (math.sqrt(epsilon) * torch.exp(-entropy(scores))).clamp(0.0, epsilon)  # (R, 1)
    is_low = torch.softmax(scores, dim=-1) < bound
    is_low = is_low & (scores < kth_highest(scores, min_tokens_to_keep))
    return torch.where(~is_low, scores, filter_value)


WARPERS: dict[str, Callable[..., Tensor]] = {
    "TemperatureLogitsWarper": temperature,
    "TopKLogitsWarper": top_k,
    "TopPLogitsWarper": top_p,
    "TypicalLogitsWarper": typical,
    "EpsilonLogitsWarper": epsilon,
    "EtaLogitsWarper": eta,
}


def kth_highest(scores: Tensor, count: int) -> Tensor:
    """The score (R, 1) of rank ``count``, or the lowest."""
    return scores.topk(min(count, scores.shape[1])).values[:, -1:]


def unranked(ranked: Tensor, order: Tensor) -> Tensor:
    """Put what was sorted in an order (R, V) back into its places."""
    return take(ranked, torch.argsort(order, dim=-1))


def entropy(scores: Tensor) -> Tensor:
    """The expected surprise (R, 1)."""
    surprise = -torch.log_softmax(scores, dim=-1)
    expected = torch.where(scores > -math.inf, torch.exp(-surprise) * surprise, 0.0)
    return expected.sum(dim=-1, keepdim=True)
