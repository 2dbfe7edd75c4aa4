"""What is said of a whole text: its classes, or which of several texts is the right one."""

from collections.abc import Callable
from typing import Any

from torch import Tensor

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
from camembert_dual.pt.checks import as_tensor, check_choices
from camembert_dual.pt.heads import ClassificationHead, classifier_dropout
from camembert_dual.pt.layers import dense
from camembert_dual.pt.losses import (
    Reduction,
    classification_loss,
    cross_entropy,
    mean_of_valid,
)
from camembert_dual.pt.model import CamembertModel, returns_dict
from camembert_dual.pt.pretrained import PretrainedModel


class CamembertForSequenceClassification(PretrainedModel):
    """Classifies texts, or regresses numbers on them; see ``config.problem_type``.

    Args:
        config: The configuration.
    """

    architecture = SEQUENCE_CLASSIFICATION
    __call__: Callable[..., SequenceClassifierOutput]  # unless return_dict is False

    def __init__(self, config: CamembertConfig) -> None:
        super().__init__(config)
        self.num_labels = config.num_labels
        self.roberta = CamembertModel(config, add_pooling_layer=False)
        self.classifier = ClassificationHead(config)

    @accept_structures
    def forward(
        self,
        input_ids: Tensor | None = None,
        attention_mask: Tensor | None = None,
        token_type_ids: Tensor | None = None,
        position_ids: Tensor | None = None,
        head_mask: Tensor | None = None,
        inputs_embeds: Tensor | None = None,
        labels: Tensor | None = None,
        output_attentions: bool | None = None,
        output_hidden_states: bool | None = None,
        return_dict: bool | None = None,
    ) -> SequenceClassifierOutput | tuple[Any, ...]:
        """Score the classes of each text.

        Inputs as in :meth:`CamembertModel.forward`.

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
        labels = as_tensor(labels, logits.device)
        loss = None if labels is None else self.head_loss(labels, logits)
        output = SequenceClassifierOutput(internals(output), loss=loss, logits=logits)
        return output if returns_dict(self.config, return_dict) else output.to_tuple()

    def head_loss(
        self, labels: Tensor, logits: Tensor, reduction: Reduction = mean_of_valid
    ) -> Tensor:
        """The loss of the labels under the logits (B, L), by the problem type."""
        num_labels = self.config.num_labels
        return classification_loss(logits, labels, num_labels, self.config.problem_type, reduction)


class CamembertForMultipleChoice(PretrainedModel):
    """Chooses one of several continuations, each encoded with the question.

    Args:
        config: The configuration.
    """

    architecture = MULTIPLE_CHOICE
    __call__: Callable[..., MultipleChoiceModelOutput]  # unless return_dict is False

    def __init__(self, config: CamembertConfig) -> None:
        super().__init__(config)
        self.roberta = CamembertModel(config)
        self.dropout = classifier_dropout(config)
        self.classifier = dense(config.hidden_size, 1, config)

    @accept_structures
    def forward(
        self,
        input_ids: Tensor | None = None,
        token_type_ids: Tensor | None = None,
        attention_mask: Tensor | None = None,
        labels: Tensor | None = None,
        position_ids: Tensor | None = None,
        head_mask: Tensor | None = None,
        inputs_embeds: Tensor | None = None,
        output_attentions: bool | None = None,
        output_hidden_states: bool | None = None,
        return_dict: bool | None = None,
    ) -> MultipleChoiceModelOutput | tuple[Any, ...]:
        """Score the choices; every input has a dimension of C choices after the batch.

        Inputs as in :meth:`CamembertModel.forward`, but (B, C, T) or (B, C, T, D).

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
        inputs = {name: as_tensor(value, self.device) for name, value in inputs.items()}
        main = check_choices(inputs)
        output: Any = self.roberta(
            **{name: flatten_choices(value) for name, value in inputs.items()},
            head_mask=head_mask,
            output_attentions=output_attentions,
            output_hidden_states=output_hidden_states,
            return_dict=True,
        )
        choices = main.shape[1]
        scores = self.classifier(self.dropout(output.pooler_output))  # (B * C, 1)
        logits = scores.reshape(-1, choices)  # (B, C)
        labels = as_tensor(labels, logits.device)
        loss = None if labels is None else self.head_loss(labels, logits)
        output = MultipleChoiceModelOutput(internals(output), loss=loss, logits=logits)
        return output if returns_dict(self.config, return_dict) else output.to_tuple()

    def head_loss(
        self, labels: Tensor, logits: Tensor, reduction: Reduction = mean_of_valid
    ) -> Tensor:
        """The loss of the labels (B) under the logits (B, C)."""
        return cross_entropy(logits, labels, logits.shape[-1], reduction)


def flatten_choices(value: Tensor | None) -> Tensor | None:
    """Merge batch and choices: (B, C, ...) to (B * C, ...)."""
    return None if value is None else value.reshape(-1, *value.shape[2:])
