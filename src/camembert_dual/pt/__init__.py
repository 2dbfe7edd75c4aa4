"""The PyTorch tree: the same files and words as ``camembert_dual.tf``."""

from camembert_dual.common.backends import absent

try:
    import torch  # noqa: F401
except ModuleNotFoundError as error:
    raise absent("pt", error) from None

from camembert_dual.pt.export.onnx import export_onnx
from camembert_dual.pt.language_models import CamembertForCausalLM, CamembertForMaskedLM
from camembert_dual.pt.model import CamembertModel
from camembert_dual.pt.tensors import register_outputs
from camembert_dual.pt.text_classifiers import (
    CamembertForMultipleChoice,
    CamembertForSequenceClassification,
)
from camembert_dual.pt.token_classifiers import (
    CamembertForQuestionAnswering,
    CamembertForTokenClassification,
)
from camembert_dual.pt.training.distributed import save_gathered, tensor_parallel_plan
from camembert_dual.pt.training.optimization import create_optimizer

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
    "export_onnx",
    "save_gathered",
    "tensor_parallel_plan",
]
