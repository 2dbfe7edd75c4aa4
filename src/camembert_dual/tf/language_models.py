"""The two language models: an encoder, the LM head, a loss."""

from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf

from camembert_dual.call_forms import accept_structures
from camembert_dual.common.model_names import CAUSAL_LM, MASKED_LM
from camembert_dual.config import CamembertConfig
from camembert_dual.generation.options_old import GenerationOptions
from camembert_dual.inputs import check_logits_to_keep
from camembert_dual.outputs import CausalLMOutput, MaskedLMOutput, internals, without_states
from camembert_dual.parameters import BACKBONE
from camembert_dual.tf.checks import as_tensor
from camembert_dual.tf.generation.search import generate
from camembert_dual.tf.heads import LMHead
from camembert_dual.tf.losses import Reduction, causal_loss, cross_entropy, mean_of_valid
from camembert_dual.tf.model import TFCamembertMainLayer, returns_dict
from camembert_dual.tf.pretrained import PretrainedModel


@keras.saving.register_keras_serializable("camembert_dual")
class TFCamembertForCausalLM(PretrainedModel):
    """Predicts each next token; ``config.is_decoder`` makes attention causal.

    Args:
        config: The configuration.
    """

    architecture = CAUSAL_LM

    def __init__(
        self, config: CamembertConfig, *, name: str | None = None, dtype: Any = None
    ) -> None:
        super().__init__(config, name=name, dtype=dtype)
        dtype = self.dtype_policy
        self.roberta = TFCamembertMainLayer(config, False, name=BACKBONE, dtype=dtype)
        self.lm_head = LMHead(config, name="lm_head", dtype=dtype)
        self.build()

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
        labels: tf.Tensor | None = None,
        training: bool | None = None,
        logits_to_keep: int = 0,
    ) -> CausalLMOutput | tuple[Any, ...]:
        """Score each next token.

        Inputs as in :meth:`TFCamembertModel.call`.

        Args:
            labels: Token ids (B, T), -100 to ignore; the loss shifts them by one itself.
            logits_to_keep: How many last tokens get logits, without labels; 0 for all of them.

        Returns:
            :class:`CausalLMOutput` with ``logits`` (B, T, V), or its values as a tuple.

        Raises:
            ValueError: If an input breaks its rule.
        """
        check_logits_to_keep(logits_to_keep, labels is not None)
        output = self.roberta(
            input_ids=input_ids,
            attention_mask=attention_mask,
            token_type_ids=token_type_ids,
            position_ids=position_ids,
            head_mask=head_mask,
            inputs_embeds=inputs_embeds,
            encoder_hidden_states=encoder_hidden_states,
            encoder_attention_mask=encoder_attention_mask,
            past_key_values=past_key_values,
            # with labels the whole text is there: nothing is left to generate from a cache
            use_cache=use_cache if labels is None else False,
            output_attentions=output_attentions,
            output_hidden_states=output_hidden_states,
            return_dict=True,
        )
        hidden_states = output.last_hidden_state[:, -logits_to_keep:]
        logits = self.lm_head(hidden_states, decoder=self.get_output_embeddings())  # (B, T, V)
        labels = as_tensor(labels)
        loss = None if labels is None else self.hf_compute_loss(labels, logits)
        output = CausalLMOutput(without_states(output), loss=loss, logits=logits)
        return output if returns_dict(self.config, return_dict) else output.to_tuple()

    def head_loss(
        self, labels: tf.Tensor, logits: tf.Tensor, reduction: Reduction = mean_of_valid
    ) -> tf.Tensor:
        """The loss of each next label (B, T) under the logits (B, T, V)."""
        return causal_loss(logits, labels, reduction)

    @accept_structures
    def generate(
        self,
        input_ids: tf.Tensor,
        attention_mask: tf.Tensor | None = None,
        encoder_hidden_states: tf.Tensor | None = None,
        encoder_attention_mask: tf.Tensor | None = None,
        **options: Any,
    ) -> tf.Tensor:
        """Continue texts greedily, by drawing (``do_sample``) or by beam search (``num_beams``).

        Dropout is off. A row padded on the left gives what it gives alone. The search is a graph,
        traced once for each set of options, whatever the batch, length and ``max_new_tokens``.

        Args:
            input_ids: Prompts (B, T), padded on the left.
            attention_mask: (B, T), 0 for padding; by ``config.pad_token_id`` if None.
            encoder_hidden_states: (B, S, D) for cross-attention.
            encoder_attention_mask: (B, S).
            **options: ``max_new_tokens`` (20), ``do_sample``, ``temperature``, ``top_k``,
                ``top_p``, ``num_beams``, ``length_penalty``, ``early_stopping``,
                ``eos_token_id``, ``pad_token_id``, ``seed``, ``generator``; see
                :class:`camembert_dual.generation.options_old.GenerationOptions`.

        Returns:
            Prompts and what follows (B, T + N), ended rows filled with padding; N is at most
            ``max_new_tokens``, less if all rows end before.

        Raises:
            ValueError: If the config has no ``is_decoder``, an input or an option breaks its rule,
                or the texts would outgrow ``config.max_sequence_length``.
        """
        chosen = GenerationOptions.for_config(self.config, options)
        return generate(
            self,
            input_ids,
            attention_mask,
            encoder_hidden_states,
            encoder_attention_mask,
            chosen,
        )


@keras.saving.register_keras_serializable("camembert_dual")
class TFCamembertForMaskedLM(PretrainedModel):
    """Predicts the tokens behind ``<mask>``.

    Args:
        config: The configuration.
    """

    architecture = MASKED_LM

    def __init__(
        self, config: CamembertConfig, *, name: str | None = None, dtype: Any = None
    ) -> None:
        super().__init__(config, name=name, dtype=dtype)
        dtype = self.dtype_policy
        self.roberta = TFCamembertMainLayer(config, False, name=BACKBONE, dtype=dtype)
        self.lm_head = LMHead(config, name="lm_head", dtype=dtype)
        self.build()

    @accept_structures
    def call(
        self,
        input_ids: tf.Tensor | None = None,
        attention_mask: tf.Tensor | None = None,
        token_type_ids: tf.Tensor | None = None,
        position_ids: tf.Tensor | None = None,
        head_mask: tf.Tensor | None = None,
        inputs_embeds: tf.Tensor | None = None,
        output_attentions: bool | None = None,
        output_hidden_states: bool | None = None,
        return_dict: bool | None = None,
        labels: tf.Tensor | None = None,
        training: bool | None = None,
        encoder_hidden_states: tf.Tensor | None = None,
        encoder_attention_mask: tf.Tensor | None = None,
    ) -> MaskedLMOutput | tuple[Any, ...]:
        """Score every token of the vocabulary at every position.

        Inputs as in :meth:`TFCamembertModel.call`.

        Args:
            labels: Token ids (B, T), -100 to ignore.

        Returns:
            :class:`MaskedLMOutput` with ``logits`` (B, T, V), or its values as a tuple.

        Raises:
            ValueError: If an input breaks its rule.
        """
        output = self.roberta(
            input_ids=input_ids,
            attention_mask=attention_mask,
            token_type_ids=token_type_ids,
            position_ids=position_ids,
            head_mask=head_mask,
            inputs_embeds=inputs_embeds,
            encoder_hidden_states=encoder_hidden_states,
            encoder_attention_mask=encoder_attention_mask,
            output_attentions=output_attentions,
            output_hidden_states=output_hidden_states,
            return_dict=True,
        )
        logits = self.lm_head(output.last_hidden_state, decoder=self.get_output_embeddings())
        labels = as_tensor(labels)
        loss = None if labels is None else self.hf_compute_loss(labels, logits)
        output = MaskedLMOutput(internals(output), loss=loss, logits=logits)
        return output if returns_dict(self.config, return_dict) else output.to_tuple()

    def head_loss(
        self, labels: tf.Tensor, logits: tf.Tensor, reduction: Reduction = mean_of_valid
    ) -> tf.Tensor:
        """The loss of the labels (B, T) under the logits (B, T, V)."""
        return cross_entropy(logits, labels, logits.shape[-1], reduction)
