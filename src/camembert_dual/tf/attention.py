"""Attention (Vaswani et al. 2017), over the text itself or over encoder states.

Letters of shapes, here and in all files: B batch, T query length, S key length, D hidden, H heads,
K head size.
"""

import math
from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf

from camembert_dual.config import CamembertConfig
from camembert_dual.tf.layers import dense, dropout, embedding, layer_norm, size_of
from camembert_dual.tf.packing import Packing
from camembert_dual.tf.tensors import wide_dtype

Cache = tuple[tf.Tensor, tf.Tensor]


def attention_probabilities(
    query: tf.Tensor, key: tf.Tensor, mask: tf.Tensor | None, relative_scores: tf.Tensor | None
) -> tf.Tensor:
    """How much each query attends to each key.

    Args:
        query: (B, H, T, K).
        key: (B, H, S, K).
        mask: Boolean, broadcastable to (B, H, T, S).
        relative_scores: (B, H, T, S), scaled already.

    Returns:
        Probabilities (B, H, T, S); the softmax is taken in float32 at least.
    """
    scores = tf.matmul(scaled(query), key, transpose_b=True)  # (B, H, T, S)
    if relative_scores is not None:
        scores = scores + relative_scores
    if mask is not None:
        scores = tf.where(mask, scores, scores.dtype.min)
    wide = tf.cast(scores, wide_dtype(scores))
    return tf.cast(tf.nn.softmax(wide, axis=-1), query.dtype)


def scaled(states: tf.Tensor) -> tf.Tensor:
    """Divide (..., K) by the root of K, before a product that half precision could not hold."""
    return states / math.sqrt(states.shape[-1])


def relative_scores(
    query: tf.Tensor, key: tf.Tensor, distances: tf.Tensor, both: bool
) -> tf.Tensor:
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
    scores = shifted(query, tf.reverse(rows, [0]))
    if both:
        scores = scores + tf.transpose(shifted(key, rows), [0, 1, 3, 2])
    return scores


def shifted(states: tf.Tensor, rows: tf.Tensor) -> tf.Tensor:
    """Multiply each of N states by M rows in turn, beginning one row earlier than the state before.

    So no table of (N, M, K) is made.

    Args:
        states: (B, H, N, K).
        rows: (N + M - 1, K); the last state begins at the first one.

    Returns:
        Products (B, H, N, M).
    """
    batch, count = tf.shape(states)[0], tf.shape(states)[2]
    others = tf.shape(rows)[0] - count + 1
    rows = tf.pad(rows, [[0, 1], [0, 0]])  # (N + M, K), so that a shorter line shifts by one
    products = tf.matmul(states, rows, transpose_b=True)  # (B, H, N, N + M)
    heads, width = states.shape[1], count + others - 1
    flat = tf.reshape(products, [batch, heads, count * (width + 1)])
    lines = flat[:, :, count - 1 : count - 1 + count * width]
    return tf.reshape(lines, [batch, heads, count, width])[..., :others]


def split_heads(states: tf.Tensor, size: int) -> tf.Tensor:
    """Cut (B, T, H K) into heads (B, H, T, K), as many as are there."""
    count = states.shape[-1] // size
    heads = tf.reshape(states, [-1, size_of(states, 1), count, size])  # (B, T, H, K)
    return tf.transpose(heads, [0, 2, 1, 3])


def merge_heads(context: tf.Tensor) -> tf.Tensor:
    """Join heads (B, H, T, K) into (B, T, H K)."""
    width = context.shape[1] * context.shape[3]
    return tf.reshape(tf.transpose(context, [0, 2, 1, 3]), [-1, size_of(context, 2), width])


class SelfAttention(keras.layers.Layer):
    """Queries of the text against keys and values of the text, or of encoder states."""

    def __init__(
        self,
        config: CamembertConfig,
        heads: Sequence[int],
        position_type: str,
        *,
        name: str,
        dtype: Any,
    ) -> None:
        super().__init__(name=name, dtype=dtype)
        width = len(heads) * config.head_size
        self.query = dense(config.hidden_size, width, config, name="query", dtype=dtype)
        self.key = dense(config.hidden_size, width, config, name="key", dtype=dtype)
        self.value = dense(config.hidden_size, width, config, name="value", dtype=dtype)
        self.dropout = dropout(config.attention_probs_dropout_prob, dtype=dtype)
        self.heads = list(heads)
        self.head_size = config.head_size
        self.position_type = position_type
        if position_type != "absolute":
            self.zero_distance = config.max_position_embeddings - 1  # row of the distance 0
            rows = 2 * self.zero_distance + 1
            self.distance_embedding = embedding(
                rows, config.head_size, config, name="distance_embedding", dtype=dtype
            )

    def build(self, input_shape: Any = None) -> None:
        """Build the children."""
        self.query.build()
        self.key.build()
        self.value.build()
        if self.position_type != "absolute":
            self.distance_embedding.build()

    def call(
        self,
        hidden_states: tf.Tensor,
        attention_mask: tf.Tensor | None = None,
        head_mask: tf.Tensor | None = None,
        encoder_hidden_states: tf.Tensor | None = None,
        past: Cache | None = None,
        use_cache: bool = False,
        output_attentions: bool = False,
    ) -> tuple[tf.Tensor, ...]:
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
        relative = self.relative_scores(query, key)
        probabilities = attention_probabilities(query, key, attention_mask, relative)
        weights = self.dropout(probabilities)
        if head_mask is not None:
            factors = tf.cast(tf.gather(head_mask, self.heads), weights.dtype)
            weights = weights * factors[:, None, None]
        context = tf.matmul(weights, value)  # (B, H, T, K)
        # the reference reports the factors that were used, after dropout and head mask
        wanted = (weights,) if output_attentions else ()
        return (merge_heads(context), *wanted, *cache)

    def attend_packed(self, hidden_states: tf.Tensor, packing: Packing) -> tf.Tensor:
        """Attend in texts that are in one row: from states (1, N, D) to context (1, N, H K)."""
        layers = (self.query, self.key, self.value)
        texts = [packing.spread(layer(hidden_states)) for layer in layers]  # (B, W, H K)
        query, key, value = (split_heads(states, self.head_size) for states in texts)
        weights = self.dropout(attention_probabilities(query, key, packing.mask, None))
        return packing.collect(merge_heads(tf.matmul(weights, value)))

    def keys_and_values(
        self,
        hidden_states: tf.Tensor,
        encoder_hidden_states: tf.Tensor | None,
        past: Cache | None,
    ) -> Cache:
        """Project keys and values (B, H, S, K), or take them from the cache."""
        if encoder_hidden_states is not None and past is not None:
            return past
        source = hidden_states
        if encoder_hidden_states is not None:
            source = tf.cast(encoder_hidden_states, hidden_states.dtype)
        key = split_heads(self.key(source), self.head_size)
        value = split_heads(self.value(source), self.head_size)
        if past is not None:
            key, value = tf.concat([past[0], key], axis=2), tf.concat([past[1], value], axis=2)
        return key, value  # (B, H, S, K)

    def relative_scores(self, query: tf.Tensor, key: tf.Tensor) -> tf.Tensor | None:
        """Scores of the distances (B, H, T, S), or None for absolute positions."""
        if self.position_type == "absolute":
            return None
        queries, keys = tf.shape(query)[2], tf.shape(key)[2]
        # the last query is at the last key, and the first one furthest behind it
        first = self.zero_distance - queries + 1
        rows = tf.range(first, first + queries + keys - 1)
        both = self.position_type == "relative_key_query"
        return relative_scores(query, key, self.distance_embedding(rows), both)


class AttentionOutput(keras.layers.Layer):
    """Projects the context back to the hidden size and adds the residual."""

    def __init__(
        self, config: CamembertConfig, heads: Sequence[int], *, name: str, dtype: Any
    ) -> None:
        super().__init__(name=name, dtype=dtype)
        width = len(heads) * config.head_size
        self.dense = dense(width, config.hidden_size, config, name="dense", dtype=dtype)
        self.LayerNorm = layer_norm(config, name="LayerNorm", dtype=dtype)
        self.dropout = dropout(config.hidden_dropout_prob, dtype=dtype)

    def build(self, input_shape: Any = None) -> None:
        """Build the children."""
        self.dense.build()
        self.LayerNorm.build()

    def call(self, context: tf.Tensor, residual: tf.Tensor) -> tf.Tensor:
        """Map (B, T, H K) and the residual (B, T, D) to (B, T, D)."""
        return self.LayerNorm(self.dropout(self.dense(context)) + residual)


class Attention(keras.layers.Layer):
    """One attention block: heads, projection, residual, normalisation."""

    def __init__(
        self,
        config: CamembertConfig,
        heads: Sequence[int],
        position_type: str,
        *,
        name: str,
        dtype: Any,
    ) -> None:
        super().__init__(name=name, dtype=dtype)
        self.self = SelfAttention(config, heads, position_type, name="self", dtype=dtype)
        self.projection = AttentionOutput(config, heads, name="output", dtype=dtype)

    def build(self, input_shape: Any = None) -> None:
        """Build the children."""
        self.self.build()
        self.projection.build()

    def call(
        self,
        hidden_states: tf.Tensor,
        attention_mask: tf.Tensor | None = None,
        head_mask: tf.Tensor | None = None,
        encoder_hidden_states: tf.Tensor | None = None,
        past: Cache | None = None,
        use_cache: bool = False,
        output_attentions: bool = False,
    ) -> tuple[tf.Tensor, ...]:
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
        return (self.projection(context, hidden_states), *others)
