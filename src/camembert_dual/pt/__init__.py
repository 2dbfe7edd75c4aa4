"""The PyTorch tree: the same files and words as ``camembert_dual.tf``."""

from camembert_dual.pt.language_models import CamembertForCausalLM, CamembertForMaskedLM
from camembert_dual.pt.model import CamembertModel
from camembert_dual.pt.optimization import create_optimizer
from camembert_dual.pt.outputs import register_outputs
from camembert_dual.pt.tasks import (
    CamembertForMultipleChoice,
    CamembertForQuestionAnswering,
    CamembertForSequenceClassification,
    CamembertForTokenClassification,
)

register_outputs()

__all__ = [
    "CamembertForCausalLM",
    "CamembertForMaskedLM",
    "CamembertForMultipleChoice",
    "CamembertForQuestionAnswering",
    "CamembertForSequenceClassification",
    "CamembertForTokenClassification",
    "CamembertModel",
    "create_optimizer",
]
