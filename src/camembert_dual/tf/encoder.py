"""Encoder layers and their stack (Vaswani et al. 2017; post-norm as in Devlin et al. 2019)."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import keras
import tensorflow as tf

from camembert_dual.config import CamembertConfig
from camembert_dual.tf.attention import Attention
from camembert_dual.tf.layers import activation, dense, dropout, layer_norm
from camembert_dual.tf.recompute import checkpoint


class Intermediate(keras.layers.Layer):
    """The wide half of the feed-forward layer."""

    def __init__(self, config: CamembertConfig, *, name: str, dtype: Any) -> None:
        super().__init__(name=name, dtype=dtype)
        self.dense = dense(
            config.hidden_size, config.intermediate_size, config, name="dense", dtype=dtype
        )
        self.activation = activation(config)

    def build(self, input_shape: Any = None) -> None:
        """Build the children."""
        self.dense.build()

    def call(self, hidden_states: tf.Tensor) -> tf.Tensor:
        """Map (B, T, D) to (B, T, F)."""
        return self.activation(self.dense(hidden_states))


class Output(keras.layers.Layer):
    """The narrow half of the feed-forward layer, with the residual."""

    def __init__(self, config: CamembertConfig, *, name: str, dtype: Any) -> None:
        super().__init__(name=name, dtype=dtype)
        self.dense = dense(
            config.intermediate_size, config.hidden_size, config, name="dense", dtype=dtype
        )
        self.LayerNorm = layer_norm(config, name="LayerNorm", dtype=dtype)
        self.dropout = dropout(config.hidden_dropout_prob, dtype=dtype)

    def build(self, input_shape: Any = None) -> None:
        """Build the children."""
        self.dense.build()
        self.LayerNorm.build()

    def call(self, hidden_states: tf.Tensor, residual: tf.Tensor) -> tf.Tensor:
        """Map (B, T, F) and the residual (B, T, D) to (B, T, D)."""
        return self.LayerNorm(self.dropout(self.dense(hidden_states)) + residual)


class EncoderLayer(keras.layers.Layer):
    """Self-attention, cross-attention if the config adds it, feed-forward."""

    def __init__(
        self, config: CamembertConfig, heads: Sequence[int], *, name: str, dtype: Any
    ) -> None:
        super().__init__(name=name, dtype=dtype)
        position_type = config.position_embedding_type
        self.attention = Attention(config, heads, position_type, name="attention", dtype=dtype)
        self.crosses = config.add_cross_attention
        if config.add_cross_attention:
            # the distance of a token to an encoder state means nothing: always absolute
            self.crossattention = Attention(
                config,
                range(config.num_attention_heads),
                "absolute",
                name="crossattention",
                dtype=dtype,
            )
        self.intermediate = Intermediate(config, name="intermediate", dtype=dtype)
        self.projection = Output(config, name="output", dtype=dtype)

    def build(self, input_shape: Any = None) -> None:
        """Build the children."""
        self.attention.build()
        if self.crosses:
            self.crossattention.build()
        self.intermediate.build()
        self.projection.build()

    def call(
        self,
        hidden_states: tf.Tensor,
        attention_mask: tf.Tensor | None = None,
        head_mask: tf.Tensor | None = None,
        encoder_hidden_states: tf.Tensor | None = None,
        encoder_mask: tf.Tensor | None = None,
        past: tuple[tf.Tensor, ...] | None = None,
        use_cache: bool = False,
        output_attentions: bool = False,
    ) -> tuple[tf.Tensor, ...]:
        """Run one layer.

        Args:
            hidden_states: (B, T, D).
            mask: Boolean, broadcastable to (B, H, T, S).
            head_mask: (H,).
            encoder_hidden_states: (B, S, D).
            encoder_mask: Boolean, broadcastable to (B, H, T, S).
            past: Cached keys and values (B, H, P, K): two, or four with cross-attention.
            use_cache: Whether keys and values are wanted.
            output_attentions: Whether the probabilities are wanted.

        Returns:
            Hidden states (B, T, D); if wanted, the probabilities (B, H, T, S), and then those of
            cross-attention, and the cache, as ``past``.
        """
        self_past = None if past is None else (past[0], past[1])
        hidden_states, *others = self.attention(
            hidden_states,
            attention_mask,
            head_mask,
            None,
            self_past,
            use_cache=use_cache,
            output_attentions=output_attentions,
        )
        probabilities, cache = parted(others, output_attentions)
        if encoder_hidden_states is not None:
            cross_past = None if past is None else (past[2], past[3])
            hidden_states, *others = self.crossattention(
                hidden_states,
                encoder_mask,
                head_mask,
                encoder_hidden_states,
                cross_past,
                use_cache=use_cache,
                output_attentions=output_attentions,
            )
            crossed = parted(others, output_attentions)
            probabilities, cache = probabilities + crossed[0], cache + crossed[1]
        intermediate = self.intermediate(hidden_states)
        hidden_states = self.projection(intermediate, hidden_states)
        return (hidden_states, *probabilities, *cache)


def parted(
    others: list[tf.Tensor], output_attentions: bool
) -> tuple[list[tf.Tensor], list[tf.Tensor]]:
    """What a block of attention gives beside its states: the probabilities, and the cache."""
    count = 1 if output_attentions else 0
    return others[:count], others[count:]


class EncoderOutput(NamedTuple):
    """What the stack computed, None where not asked; ``hidden_states`` begins with embeddings."""

    last_hidden_state: tf.Tensor
    caches: tuple[tuple[tf.Tensor, ...], ...] | None
    hidden_states: tuple[tf.Tensor, ...] | None
    attentions: tuple[tf.Tensor, ...] | None
    cross_attentions: tuple[tf.Tensor, ...] | None


class Encoder(keras.layers.Layer):
    """The stack of layers."""

    def __init__(self, config: CamembertConfig, *, name: str, dtype: Any) -> None:
        super().__init__(name=name, dtype=dtype)
        self.layer = [
            EncoderLayer(config, config.kept_heads(index), name=f"layer_{index}", dtype=dtype)
            for index in range(config.num_hidden_layers)
        ]
        # as the configs of early checkpoints have it
        self.gradient_checkpointing = bool(getattr(config, "gradient_checkpointing", False))

    def build(self, input_shape: Any = None) -> None:
        """Build the children."""
        for layer in self.layer:
            layer.build()

    def call(
        self,
        hidden_states: tf.Tensor,
        attention_mask: tf.Tensor | None = None,
        head_mask: Sequence[tf.Tensor | None] | None = None,
        encoder_hidden_states: tf.Tensor | None = None,
        encoder_mask: tf.Tensor | None = None,
        past_key_values: Sequence[tuple[tf.Tensor, ...]] | None = None,
        use_cache: bool = False,
        output_attentions: bool = False,
        output_hidden_states: bool = False,
        training: bool | None = None,
    ) -> EncoderOutput:
        """Run all layers; arguments as in :class:`EncoderLayer`, some of them one per layer.

        What is not asked for is not kept, so that memory does not grow with the layers.
        """
        states, attentions, cross_attentions, caches = [hidden_states], [], [], []
        wanted = {"use_cache": use_cache, "output_attentions": output_attentions}
        for index, layer in enumerate(self.layer):
            arguments = (
                hidden_states,
                attention_mask,
                None if head_mask is None else head_mask[index],
                encoder_hidden_states,
                encoder_mask,
                None if past_key_values is None else past_key_values[index],
            )
            if self.gradient_checkpointing and training:
                output = checkpoint(layer, *arguments, **wanted)
            else:
                output = layer(*arguments, **wanted)
            hidden_states = output[0]
            if output_hidden_states:
                states.append(hidden_states)
            if output_attentions:
                attentions.append(output[1])
            if output_attentions and encoder_hidden_states is not None:
                cross_attentions.append(output[2])
            if use_cache:
                caches.append(output[-2:] if encoder_hidden_states is None else output[-4:])
        return EncoderOutput(
            hidden_states,
            tuple(caches) if use_cache else None,
            tuple(states) if output_hidden_states else None,
            tuple(attentions) if output_attentions else None,
            tuple(cross_attentions) if output_attentions else None,
        )
