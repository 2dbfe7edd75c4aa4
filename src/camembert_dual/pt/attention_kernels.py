"""Attention in one step, by a kernel of PyTorch's, and which way a call takes."""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional
from torch.nn.attention.flex_attention import flex_attention

from camembert_dual.common.errors import require
from camembert_dual.config import CamembertConfig
from camembert_dual.pt.flash_attention import check_installed, check_states, flash_attention
from camembert_dual.pt.masks import unblind
from camembert_dual.pt.transforms import differentiates_anew

Kernel = Callable[[Tensor, Tensor, Tensor, Tensor | None, float], Tensor]


def kernel_of(wanted: str | None, needs_scores: bool) -> Kernel | None:
    """Choose how a call attends.

    Args:
        wanted: What the config says, or None for the fastest that serves.
        needs_scores: Whether the call reads or changes single scores, which no kernel gives.

    Returns:
        The kernel, or None to attend in plain steps.
    """
    if wanted is None and not differentiates_anew():
        wanted = "sdpa"
    return None if needs_scores else KERNELS.get(wanted)


def choose(config: CamembertConfig, wanted: str | None) -> None:
    """Let the models of a config attend in another way.

    Raises:
        ValueError: If there is no such way, or not here.
    """
    if wanted == "flash_attention_2":
        check_installed()
    config.attn_implementation = config.replaced(attn_implementation=wanted).attn_implementation


def sdpa(query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None, dropout: float) -> Tensor:
    """PyTorch's fused attention, which picks a kernel for the device.

    Args:
        query: (B, H, T, K).
        key: (B, H, S, K).
        value: (B, H, S, K).
        mask: Boolean, broadcastable to (B, H, T, S).
        dropout: Dropout of the probabilities.

    Returns:
        Context (B, H, T, K).
    """
    if mask is not None:
        query, mask = unblind(query, mask)
    return functional.scaled_dot_product_attention(
        query, key, value, attn_mask=mask, dropout_p=dropout
    )


def flex(query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None, dropout: float) -> Tensor:
    """PyTorch's attention that ``torch.compile`` makes a kernel of; as :func:`sdpa`.

    Raises:
        ValueError: If there is dropout, or a gradient is wanted on a CPU: it has neither.
    """
    rule = "flex_attention must be used without dropout (attention_probs_dropout_prob=0, or eval())"
    require(dropout == 0.0, rule, f"{dropout}")
    learns = any(one.requires_grad for one in (query, key, value))
    rule = "flex_attention must be used under torch.no_grad() on a CPU (sdpa has gradients there)"
    require(query.device.type != "cpu" or not learns, rule, "a call that keeps gradients")
    if mask is None:
        return flex_attention(query, key, value)
    spread = mask.expand(query.shape[0], 1, query.shape[2], key.shape[2])
    smallest = torch.finfo(query.dtype).min

    def masked(score: Tensor, row: Tensor, head: Tensor, place: Tensor, seen: Tensor) -> Tensor:
        return torch.where(spread[row, 0, place, seen], score, smallest)

    return flex_attention(query, key, value, score_mod=masked)


def flash(query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None, dropout: float) -> Tensor:
    """That of the package ``flash_attn``; as :func:`sdpa`, which serves masks of single queries.

    Raises:
        ValueError: If the package is not installed, or does not compute such tensors.
    """
    check_installed()
    check_states(query)
    attend = flash_attention if mask is None or mask.shape[2] == 1 else sdpa
    return attend(query, key, value, mask, dropout)


KERNELS: dict[str | None, Kernel] = {
    "sdpa": sdpa,
    "flex_attention": flex,
    "flash_attention_2": flash,
}
