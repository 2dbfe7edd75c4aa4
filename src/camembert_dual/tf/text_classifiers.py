"""What is said of a whole text: its classes, or which of several texts is the right one."""

from typing import Any

import keras
import tensorflow as tf

from camembert_dual.call_forms import accept_structures
from camembert_dual.common.model_names import (
    MULTIPLE_CHOICE,
    SEQUENCE_CLASSIFICATION,
)
from camembert_dual.config import CamembertConfig
from camembert_dual.outputs import (
    MultipleChoiceModelOutput,
    SequenceClassifierOutput,
    internals,
)
from camembert_dual.parameters import BACKBONE
from camembert_dual.tf.checks import as_tensor, check_choices
from camembert_dual.tf.heads import ClassificationHead, classifier_dropout
from camembert_dual.tf.layers import dense, size_of
from camembert_dual.tf.losses import (
    Reduction,
    classification_loss,
    cross_entropy,
    mean_of_valid,
)
from camembert_dual.tf.model import TFCamembertMainLayer, returns_dict
from camembert_dual.tf.pretrained import PretrainedModel


@keras.saving.register_keras_serializable("camembert_dual")
class TFCamembertForSequenceClassification(PretrainedModel):
    """Classifies texts, or regresses numbers on them; see ``config.problem_type``.

    Args:
        config: The configuration.
    """

    architecture = SEQUENCE_CLASSIFICATION

    def __init__(
        self, config: CamembertConfig, *, name: str | None = None, dtype: Any = None
    ) -> None:
        super().__init__(config, name=name, dtype=dtype)
        self.num_labels = config.num_labels
        dtype = self.dtype_policy
        self.roberta = TFCamembertMainLayer(config, False, name=BACKBONE, dtype=dtype)
        self.classifier = ClassificationHead(config, name="classifier", dtype=dtype)
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
    ) -> SequenceClassifierOutput | tuple[Any, ...]:
        """Score the classes of each text.

        Inputs as in :meth:`TFCamembertModel.call`.

        Args:
            labels: Classes (B), numbers (B) or (B, L), or zeros and ones (B, L), by problem type.

        Returns:
            :class:`SequenceClassifierOutput` with ``logits`` (B, L), or its values as a tuple.

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
        logits = self.classifier(output.last_hidden_state)  # (B, L)
        labels = as_tensor(labels)
        loss = None if labels is None else self.hf_compute_loss(labels, logits)
        output = SequenceClassifierOutput(internals(output), loss=loss, logits=logits)
        return output if returns_dict(self.config, return_dict) else output.to_tuple()

    def head_loss(
        self, labels: tf.Tensor, logits: tf.Tensor, reduction: Reduction = mean_of_valid
    ) -> tf.Tensor:
        """The loss of the labels under the logits (B, L), by the problem type."""
        num_labels = self.config.num_labels
        return classification_loss(logits, labels, num_labels, self.config.problem_type, reduction)


@keras.saving.register_keras_serializable("camembert_dual")
class TFCamembertForMultipleChoice(PretrainedModel):
    """Chooses one of several continuations, each encoded with the question.

    Args:
        config: The configuration.
    """

    architecture = MULTIPLE_CHOICE

    def __init__(
        self, config: CamembertConfig, *, name: str | None = None, dtype: Any = None
    ) -> None:
        super().__init__(config, name=name, dtype=dtype)
        dtype = self.dtype_policy
        self.roberta = TFCamembertMainLayer(config, name=BACKBONE, dtype=dtype)
        self.dropout = classifier_dropout(config, dtype=dtype)
        self.classifier = dense(config.hidden_size, 1, config, name="classifier", dtype=dtype)
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
    ) -> MultipleChoiceModelOutput | tuple[Any, ...]:
        """Score the choices; every input has a dimension of C choices after the batch.

        Inputs as in :meth:`TFCamembertModel.call`, but (B, C, T) or (B, C, T, D).

        Args:
            labels: Index of the right choice (B).

        Returns:
            :class:`MultipleChoiceModelOutput` with ``logits`` (B, C), or its values as a tuple.

        Raises:
            ValueError: If an input breaks its rule.
        """
        inputs = {
            "input_ids": input_ids,
            "attention_mask": attention_mask,
            "token_type_ids": token_type_ids,
            "position_ids": position_ids,
            "inputs_embeds": inputs_embeds,
        }
        inputs = {name: as_tensor(value) for name, value in inputs.items()}
        main = check_choices(inputs)
        output: Any = self.roberta(
            **{name: flatten_choices(value) for name, value in inputs.items()},
            head_mask=head_mask,
            output_attentions=output_attentions,
            output_hidden_states=output_hidden_states,
            return_dict=True,
        )
        choices = size_of(main, 1)
        scores = self.classifier(self.dropout(output.pooler_output))  # (B * C, 1)
        logits = tf.reshape(scores, [-1, choices])  # (B, C)
        labels = as_tensor(labels)
        loss = None if labels is None else self.hf_compute_loss(labels, logits)
        output = MultipleChoiceModelOutput(internals(output), loss=loss, logits=logits)
        return output if returns_dict(self.config, return_dict) else output.to_tuple()

    def head_loss(
        self, labels: tf.Tensor, logits: tf.Tensor, reduction: Reduction = mean_of_valid
    ) -> tf.Tensor:
        """The loss of the labels (B) under the logits (B, C)."""
        return cross_entropy(logits, labels, logits.shape[-1], reduction)


def flatten_choices(value: tf.Tensor | None) -> tf.Tensor | None:
    """Merge batch and choices: (B, C, ...) to (B * C, ...)."""
    return None if value is None else tf.reshape(value, [-1, *tf.unstack(tf.shape(value)[2:])])
