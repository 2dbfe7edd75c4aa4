"""Positions and masks: RoBERTa's offset, padding and causality.

Masks are boolean and True means attend.
"""

import torch
from torch import Tensor


def positions_of_ids(input_ids: Tensor, padding_index: int, past_length: int) -> Tensor:
    """Number the tokens from ``padding_index + 1``; padding gets ``padding_index`` itself.

    This is RoBERTa's numbering, from fairseq's ``make_positions``.

    Args:
        input_ids: (B, T).
        padding_index: The id and the position of padding.
        past_length: Cached positions before these.

    Returns:
        Positions (B, T).
    """
    is_token = (input_ids != padding_index).to(input_ids.dtype)
    count = torch.cumsum(is_token, dim=1, dtype=is_token.dtype) + past_length
    return count * is_token + padding_index


def positions_of_embeds(inputs_embeds: Tensor, padding_index: int, past_length: int) -> Tensor:
    """Number embedded inputs, of which none is known to be padding.

    Args:
        inputs_embeds: (B, T, D).
        padding_index: The position of padding.
        past_length: Cached positions before these.

    Returns:
        Positions (1, T), the same for each row.
    """
    length = inputs_embeds.shape[1]
    first = padding_index + 1 + past_length
    return torch.arange(first, first + length, device=inputs_embeds.device)[None, :]  # (1, T)


def expand_mask(attention_mask: Tensor) -> Tensor:
    """Spread a mask (B, S) or (B, T, S) over the heads: boolean (B, 1, 1 or T, S)."""
    attends = attention_mask != 0
    if attends.ndim == 2:
        attends = attends.unsqueeze(1)
    return attends.unsqueeze(1)


def causal_mask(query_length: int, key_length: int, device: torch.device) -> Tensor:
    """Which keys each query may see, the last query being at the last key: (1, 1, T, S)."""
    queries = torch.arange(key_length - query_length, key_length, device=device)
    keys = torch.arange(key_length, device=device)
    return (keys[None, :] <= queries[:, None])[None, None]  # (1, 1, T, S)


def unblind(query: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
    """Let queries that may see nothing see all keys alike, which is what the finite minimum does.

    PyTorch's fused attention answers such a row with NaN, and with a wrong gradient where a minimum
    is added instead of a mask.

    Args:
        query: (B, H, T, K).
        mask: Boolean, broadcastable to (B, H, T, S).

    Returns:
        Query and mask, in which those rows are zeros and True.
    """
    is_blind = ~mask.any(dim=-1, keepdim=True)  # (B, 1, 1 or T, 1)
    return query.masked_fill(is_blind, 0.0), mask | is_blind
