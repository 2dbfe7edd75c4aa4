"""The four tasks beside language modelling: an encoder, a head, a loss."""

from typing import Any

import keras
import tensorflow as tf

from camembert_dual.common.errors import require
from camembert_dual.config import CamembertConfig
from camembert_dual.inputs import accept_structures
from camembert_dual.outputs import (
    MultipleChoiceModelOutput,
    QuestionAnsweringModelOutput,
    SequenceClassifierOutput,
    TokenClassifierOutput,
    internals,
)
from camembert_dual.tf.checks import as_tensor
from camembert_dual.tf.heads import ClassificationHead, classifier_dropout
from camembert_dual.tf.layers import dense
from camembert_dual.tf.losses import classification_loss, cross_entropy, span_loss
from camembert_dual.tf.model import TFCamembertModel, returns_dict
from camembert_dual.tf.pretrained import PretrainedModel


@keras.saving.register_keras_serializable("camembert_dual")
class TFCamembertForSequenceClassification(PretrainedModel):
    """Classifies texts, or regresses numbers on them; see ``config.problem_type``.

    Args:
        config: The configuration.
    """

    task = "CamembertForSequenceClassification"

    def __init__(
        self, config: CamembertConfig, *, name: str | None = None, dtype: Any = None
    ) -> None:
        super().__init__(config, name=name, dtype=dtype)
        dtype = self.dtype_policy
        with keras.name_scope(self.name):
            self.roberta = TFCamembertModel(
                config, add_pooling_layer=False, name="roberta", dtype=dtype
            )
        self.classifier = ClassificationHead(config, name="classifier", dtype=dtype)
        self.build()

    def build(self, input_shape: Any = None) -> None:
        """Build the head; the encoder was built with its own name below this one's."""
        self.classifier.build()

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
    ) -> SequenceClassifierOutput | tuple[Any, ...]:
        """Score the classes of each text.

        Inputs as in :meth:`TFCamembertModel.call`.

        Args:
            labels: Classes (B), numbers (B) or (B, L), or zeros and ones (B, L), as the problem
                type asks.

        Returns:
            :class:`SequenceClassifierOutput` with ``logits`` (B, L), or its values as a tuple.

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
            output_attentions=output_attentions,
            output_hidden_states=output_hidden_states,
            return_dict=True,
        )
        config = self.config
        logits = self.classifier(output.last_hidden_state)  # (B, L)
        labels = as_tensor(labels)
        loss = None
        if labels is not None:
            loss = classification_loss(logits, labels, config.num_labels, config.problem_type)
        output = SequenceClassifierOutput(internals(output), loss=loss, logits=logits)
        return output if returns_dict(config, return_dict) else output.to_tuple()


@keras.saving.register_keras_serializable("camembert_dual")
class TFCamembertForMultipleChoice(PretrainedModel):
    """Chooses one of several continuations, each encoded with the question.

    Args:
        config: The configuration.
    """

    task = "CamembertForMultipleChoice"

    def __init__(
        self, config: CamembertConfig, *, name: str | None = None, dtype: Any = None
    ) -> None:
        super().__init__(config, name=name, dtype=dtype)
        dtype = self.dtype_policy
        with keras.name_scope(self.name):
            self.roberta = TFCamembertModel(config, name="roberta", dtype=dtype)
        self.dropout = classifier_dropout(config, dtype=dtype)
        self.classifier = dense(config.hidden_size, 1, config, name="classifier", dtype=dtype)
        self.build()

    def build(self, input_shape: Any = None) -> None:
        """Build the head; the encoder was built with its own name below this one's."""
        self.classifier.build()

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
    ) -> MultipleChoiceModelOutput | tuple[Any, ...]:
        """Score the choices; every input has a dimension of C choices after the batch.

        Inputs as in :meth:`TFCamembertModel.call`, but (B, C, T), and ``inputs_embeds`` (B, C, T,
        D).

        Args:
            labels: Index of the right choice (B).

        Returns:
            :class:`MultipleChoiceModelOutput` with ``logits`` (B, C), or its values as a tuple.

        Raises:
            ValueError: If an input breaks its rule.
        """
        main = inputs_embeds if input_ids is None else input_ids
        rule = "Multiple choice needs input_ids (batch, choices, length) or embeds with one more"
        if main is None:
            raise ValueError(f"{rule}; received neither.")
        require(len(main.shape) == (4 if input_ids is None else 3), rule, tuple(main.shape))
        output = self.roberta(
            input_ids=flatten_choices(input_ids),
            attention_mask=flatten_choices(attention_mask),
            token_type_ids=flatten_choices(token_type_ids),
            position_ids=flatten_choices(position_ids),
            head_mask=head_mask,
            inputs_embeds=flatten_choices(inputs_embeds),
            output_attentions=output_attentions,
            output_hidden_states=output_hidden_states,
            return_dict=True,
        )
        # in a graph the number of choices may be unknown
        choices = tf.shape(main)[1] if main.shape[1] is None else main.shape[1]
        scores = self.classifier(self.dropout(output.pooler_output))  # (B * C, 1)
        logits = tf.reshape(scores, [-1, choices])  # (B, C)
        labels = as_tensor(labels)
        loss = None if labels is None else cross_entropy(logits, labels, choices)
        output = MultipleChoiceModelOutput(internals(output), loss=loss, logits=logits)
        return output if returns_dict(self.config, return_dict) else output.to_tuple()


@keras.saving.register_keras_serializable("camembert_dual")
class TFCamembertForTokenClassification(PretrainedModel):
    """Classifies every token.

    Args:
        config: The configuration.
    """

    task = "CamembertForTokenClassification"

    def __init__(
        self, config: CamembertConfig, *, name: str | None = None, dtype: Any = None
    ) -> None:
        super().__init__(config, name=name, dtype=dtype)
        dtype = self.dtype_policy
        with keras.name_scope(self.name):
            self.roberta = TFCamembertModel(
                config, add_pooling_layer=False, name="roberta", dtype=dtype
            )
        self.dropout = classifier_dropout(config, dtype=dtype)
        self.classifier = dense(
            config.hidden_size, config.num_labels, config, name="classifier", dtype=dtype
        )
        self.build()

    def build(self, input_shape: Any = None) -> None:
        """Build the head; the encoder was built with its own name below this one's."""
        self.classifier.build()

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
        output = self.roberta(
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
        loss = None if labels is None else cross_entropy(logits, labels, self.config.num_labels)
        output = TokenClassifierOutput(internals(output), loss=loss, logits=logits)
        return output if returns_dict(self.config, return_dict) else output.to_tuple()


@keras.saving.register_keras_serializable("camembert_dual")
class TFCamembertForQuestionAnswering(PretrainedModel):
    """Finds where an answer starts and ends in a text.

    Args:
        config: The configuration.
    """

    task = "CamembertForQuestionAnswering"

    def __init__(
        self, config: CamembertConfig, *, name: str | None = None, dtype: Any = None
    ) -> None:
        super().__init__(config, name=name, dtype=dtype)
        dtype = self.dtype_policy
        with keras.name_scope(self.name):
            self.roberta = TFCamembertModel(
                config, add_pooling_layer=False, name="roberta", dtype=dtype
            )
        self.qa_outputs = dense(config.hidden_size, 2, config, name="qa_outputs", dtype=dtype)
        self.build()

    def build(self, input_shape: Any = None) -> None:
        """Build the head; the encoder was built with its own name below this one's."""
        self.qa_outputs.build()

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
            start_positions: Index of the first token of the answer (B); beyond the text it is
                ignored.
            end_positions: Index of its last token (B); beyond the text it is ignored.

        Returns:
            :class:`QuestionAnsweringModelOutput` with ``start_logits`` and ``end_logits`` (B, T),
            or its values as a tuple.

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
            output_attentions=output_attentions,
            output_hidden_states=output_hidden_states,
            return_dict=True,
        )
        scores = self.qa_outputs(output.last_hidden_state)  # (B, T, 2)
        logits = (scores[..., 0], scores[..., 1])
        starts, ends = as_tensor(start_positions), as_tensor(end_positions)
        loss = None
        if starts is not None and ends is not None:
            loss = span_loss(logits, (starts, ends))
        output = QuestionAnsweringModelOutput(
            internals(output), loss=loss, start_logits=logits[0], end_logits=logits[1]
        )
        return output if returns_dict(self.config, return_dict) else output.to_tuple()


def flatten_choices(value: tf.Tensor | None) -> tf.Tensor | None:
    """Merge batch and choices: (B, C, ...) to (B * C, ...)."""
    return None if value is None else tf.reshape(value, [-1, *tf.unstack(tf.shape(value)[2:])])
