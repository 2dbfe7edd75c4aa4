"""What is said of each token: its class, or whether an answer begins or ends there."""

from collections.abc import Callable, Sequence
from typing import Any

from torch import Tensor

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
from camembert_dual.pt.checks import as_tensor, check_span
from camembert_dual.pt.heads import classifier_dropout
from camembert_dual.pt.layers import dense
from camembert_dual.pt.losses import (
    MEANS,
    Reduction,
    cross_entropy,
    mean_of_valid,
    span_loss,
)
from camembert_dual.pt.model import CamembertModel, returns_dict
from camembert_dual.pt.pretrained import PretrainedModel


class CamembertForTokenClassification(PretrainedModel):
    """Classifies every token.

    Args:
        config: The configuration.
    """

    architecture = TOKEN_CLASSIFICATION
    __call__: Callable[..., TokenClassifierOutput]  # unless return_dict is False

    def __init__(self, config: CamembertConfig) -> None:
        super().__init__(config)
        self.num_labels = config.num_labels
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
        labels = as_tensor(labels, logits.device)
        loss = None if labels is None else self.head_loss(labels, logits)
        output = TokenClassifierOutput(internals(output), loss=loss, logits=logits)
        return output if returns_dict(self.config, return_dict) else output.to_tuple()

    def head_loss(
        self, labels: Tensor, logits: Tensor, reduction: Reduction = mean_of_valid
    ) -> Tensor:
        """The loss of the labels (B, T) under the logits (B, T, L)."""
        return cross_entropy(logits, labels, logits.shape[-1], reduction)


class CamembertForQuestionAnswering(PretrainedModel):
    """Finds where an answer starts and ends in a text.

    Args:
        config: The configuration.
    """

    architecture = QUESTION_ANSWERING
    __call__: Callable[..., QuestionAnsweringModelOutput]  # unless return_dict is False

    def __init__(self, config: CamembertConfig) -> None:
        super().__init__(config)
        self.num_labels = config.num_labels
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
        starts = as_tensor(start_positions, scores.device)
        ends = as_tensor(end_positions, scores.device)
        check_span((starts, ends), logits[0])
        loss = None
        if starts is not None and ends is not None:
            loss = self.head_loss((starts, ends), logits)
        output = QuestionAnsweringModelOutput(
            internals(output), loss=loss, start_logits=logits[0], end_logits=logits[1]
        )
        return output if returns_dict(self.config, return_dict) else output.to_tuple()

    def head_loss(
        self,
        labels: Sequence[Tensor],
        logits: Sequence[Tensor],
        reductions: Sequence[Reduction] = MEANS,
    ) -> Tensor:
        """The loss of starts and ends (B), each under its logits (B, T)."""
        return span_loss(logits, labels, reductions)
