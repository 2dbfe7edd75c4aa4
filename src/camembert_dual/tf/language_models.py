"""The two language models: an encoder, the LM head, a loss."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import keras
import tensorflow as tf

from camembert_dual.call_forms import accept_structures
from camembert_dual.common.errors import require
from camembert_dual.common.model_names import CAUSAL_LM, MASKED_LM
from camembert_dual.config import CamembertConfig
from camembert_dual.generation.calls import Users
from camembert_dual.generation.config import GenerationConfig
from camembert_dual.generation.modes import BEAM, CONTRASTIVE, GREEDY, SAMPLE
from camembert_dual.generation.saved import read_options
from camembert_dual.inputs import check_logits_to_keep
from camembert_dual.outputs import CausalLMOutput, MaskedLMOutput, internals, without_states
from camembert_dual.parameters import BACKBONE
from camembert_dual.tf.checks import as_tensor
from camembert_dual.tf.generation.cache import reordered
from camembert_dual.tf.generation.search import as_method, generate
from camembert_dual.tf.generation.transitions import transition_scores
from camembert_dual.tf.heads import LMHead
from camembert_dual.tf.losses import Reduction, causal_loss, cross_entropy, mean_of_valid
from camembert_dual.tf.model import TFCamembertMainLayer, returns_dict
from camembert_dual.tf.pretrained import Model, PretrainedModel


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
        self.generation_config = GenerationConfig.from_model_config(config)

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
        output: Any = self.roberta(
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

    @classmethod
    def from_pretrained(
        cls: type[Model],
        pretrained_model_name_or_path: str | Path | None,
        *model_args: Any,
        **options: Any,
    ) -> Model:
        """Load a checkpoint, and its ``generation_config.json`` if there is one.

        As :meth:`PretrainedModel.from_pretrained`.
        """
        given = options.pop("generation_config", None)
        loaded: Any = super().from_pretrained(pretrained_model_name_or_path, *model_args, **options)
        model = loaded[0] if isinstance(loaded, tuple) else loaded
        found = given or read_options(pretrained_model_name_or_path, options, model.config)
        model.generation_config = found
        return loaded

    def save_pretrained(self, save_directory: str | Path, **options: Any) -> None:
        """Write ``config.json``, ``model.safetensors`` and ``generation_config.json``.

        As :meth:`PretrainedModel.save_pretrained`.
        """
        super().save_pretrained(save_directory, **options)
        if options.get("is_main_process", True):
            self.generation_config.save_pretrained(save_directory)

    def generate(
        self,
        inputs: Any = None,
        generation_config: GenerationConfig | None = None,
        logits_processor: Any = None,
        stopping_criteria: Any = None,
        prefix_allowed_tokens_fn: Any = None,
        synced_gpus: bool | None = None,
        assistant_model: Any = None,
        streamer: Any = None,
        negative_prompt_ids: Any = None,
        negative_prompt_attention_mask: Any = None,
        **keywords: Any,
    ) -> tf.Tensor:  # unless return_dict_in_generate is True
        """Continue texts: greedily, by drawing, by beams, by contrast, or with a smaller model.

        Dropout is off. A row padded on the left gives what it gives alone.

        Args:
            inputs: Prompts (B, T), padded on the left, or a dict or list of inputs; each text
                begins with ``bos_token_id`` if there are none.
            generation_config: The options instead of the model's ``generation_config``.
            logits_processor: Functions of ids and scores (R, V) to scores.
            stopping_criteria: Functions of ids and scores that say whether to stop.
            prefix_allowed_tokens_fn: A function of a row's number and its ids to the ids that may
                come next.
            synced_gpus: Accepted where it is not True.
            assistant_model: A smaller model that guesses tokens, which changes the speed alone.
            streamer: What is told of tokens as they come; see ``TextStreamer``.
            negative_prompt_ids: Prompts (B, U) that ``guidance_scale`` leads away from.
            negative_prompt_attention_mask: Which of their tokens count (B, U).
            **keywords: Any option of :class:`camembert_dual.GenerationConfig`; ``seed`` (repeats
                draws, the same in both frameworks) or ``generator`` (a
                ``keras.random.SeedGenerator``); and
                ``input_ids``, ``attention_mask`` (B, T), ``token_type_ids``, ``inputs_embeds`` (B,
                T, D), ``encoder_hidden_states`` (B, S, D), ``encoder_attention_mask``.

        Returns:
            Prompts and what follows (R, L), ended rows filled with padding; with
            ``return_dict_in_generate`` an output of :mod:`camembert_dual.generation.outputs`.

        Raises:
            ValueError: If an input or an option breaks its rule, or the texts would outgrow
                ``config.max_sequence_length``.
        """
        require(not synced_gpus, "synced_gpus must be False or None", synced_gpus)
        users = Users(
            logits_processor,
            stopping_criteria,
            prefix_allowed_tokens_fn,
            assistant_model,
            streamer,
            negative_prompt_ids=negative_prompt_ids,
            negative_prompt_attention_mask=negative_prompt_attention_mask,
        )
        found: Any = generate(self, inputs, generation_config, users, keywords)
        return found

    greedy_search = as_method(GREEDY)
    sample = as_method(SAMPLE)
    beam_search = as_method(BEAM)
    contrastive_search = as_method(CONTRASTIVE)

    def prepare_inputs_for_generation(
        self,
        input_ids: tf.Tensor | None,
        past_key_values: Any = None,
        attention_mask: tf.Tensor | None = None,
        **inputs: Any,
    ) -> dict[str, Any]:
        """The inputs of the next call, of a whole text or of its last token after a cache.

        Args:
            input_ids: Token ids (B, T).
            past_key_values: What was read, or None.
            attention_mask: (B, P + T); of ones if None.
            **inputs: Passed on.
        """
        if attention_mask is None and input_ids is not None:
            attention_mask = tf.ones_like(input_ids)
        if past_key_values is not None and "position_ids" not in inputs and input_ids is not None:
            input_ids = input_ids[:, -1:]
        return {
            "input_ids": input_ids,
            "attention_mask": attention_mask,
            "past_key_values": past_key_values,
            **inputs,
        }

    def compute_transition_scores(
        self,
        sequences: tf.Tensor,
        scores: Sequence[tf.Tensor],
        beam_indices: tf.Tensor | None = None,
        normalize_logits: bool = False,
    ) -> tf.Tensor:
        """The score of each new token of what ``generate`` returned.

        Args:
            sequences: Texts (R, L).
            scores: For each step (B W, V).
            beam_indices: (R, N) of beams, else None.
            normalize_logits: Whether the scores become log-probabilities first.

        Returns:
            Scores (R, N), 0 after the end of a beam.
        """
        return transition_scores(sequences, scores, beam_indices, normalize_logits)

    def _reorder_cache(self, past_key_values: Any, beam_idx: tf.Tensor) -> Any:
        """Give each row of the cache what another row (R,) has read."""
        return reordered(past_key_values, beam_idx)


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
        output: Any = self.roberta(
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
