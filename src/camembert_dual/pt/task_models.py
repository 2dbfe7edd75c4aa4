"""The four tasks beside language modelling: an encoder, a head, a loss."""

from typing import Any

from torch import Tensor

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
from camembert_dual.pt.checks import as_tensor
from camembert_dual.pt.heads import ClassificationHead, classifier_dropout
from camembert_dual.pt.layers import dense
from camembert_dual.pt.losses import classification_loss, cross_entropy, span_loss
from camembert_dual.pt.model import CamembertModel, returns_dict
from camembert_dual.pt.pretrained import PretrainedModel


class CamembertForSequenceClassification(PretrainedModel):
    """Classifies texts, or regresses numbers on them; see ``config.problem_type``.

    Args:
        config: The configuration.
    """

    task = "CamembertForSequenceClassification"

    def __init__(self, config: CamembertConfig) -> None:
        super().__init__(config)
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
        labels = as_tensor(labels, logits.device)
        loss = None
        if labels is not None:
            loss = classification_loss(logits, labels, config.num_labels, config.problem_type)
        output = SequenceClassifierOutput(internals(output), loss=loss, logits=logits)
        return output if returns_dict(config, return_dict) else output.to_tuple()


class CamembertForMultipleChoice(PretrainedModel):
    """Chooses one of several continuations, each encoded with the question.

    Args:
        config: The configuration.
    """

    task = "CamembertForMultipleChoice"

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

        Inputs as in :meth:`CamembertModel.forward`, but (B, C, T), and ``inputs_embeds`` (B, C, T,
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
        require(main.ndim == (4 if input_ids is None else 3), rule, tuple(main.shape))
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
        choices = main.shape[1]
        scores = self.classifier(self.dropout(output.pooler_output))  # (B * C, 1)
        logits = scores.view(-1, choices)  # (B, C)
        labels = as_tensor(labels, logits.device)
        loss = None if labels is None else cross_entropy(logits, labels, choices)
        output = MultipleChoiceModelOutput(internals(output), loss=loss, logits=logits)
        return output if returns_dict(self.config, return_dict) else output.to_tuple()


class CamembertForTokenClassification(PretrainedModel):
    """Classifies every token.

    Args:
        config: The configuration.
    """

    task = "CamembertForTokenClassification"

    def __init__(self, config: CamembertConfig) -> None:
        super().__init__(config)
        self.roberta = CamembertModel(config, add_pooling_layer=False)
        self.dropout = classifier_dropout(config)
        self.classifier = dense(config.hidden_size, config.num_labels, config)

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
    ) -> TokenClassifierOutput | tuple[Any, ...]:
        """Score the classes of each token.

        Inputs as in :meth:`CamembertModel.forward`.

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
        labels = as_tensor(labels, logits.device)
        loss = None if labels is None else cross_entropy(logits, labels, self.config.num_labels)
        output = TokenClassifierOutput(internals(output), loss=loss, logits=logits)
        return output if returns_dict(self.config, return_dict) else output.to_tuple()


class CamembertForQuestionAnswering(PretrainedModel):
    """Finds where an answer starts and ends in a text.

    Args:
        config: The configuration.
    """

    task = "CamembertForQuestionAnswering"

    def __init__(self, config: CamembertConfig) -> None:
        super().__init__(config)
        self.roberta = CamembertModel(config, add_pooling_layer=False)
        self.qa_outputs = dense(config.hidden_size, 2, config)

    @accept_structures
    def forward(
        self,
        input_ids: Tensor | None = None,
        attention_mask: Tensor | None = None,
        token_type_ids: Tensor | None = None,
        position_ids: Tensor | None = None,
        head_mask: Tensor | None = None,
        inputs_embeds: Tensor | None = None,
        start_positions: Tensor | None = None,
        end_positions: Tensor | None = None,
        output_attentions: bool | None = None,
        output_hidden_states: bool | None = None,
        return_dict: bool | None = None,
    ) -> QuestionAnsweringModelOutput | tuple[Any, ...]:
        """Score each token as the answer's start and end.

        Inputs as in :meth:`CamembertModel.forward`.

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
        starts, ends = (
            as_tensor(start_positions, scores.device),
            as_tensor(end_positions, scores.device),
        )
        loss = None
        if starts is not None and ends is not None:
            loss = span_loss(logits, (starts, ends))
        output = QuestionAnsweringModelOutput(
            internals(output), loss=loss, start_logits=logits[0], end_logits=logits[1]
        )
        return output if returns_dict(self.config, return_dict) else output.to_tuple()


def flatten_choices(value: Tensor | None) -> Tensor | None:
    """Merge batch and choices: (B, C, ...) to (B * C, ...)."""
    return None if value is None else value.reshape(-1, *value.shape[2:])
