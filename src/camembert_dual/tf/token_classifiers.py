"""What is said of each token: its class, or whether an answer begins or ends there."""

from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf

from camembert_dual.call_forms import accept_structures
from camembert_dual.common.model_names import (
    QUESTION_ANSWERING,
    TOKEN_CLASSIFICATION,
)
from camembert_dual.config import CamembertConfig
from camembert_dual.outputs import (
    QuestionAnsweringModelOutput,
    TokenClassifierOutput,
    internals,
)
from camembert_dual.parameters import BACKBONE
from camembert_dual.tf.checks import as_tensor, check_span
from camembert_dual.tf.heads import classifier_dropout
from camembert_dual.tf.layers import dense
from camembert_dual.tf.losses import (
    MEANS,
    Reduction,
    cross_entropy,
    mean_of_valid,
    span_loss,
)
from camembert_dual.tf.model import TFCamembertMainLayer, returns_dict
from camembert_dual.tf.pretrained import PretrainedModel


@keras.saving.register_keras_serializable("camembert_dual")
class TFCamembertForTokenClassification(PretrainedModel):
    """Classifies every token.

    Args:
        config: The configuration.
    """

    architecture = TOKEN_CLASSIFICATION

    def __init__(
        self, config: CamembertConfig, *, name: str | None = None, dtype: Any = None
    ) -> None:
        super().__init__(config, name=name, dtype=dtype)
        self.num_labels = config.num_labels
        dtype = self.dtype_policy
        self.roberta = TFCamembertMainLayer(config, False, name=BACKBONE, dtype=dtype)
        self.dropout = classifier_dropout(config, dtype=dtype)
        self.classifier = dense(
            config.hidden_size, config.num_labels, config, name="classifier", dtype=dtype
        )
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
    ) -> TokenClassifierOutput | tuple[Any, ...]:
        """Score the classes of each token.

        Inputs as in :meth:`TFCamembertModel.call`.

        Args:
            labels: Classes (B, T), -100 to ignore.

        Returns:
            :class:`TokenClassifierOutput` with ``logits`` (B, T, L), or its values as a tuple.

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
            output_attentions=output_attentions,
            output_hidden_states=output_hidden_states,
            return_dict=True,
        )
        logits = self.classifier(self.dropout(output.last_hidden_state))  # (B, T, L)
        labels = as_tensor(labels)
        loss = None if labels is None else self.hf_compute_loss(labels, logits)
        output = TokenClassifierOutput(internals(output), loss=loss, logits=logits)
        return output if returns_dict(self.config, return_dict) else output.to_tuple()

    def head_loss(
        self, labels: tf.Tensor, logits: tf.Tensor, reduction: Reduction = mean_of_valid
    ) -> tf.Tensor:
        """The loss of the labels (B, T) under the logits (B, T, L)."""
        return cross_entropy(logits, labels, logits.shape[-1], reduction)


@keras.saving.register_keras_serializable("camembert_dual")
class TFCamembertForQuestionAnswering(PretrainedModel):
    """Finds where an answer starts and ends in a text.

    Args:
        config: The configuration.
    """

    architecture = QUESTION_ANSWERING

    def __init__(
        self, config: CamembertConfig, *, name: str | None = None, dtype: Any = None
    ) -> None:
        super().__init__(config, name=name, dtype=dtype)
        self.num_labels = config.num_labels
        dtype = self.dtype_policy
        self.roberta = TFCamembertMainLayer(config, False, name=BACKBONE, dtype=dtype)
        self.qa_outputs = dense(config.hidden_size, 2, config, name="qa_outputs", dtype=dtype)
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
        start_positions: tf.Tensor | None = None,
        end_positions: tf.Tensor | None = None,
        training: bool | None = None,
    ) -> QuestionAnsweringModelOutput | tuple[Any, ...]:
        """Score each token as the answer's start and end.

        Inputs as in :meth:`TFCamembertModel.call`.

        Args:
            start_positions: The answer's first token (B); beyond the text it is ignored.
            end_positions: Its last token (B); beyond the text it is ignored.

        Returns:
            :class:`QuestionAnsweringModelOutput` with ``start_logits`` and ``end_logits`` (B, T),
            or its values as a tuple.

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
            output_attentions=output_attentions,
            output_hidden_states=output_hidden_states,
            return_dict=True,
        )
        scores = self.qa_outputs(output.last_hidden_state)  # (B, T, 2)
        logits = (scores[..., 0], scores[..., 1])
        starts = as_tensor(start_positions)
        ends = as_tensor(end_positions)
        check_span((starts, ends), logits[0])
        loss = None
        if starts is not None and ends is not None:
            loss = self.hf_compute_loss((starts, ends), logits)
        output = QuestionAnsweringModelOutput(
            internals(output), loss=loss, start_logits=logits[0], end_logits=logits[1]
        )
        return output if returns_dict(self.config, return_dict) else output.to_tuple()

    def head_loss(
        self,
        labels: Sequence[tf.Tensor],
        logits: Sequence[tf.Tensor],
        reductions: Sequence[Reduction] = MEANS,
    ) -> tf.Tensor:
        """The loss of starts and ends (B), each under its logits (B, T)."""
        return span_loss(logits, labels, reductions)
