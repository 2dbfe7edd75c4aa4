"""The output classes under the names of ``transformers`` 4's module for TensorFlow.

Both trees return the same classes, of tensors of their own, but for the order of the bare model's.
"""

from __future__ import annotations

from camembert_dual.modeling_outputs import CausalLMOutput as TFCausalLMOutput
from camembert_dual.modeling_outputs import (
    CausalLMOutputWithCrossAttentions as TFCausalLMOutputWithCrossAttentions,
)
from camembert_dual.modeling_outputs import CausalLMOutputWithPast as TFCausalLMOutputWithPast
from camembert_dual.modeling_outputs import MaskedLMOutput as TFMaskedLMOutput
from camembert_dual.modeling_outputs import MultipleChoiceModelOutput as TFMultipleChoiceModelOutput
from camembert_dual.modeling_outputs import (
    QuestionAnsweringModelOutput as TFQuestionAnsweringModelOutput,
)
from camembert_dual.modeling_outputs import SequenceClassifierOutput as TFSequenceClassifierOutput
from camembert_dual.modeling_outputs import TokenClassifierOutput as TFTokenClassifierOutput
from camembert_dual.outputs import TFBaseModelOutput

TFBaseModelOutputWithPast = TFBaseModelOutput
TFBaseModelOutputWithPastAndCrossAttentions = TFBaseModelOutput
TFBaseModelOutputWithPooling = TFBaseModelOutput
TFBaseModelOutputWithPoolingAndCrossAttentions = TFBaseModelOutput

__all__ = [
    "TFBaseModelOutput",
    "TFBaseModelOutputWithPast",
    "TFBaseModelOutputWithPastAndCrossAttentions",
    "TFBaseModelOutputWithPooling",
    "TFBaseModelOutputWithPoolingAndCrossAttentions",
    "TFCausalLMOutput",
    "TFCausalLMOutputWithCrossAttentions",
    "TFCausalLMOutputWithPast",
    "TFMaskedLMOutput",
    "TFMultipleChoiceModelOutput",
    "TFQuestionAnsweringModelOutput",
    "TFSequenceClassifierOutput",
    "TFTokenClassifierOutput",
]
