"""The network below every head: embeddings, encoder, pooler."""

from collections.abc import Mapping, Sequence
from typing import Any

import keras
import tensorflow as tf

from camembert_dual.call_forms import accept_structures
from camembert_dual.config import CamembertConfig
from camembert_dual.inputs import flag, keeps_cache
from camembert_dual.outputs import TFBaseModelOutput
from camembert_dual.tf.call_inputs import of_export
from camembert_dual.tf.checks import as_cache, as_tensor, check_inputs
from camembert_dual.tf.embeddings import Embeddings
from camembert_dual.tf.encoder import Encoder, EncoderOutput
from camembert_dual.tf.heads import Pooler
from camembert_dual.tf.keras_model import config_of, made_of, plain_refusals
from camembert_dual.tf.masks import causal_mask, expand_mask
from camembert_dual.tf.packing import Packing, packing_of


@keras.saving.register_keras_serializable("camembert_dual")
class TFCamembertMainLayer(keras.layers.Layer):
    """The network below every head, as a layer: of our models, and of a user's ``keras.Model``.

    With ``config.is_decoder`` attention is causal, and with ``config.add_cross_attention`` every
    layer also attends to ``encoder_hidden_states``.

    Padding is left out of the work where that saves time and changes nothing, see
    :mod:`camembert_dual.tf.packing`; ``skips_padding = False`` has every place computed.

    Args:
        config: The configuration; validated again here.
        add_pooling_layer: Whether to keep the pooler.

    Raises:
        ValueError: If a value of the config breaks its rule.
    """

    def __init__(
        self,
        config: CamembertConfig,
        add_pooling_layer: bool = True,
        *,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(name=name, dtype=dtype)
        config.validate()
        self.config = config
        dtype = self.dtype_policy
        self.embeddings = Embeddings(config, name="embeddings", dtype=dtype)
        self.encoder = Encoder(config, name="encoder", dtype=dtype)
        self.pooler = Pooler(config, name="pooler", dtype=dtype) if add_pooling_layer else None
        self.skips_padding = True

    def build(self, input_shape: Any = None) -> None:
        """Build the children."""
        self.embeddings.build()
        self.encoder.build()
        if self.pooler is not None:
            self.pooler.build()

    def get_config(self) -> dict[str, Any]:
        """The arguments of the constructor, as Keras saves them."""
        return config_of(self) | {"add_pooling_layer": self.pooler is not None}

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> "TFCamembertMainLayer":
        """Make a layer from :meth:`get_config`."""
        return made_of(cls, config)

    @tf.autograph.experimental.do_not_convert
    def __call__(self, *args: Any, **options: Any) -> Any:
        """Call the layer; what it refuses is said in one line."""
        with plain_refusals(type(self).call, options):
            return super().__call__(*args, **options)

    @accept_structures
    def call(
        self,
        input_ids: tf.Tensor | None = None,
        attention_mask: tf.Tensor | None = None,
        token_type_ids: tf.Tensor | None = None,
        position_ids: tf.Tensor | None = None,
        head_mask: tf.Tensor | None = None,
        inputs_embeds: tf.Tensor | None = None,
        encoder_hidden_states: tf.Tensor | None = None,
        encoder_attention_mask: tf.Tensor | None = None,
        past_key_values: Sequence[tuple[tf.Tensor, ...]] | None = None,
        use_cache: bool | None = None,
        output_attentions: bool | None = None,
        output_hidden_states: bool | None = None,
        return_dict: bool | None = None,
        training: bool | None = None,
    ) -> TFBaseModelOutput | tuple[Any, ...]:
        """Encode a batch of texts.

        Inputs may come as keywords, as one list or tuple in this order, or as one dict; tensors or
        numpy.

        Args:
            input_ids: Token ids (B, T).
            attention_mask: 1 to attend, 0 not to: (B, P + T), or (B, T, P + T) for each query.
            token_type_ids: (B, T), below ``config.type_vocab_size``.
            position_ids: (B, T), below ``config.max_position_embeddings``.
            head_mask: (H,) or (N, H) for N layers; 0 removes a head.
            inputs_embeds: Embedded tokens (B, T, D) instead of ids.
            encoder_hidden_states: (B, S, D) for cross-attention.
            encoder_attention_mask: (B, S) or (B, T, S).
            past_key_values: The cache of P earlier positions: for each layer key and value (B, H,
                P, K), and those of the encoder states with cross-attention.
            use_cache: Whether to return the cache; only for decoders.
            output_attentions: Whether to return attention probabilities.
            output_hidden_states: Whether to return all hidden states.
            return_dict: Whether to return an output object instead of a tuple.
            training: Whether dropout is active.

        Returns:
            :class:`TFBaseModelOutput` or its values as a tuple.

        Raises:
            ValueError: If an input breaks its rule; the message states the rule and what was
                received.
        """
        config = self.config
        inputs = {
            "input_ids": input_ids,
            "attention_mask": attention_mask,
            "token_type_ids": token_type_ids,
            "position_ids": position_ids,
            "head_mask": head_mask,
            "inputs_embeds": inputs_embeds,
            "encoder_hidden_states": encoder_hidden_states,
            "encoder_attention_mask": encoder_attention_mask,
        }
        inputs = of_export({name: as_tensor(value) for name, value in inputs.items()})
        cache = as_cache(past_key_values)
        past_length = check_inputs(config, inputs, cache)
        output_attentions = flag("output_attentions", output_attentions, config.output_attentions)
        all_states = flag("output_hidden_states", output_hidden_states, config.output_hidden_states)
        packing = None
        if self.skips_padding and not output_attentions:
            packing = packing_of(self, config, inputs)
        if packing is not None:
            inputs = packing.inputs(inputs, config.pad_token_id)
        hidden_states = self.embeddings(
            inputs["input_ids"],
            inputs["token_type_ids"],
            inputs["position_ids"],
            inputs["inputs_embeds"],
            past_length=past_length,
        )
        encoder_mask = inputs["encoder_attention_mask"]
        encoded = self.encoder(
            hidden_states,
            attention_mask_of(config, inputs["attention_mask"], hidden_states, past_length),
            head_mask_of(config, inputs["head_mask"]),
            inputs["encoder_hidden_states"],
            None if encoder_mask is None else expand_mask(encoder_mask),
            cache,
            use_cache=keeps_cache(config, use_cache),
            output_attentions=output_attentions,
            output_hidden_states=all_states,
        )
        if packing is not None:
            encoded = unpacked(packing, encoded)
        crossed = output_attentions and encoder_hidden_states is not None
        output = TFBaseModelOutput(
            last_hidden_state=encoded.last_hidden_state,
            pooler_output=None if self.pooler is None else self.pooler(encoded.last_hidden_state),
            past_key_values=encoded.caches,
            hidden_states=encoded.hidden_states,
            attentions=encoded.attentions,
            cross_attentions=encoded.cross_attentions if crossed else None,
        )
        return output if returns_dict(config, return_dict) else output.to_places()


def attention_mask_of(
    config: CamembertConfig,
    attention_mask: tf.Tensor | Packing | None,
    hidden_states: tf.Tensor,
    past_length: int,
) -> tf.Tensor | Packing | None:
    """Join padding and causality into one boolean mask over (B, H, T, P + T); None for neither."""
    if isinstance(attention_mask, Packing):
        return attention_mask
    length = tf.shape(hidden_states)[1]
    mask = None if attention_mask is None else expand_mask(attention_mask)
    if not config.is_decoder or (attention_mask is not None and len(attention_mask.shape) == 3):
        return mask
    causal = causal_mask(length, past_length + length)
    return causal if mask is None else tf.logical_and(causal, mask)


def unpacked(packing: Packing, encoded: EncoderOutput) -> EncoderOutput:
    """Bring all states (1, N, D) of the stack back to their places (B, T, D)."""
    states = encoded.hidden_states
    return encoded._replace(
        last_hidden_state=packing.unpack(encoded.last_hidden_state),
        hidden_states=None if states is None else tuple(map(packing.unpack, states)),
    )


def head_mask_of(config: CamembertConfig, head_mask: tf.Tensor | None) -> list[tf.Tensor] | None:
    """Give each layer its factors (H,)."""
    if head_mask is None:
        return None
    layers = range(config.num_hidden_layers)
    return [head_mask if len(head_mask.shape) == 1 else head_mask[layer] for layer in layers]


def returns_dict(config: CamembertConfig, return_dict: bool | None) -> bool:
    """Whether an output object is wanted: by the call, else by the config."""
    return flag("return_dict", return_dict, config.use_return_dict)
