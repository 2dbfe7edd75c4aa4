"""CamemBERT for PyTorch and for TensorFlow/Keras 3, from one checkpoint file.

Every public name is imported when it is first used (PEP 562), so ``import camembert_dual`` costs
milliseconds and a class costs its own framework alone.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from camembert_dual.auto import AutoConfig as AutoConfig
    from camembert_dual.auto import AutoTokenizer as AutoTokenizer
    from camembert_dual.config import CamembertConfig as CamembertConfig
    from camembert_dual.pt import CamembertForCausalLM as CamembertForCausalLM
    from camembert_dual.pt import CamembertForMaskedLM as CamembertForMaskedLM
    from camembert_dual.pt import CamembertForMultipleChoice as CamembertForMultipleChoice
    from camembert_dual.pt import CamembertForQuestionAnswering as CamembertForQuestionAnswering
    from camembert_dual.pt import (
        CamembertForSequenceClassification as CamembertForSequenceClassification,
    )
    from camembert_dual.pt import CamembertForTokenClassification as CamembertForTokenClassification
    from camembert_dual.pt import CamembertModel as CamembertModel
    from camembert_dual.tokenization import CamembertTokenizer as CamembertTokenizer
    from camembert_dual.tokenization import CamembertTokenizerFast as CamembertTokenizerFast

__version__ = "0.1.0"

_TASKS = (
    "Model",
    "ForCausalLM",
    "ForMaskedLM",
    "ForSequenceClassification",
    "ForMultipleChoice",
    "ForTokenClassification",
    "ForQuestionAnswering",
)
_NEUTRAL = {
    "CamembertConfig": "config",
    "AutoConfig": "auto",
    "AutoTokenizer": "auto",
    "CamembertTokenizer": "tokenization",
    "CamembertTokenizerFast": "tokenization",
}
_TORCH = {f"Camembert{task}": "pt" for task in _TASKS}
_TENSORFLOW = {f"TFCamembert{task}": "tf" for task in _TASKS}
_MODULES = _NEUTRAL | _TORCH | _TENSORFLOW
_FRAMEWORKS = {"pt": ("torch", "PyTorch", "torch"), "tf": ("tensorflow", "TensorFlow", "tf")}

__all__ = sorted(_MODULES)


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module 'camembert_dual' has no attribute {name!r}")
    module = _MODULES[name]
    try:
        value = getattr(importlib.import_module(f"camembert_dual.{module}"), name)
    except ModuleNotFoundError as error:
        package, framework, extra = _FRAMEWORKS.get(module, ("", "", ""))
        if (error.name or "").split(".")[0] not in (package, "keras"):
            raise
        raise ImportError(
            f'{name} needs {framework}: pip install "camembert-dual[{extra}]"'
        ) from error
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return [*globals(), *__all__]
