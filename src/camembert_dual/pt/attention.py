"""Attention (Vaswani et al. 2017), over the text itself or over encoder states.

Letters of shapes, here and in all files: B batch, T query length, S key length, D hidden, H heads,
K head size.
"""

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from camembert_dual.config import CamembertConfig
from camembert_dual.pt.attention_kernels import kernel_of
from camembert_dual.pt.layers import dense, dropout, embedding, is_training, layer_norm
from camembert_dual.pt.packing import Packing
from camembert_dual.pt.tensors import wide_dtype

Cache = tuple[Tensor, Tensor]


def attention_probabilities(
    query: Tensor, key: Tensor, mask: Tensor | None, relative_scores: Tensor | None
) -> Tensor:
    """How much each query attends to each key.

    Args:
        query: (B, H, T, K).
        key: (B, H, S, K).
        mask: Boolean, broadcastable to (B, H, T, S).
        relative_scores: (B, H, T, S), scaled already.

    Returns:
        Probabilities (B, H, T, S); the softmax is taken in float32 at least.
    """
    scores = scaled(query) @ key.transpose(-1, -2)  # (B, H, T, S)
    if relative_scores is not None:
        scores = scores + relative_scores
    if mask is not None:
        scores = torch.where(mask, scores, torch.finfo(scores.dtype).min)
    wide = scores.to(wide_dtype(scores))
    return torch.softmax(wide, dim=-1).to(query.dtype)


def scaled(states: Tensor) -> Tensor:
    """Divide (..., K) by the root of K, before a product that half precision could not hold."""
    return states / math.sqrt(states.shape[-1])


def relative_scores(query: Tensor, key: Tensor, distances: Tensor, both: bool) -> Tensor:
    """Scores of the distance between query and key.

    ``relative_key`` (Shaw et al. 2018, https://arxiv.org/abs/1803.02155) multiplies the query by
    the embedding of the distance; ``relative_key_query`` (Huang et al. 2020,
    https://arxiv.org/abs/2009.13658, method 4) adds the same for the key.

    Args:
        query: (B, H, T, K).
        key: (B, H, S, K).
        distances: Embeddings (T + S - 1, K) of the distances in rising order: from that of the
            first query to the last key up to that of the last query to the first key.
        both: Whether the key's product is added.

    Returns:
        Scores (B, H, T, S), scaled.
    """
    rows = scaled(distances)
    scores = shifted(query, rows.flip(0))
    if both:
        scores = scores + shifted(key, rows).permute(0, 1, 3, 2)
    return scores


def shifted(states: Tensor, rows: Tensor) -> Tensor:
    """Multiply each of N states by M rows in turn, beginning one row earlier than the state before.

    So no table of (N, M, K) is made.

    Args:
        states: (B, H, N, K).
        rows: (N + M - 1, K); the last state begins at the first one.

    Returns:
        Products (B, H, N, M).
    """
    batch, count = states.shape[0], states.shape[2]
    others = rows.shape[0] - count + 1
    rows = functional.pad(rows, (0, 0, 0, 1))  # (N + M, K), so that a shorter line shifts by one
    products = states @ rows.transpose(-1, -2)  # (B, H, N, N + M)
    heads, width = states.shape[1], count + others - 1
    flat = products.reshape(batch, heads, count * (width + 1))
    lines = flat[:, :, count - 1 : count - 1 + count * width]
    return lines.reshape(batch, heads, count, width)[..., :others]


def split_heads(states: Tensor, size: int) -> Tensor:
    """Cut (B, T, H K) into heads (B, H, T, K), as many as are there."""
    count = states.shape[-1] // size
    heads = states.reshape(-1, states.shape[1], count, size)  # (B, T, H, K)
    return heads.permute(0, 2, 1, 3)


def merge_heads(context: Tensor) -> Tensor:
    """Join heads (B, H, T, K) into (B, T, H K)."""
    width = context.shape[1] * context.shape[3]
    return context.permute(0, 2, 1, 3).reshape(-1, context.shape[2], width)


class SelfAttention(nn.Module):
    """Queries of the text against keys and values of the text, or of encoder states."""

    def __init__(self, config: CamembertConfig, heads: Sequence[int], position_type: str) -> None:
        super().__init__()
        width = len(heads) * config.head_size
        self.query = dense(config.hidden_size, width, config)
        self.key = dense(config.hidden_size, width, config)
        self.value = dense(config.hidden_size, width, config)
        self.dropout = dropout(config.attention_probs_dropout_prob)
        self.heads = list(heads)
        self.head_size = config.head_size
        self.config = config  # which may choose another way to attend at any time
        self.position_type = position_type
        if position_type != "absolute":
            self.zero_distance = config.max_position_embeddings - 1  # row of the distance 0
            rows = 2 * self.zero_distance + 1
            self.distance_embedding = embedding(rows, config.head_size, config)

    def forward(
        self,
        hidden_states: Tensor,
        attention_mask: Tensor | None = None,
        head_mask: Tensor | None = None,
        encoder_hidden_states: Tensor | None = None,
        past: Cache | None = None,
        use_cache: bool = False,
        output_attentions: bool = False,
    ) -> tuple[Tensor, ...]:
        """Attend.

        Args:
            hidden_states: (B, T, D).
            mask: Boolean, broadcastable to (B, H, T, S).
            head_mask: Factors of the heads' probabilities, one for each head of the config.
            encoder_hidden_states: (B, S, D) for cross-attention.
            past: Cached key and value (B, H, P, K): of earlier positions, or of the encoder states.
            use_cache: Whether key and value are wanted.
            output_attentions: Whether the probabilities are wanted.

        Returns:
            Context (B, T, H K); if wanted, the probabilities (B, H, T, S), and key and value.
        """
        if isinstance(attention_mask, Packing):
            return (self.attend_packed(hidden_states, attention_mask),)
        query = split_heads(self.query(hidden_states), self.head_size)  # (B, H, T, K)
        key, value = self.keys_and_values(hidden_states, encoder_hidden_states, past)
        cache = (key, value) if use_cache else ()
        scores = output_attentions or head_mask is not None or self.position_type != "absolute"
        kernel = kernel_of(self.config.attn_implementation, needs_scores=scores)
        if kernel is not None:
            dropped = self.dropout.p if is_training(self) else 0.0
            context = kernel(query, key, value, attention_mask, dropped)
            return (merge_heads(context), *cache)
        relative = self.relative_scores(query, key)
        probabilities = attention_probabilities(query, key, attention_mask, relative)
        weights = self.dropout(probabilities)
        if head_mask is not None:
            factors = head_mask[self.heads].to(weights.dtype)
            weights = weights * factors[:, None, None]
        context = weights @ value  # (B, H, T, K)
        # the reference reports the factors that were used, after dropout and head mask
        wanted = (weights,) if output_attentions else ()
        return (merge_heads(context), *wanted, *cache)

    def attend_packed(self, hidden_states: Tensor, packing: Packing) -> Tensor:
        """Attend in texts that are in one row: from states (1, N, D) to context (1, N, H K)."""
        layers = (self.query, self.key, self.value)
        texts = [layer(hidden_states) for layer in layers]  # (1, N, H K)
        query, key, value = (split_heads(states, self.head_size) for states in texts)
        dropped = self.dropout.p if is_training(self) else 0.0
        return merge_heads(packing.attend(query, key, value, dropped))

    def keys_and_values(
        self, hidden_states: Tensor, encoder_hidden_states: Tensor | None, past: Cache | None
    ) -> Cache:
        """Project keys and values (B, H, S, K), or take them from the cache."""
        if encoder_hidden_states is not None and past is not None:
            return past
        source = hidden_states
        if encoder_hidden_states is not None:
            source = encoder_hidden_states.to(hidden_states.dtype)
        key = split_heads(self.key(source), self.head_size)
        value = split_heads(self.value(source), self.head_size)
        if past is not None:
            key, value = torch.cat([past[0], key], dim=2), torch.cat([past[1], value], dim=2)
        return key, value  # (B, H, S, K)

    def relative_scores(self, query: Tensor, key: Tensor) -> Tensor | None:
        """Scores of the distances (B, H, T, S), or None for absolute positions."""
        if self.position_type == "absolute":
            return None
        queries, keys = query.shape[2], key.shape[2]
        # the last query is at the last key, and the first one furthest behind it
        first = self.zero_distance - queries + 1
        rows = torch.arange(first, first + queries + keys - 1, device=query.device)
        both = self.position_type == "relative_key_query"
        return relative_scores(query, key, self.distance_embedding(rows), both)


class AttentionOutput(nn.Module):
    """Projects the context back to the hidden size and adds the residual."""

    def __init__(self, config: CamembertConfig, heads: Sequence[int]) -> None:
        super().__init__()
        width = len(heads) * config.head_size
        self.dense = dense(width, config.hidden_size, config)
        self.LayerNorm = layer_norm(config)
        self.dropout = dropout(config.hidden_dropout_prob)

    def forward(self, context: Tensor, residual: Tensor) -> Tensor:
        """Map (B, T, H K) and the residual (B, T, D) to (B, T, D)."""
        return self.LayerNorm(self.dropout(self.dense(context)) + residual)


class Attention(nn.Module):
    """One attention block: heads, projection, residual, normalisation."""

    def __init__(self, config: CamembertConfig, heads: Sequence[int], position_type: str) -> None:
        super().__init__()
        self.self = SelfAttention(config, heads, position_type)
        self.output = AttentionOutput(config, heads)

    def forward(
        self,
        hidden_states: Tensor,
        attention_mask: Tensor | None = None,
        head_mask: Tensor | None = None,
        encoder_hidden_states: Tensor | None = None,
        past: Cache | None = None,
        use_cache: bool = False,
        output_attentions: bool = False,
    ) -> tuple[Tensor, ...]:
        """Attend from (B, T, D); arguments and returns as in :class:`SelfAttention`."""
        context, *others = self.self(
            hidden_states,
            attention_mask,
            head_mask,
            encoder_hidden_states,
            past,
            use_cache=use_cache,
            output_attentions=output_attentions,
        )
        return (self.output(context, hidden_states), *others)
