"""The output classes under the names of ``transformers`` 4's module of this name.

One class stands behind several of its names: a field that a model does not return reads None here,
so it needs no class without it.
"""

from __future__ import annotations

from camembert_dual.outputs import (
    BaseModelOutput,
    CausalLMOutput,
    MaskedLMOutput,
    ModelOutput,
    MultipleChoiceModelOutput,
    QuestionAnsweringModelOutput,
    SequenceClassifierOutput,
    TokenClassifierOutput,
)

BaseModelOutputWithPast = BaseModelOutput
BaseModelOutputWithPastAndCrossAttentions = BaseModelOutput
BaseModelOutputWithPooling = BaseModelOutput
BaseModelOutputWithPoolingAndCrossAttentions = BaseModelOutput
CausalLMOutputWithCrossAttentions = CausalLMOutput
CausalLMOutputWithPast = CausalLMOutput

__all__ = [
    "BaseModelOutput",
    "BaseModelOutputWithPast",
    "BaseModelOutputWithPastAndCrossAttentions",
    "BaseModelOutputWithPooling",
    "BaseModelOutputWithPoolingAndCrossAttentions",
    "CausalLMOutput",
    "CausalLMOutputWithCrossAttentions",
    "CausalLMOutputWithPast",
    "MaskedLMOutput",
    "ModelOutput",
    "MultipleChoiceModelOutput",
    "QuestionAnsweringModelOutput",
    "SequenceClassifierOutput",
    "TokenClassifierOutput",
]
