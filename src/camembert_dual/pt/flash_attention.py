"""Attention by the package ``flash_attn`` (Dao 2023, https://arxiv.org/abs/2307.08691)."""

import importlib.util

import torch
from torch import Tensor
from torch.nn import functional

from camembert_dual.common.errors import require
from camembert_dual.pt.masks import unblind


def flash_attention(
    query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None, dropout: float
) -> Tensor:
    """Attend to the keys that a mask keeps, which alone are handed to the kernel.

    Args:
        query: (B, H, T, K).
        key: (B, H, S, K).
        value: (B, H, S, K).
        mask: Boolean, broadcastable to (B, 1, 1, S): the same for all queries of a row.
        dropout: Dropout of the probabilities.

    Returns:
        Context (B, H, T, K).
    """
    from flash_attn import flash_attn_func, flash_attn_varlen_func

    if mask is not None:
        query, mask = unblind(query, mask)
    query, key, value = (one.permute(0, 2, 1, 3) for one in (query, key, value))  # (B, T, H, K)
    if mask is None:
        context = flash_attn_func(query, key, value, dropout_p=dropout)
        return context.permute(0, 2, 1, 3)  # (B, H, T, K)
    rows, length = query.shape[:2]
    keeps = mask[:, 0, 0].expand(key.shape[:2])  # (B, S)
    context = flash_attn_varlen_func(
        query.reshape(-1, *query.shape[2:]),  # (B T, H, K)
        key[keeps],
        value[keeps],
        cu_seqlens_q=torch.arange(rows + 1, dtype=torch.int32, device=query.device) * length,
        cu_seqlens_k=starts(keeps.sum(dim=1)),
        max_seqlen_q=length,
        max_seqlen_k=keeps.shape[1],
        dropout_p=dropout,
    )
    return context.reshape(query.shape).permute(0, 2, 1, 3)


def starts(lengths: Tensor) -> Tensor:
    """Where each of B pieces begins in one line of all, and where the last ends: (B + 1,)."""
    return functional.pad(lengths.cumsum(dim=0), (1, 0)).to(torch.int32)


def check_installed() -> None:
    """Refuse this way to attend where nothing computes it.

    Raises:
        ValueError: If the package is not installed.
    """
    rule = "flash_attention_2 must have the package flash_attn"
    require(importlib.util.find_spec("flash_attn") is not None, rule, "none")


def check_states(states: Tensor) -> None:
    """Refuse what the package's kernels do not compute.

    Raises:
        ValueError: If the states are not on a GPU, or not in half precision.
    """
    is_half = states.dtype in (torch.float16, torch.bfloat16)
    rule = "flash_attention_2 must be used in float16 or bfloat16 on a GPU (sdpa serves the rest)"
    received = f"{str(states.dtype).removeprefix('torch.')} on {states.device.type}"
    require(is_half and states.is_cuda, rule, received)
