"""The bare model: the network as a model of its own, without a head."""

from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf

from camembert_dual.call_forms import accept_structures
from camembert_dual.common.model_names import MODEL
from camembert_dual.config import CamembertConfig
from camembert_dual.outputs import TFBaseModelOutput
from camembert_dual.parameters import BACKBONE
from camembert_dual.tf.model import TFCamembertMainLayer
from camembert_dual.tf.pretrained import PretrainedModel


@keras.saving.register_keras_serializable("camembert_dual")
class TFCamembertModel(PretrainedModel):
    """CamemBERT without a head: hidden states for every token and a pooled first token.

    Args:
        config: The configuration; validated again here.
        add_pooling_layer: Whether to keep the pooler.

    Raises:
        ValueError: If a value of the config breaks its rule.
    """

    architecture = MODEL

    def __init__(
        self,
        config: CamembertConfig,
        add_pooling_layer: bool = True,
        *,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(config, name=name, dtype=dtype)
        dtype = self.dtype_policy
        self.roberta = TFCamembertMainLayer(config, add_pooling_layer, name=BACKBONE, dtype=dtype)
        self.build()

    def get_config(self) -> dict[str, Any]:
        """The arguments of the constructor, as Keras saves them."""
        return super().get_config() | {"add_pooling_layer": self.roberta.pooler is not None}

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
        """Encode a batch of texts; see :meth:`TFCamembertMainLayer.call`.

        Returns:
            :class:`TFBaseModelOutput` or its values as a tuple.

        Raises:
            ValueError: If an input breaks its rule.
        """
        return self.roberta(
            input_ids=input_ids,
            attention_mask=attention_mask,
            token_type_ids=token_type_ids,
            position_ids=position_ids,
            head_mask=head_mask,
            inputs_embeds=inputs_embeds,
            encoder_hidden_states=encoder_hidden_states,
            encoder_attention_mask=encoder_attention_mask,
            past_key_values=past_key_values,
            use_cache=use_cache,
            output_attentions=output_attentions,
            output_hidden_states=output_hidden_states,
            return_dict=return_dict,
        )
