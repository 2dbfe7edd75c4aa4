"""Encoder layers and their stack (Vaswani et al. 2017; post-norm as in Devlin et al. 2019)."""

from collections.abc import Sequence
from functools import partial
from typing import Any, NamedTuple

from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from camembert_dual.config import CamembertConfig
from camembert_dual.pt.attention import Attention
from camembert_dual.pt.layers import activation, dense, dropout, is_training, layer_norm


class Intermediate(nn.Module):
    """The wide half of the feed-forward layer."""

    def __init__(self, config: CamembertConfig) -> None:
        super().__init__()
        self.dense = dense(config.hidden_size, config.intermediate_size, config)
        self.activation = activation(config)

    def forward(self, hidden_states: Tensor) -> Tensor:
        """Map (B, T, D) to (B, T, F)."""
        return self.activation(self.dense(hidden_states))


class Output(nn.Module):
    """The narrow half of the feed-forward layer, with the residual."""

    def __init__(self, config: CamembertConfig) -> None:
        super().__init__()
        self.dense = dense(config.intermediate_size, config.hidden_size, config)
        self.LayerNorm = layer_norm(config)
        self.dropout = dropout(config.hidden_dropout_prob)

    def forward(self, hidden_states: Tensor, residual: Tensor) -> Tensor:
        """Map (B, T, F) and the residual (B, T, D) to (B, T, D)."""
        return self.LayerNorm(self.dropout(self.dense(hidden_states)) + residual)


class EncoderLayer(nn.Module):
    """Self-attention, cross-attention if the config adds it, feed-forward."""

    def __init__(self, config: CamembertConfig, heads: Sequence[int]) -> None:
        super().__init__()
        position_type = config.position_embedding_type
        self.attention = Attention(config, heads, position_type)
        if config.add_cross_attention:
            # the distance of a token to an encoder state means nothing: always absolute
            self.crossattention = Attention(config, range(config.num_attention_heads), "absolute")
        self.intermediate = Intermediate(config)
        self.output = Output(config)

    def forward(
        self,
        hidden_states: Tensor,
        attention_mask: Tensor | None = None,
        head_mask: Tensor | None = None,
        encoder_hidden_states: Tensor | None = None,
        encoder_mask: Tensor | None = None,
        past: tuple[Tensor, ...] | None = None,
        use_cache: bool = False,
        output_attentions: bool = False,
    ) -> tuple[Tensor, ...]:
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
        hidden_states = self.output(intermediate, hidden_states)
        return (hidden_states, *probabilities, *cache)


def parted(others: list[Tensor], output_attentions: bool) -> tuple[list[Tensor], list[Tensor]]:
    """What a block of attention gives beside its states: the probabilities, and the cache."""
    count = 1 if output_attentions else 0
    return others[:count], others[count:]


class EncoderOutput(NamedTuple):
    """What the stack computed, None where not asked; ``hidden_states`` begins with embeddings."""

    last_hidden_state: Tensor
    caches: tuple[tuple[Tensor, ...], ...] | None
    hidden_states: tuple[Tensor, ...] | None
    attentions: tuple[Tensor, ...] | None
    cross_attentions: tuple[Tensor, ...] | None


class Encoder(nn.Module):
    """The stack of layers."""

    def __init__(self, config: CamembertConfig) -> None:
        super().__init__()
        self.layer = nn.ModuleList(
            [
                EncoderLayer(config, config.kept_heads(index))
                for index in range(config.num_hidden_layers)
            ]
        )
        # as the configs of early checkpoints have it
        self.gradient_checkpointing = bool(getattr(config, "gradient_checkpointing", False))
        self.checkpoint_options: dict[str, Any] = {}

    def forward(
        self,
        hidden_states: Tensor,
        attention_mask: Tensor | None = None,
        head_mask: Sequence[Tensor | None] | None = None,
        encoder_hidden_states: Tensor | None = None,
        encoder_mask: Tensor | None = None,
        past_key_values: Sequence[tuple[Tensor, ...]] | None = None,
        use_cache: bool = False,
        output_attentions: bool = False,
        output_hidden_states: bool = False,
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
            if self.gradient_checkpointing and is_training(self):
                options = {"use_reentrant": False} | self.checkpoint_options
                run = partial(layer, **wanted)
                output = checkpoint(run, *arguments, **options)
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
