"""CamemBERT for PyTorch and for TensorFlow/Keras 3, from one checkpoint file.

Every public name is imported when it is first used (PEP 562), so ``import camembert_dual`` costs
milliseconds and a class costs its own framework alone.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from camembert_dual.common.backends import BACKENDS, tree
from camembert_dual.common.model_names import ARCHITECTURES, class_name

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

_NEUTRAL = {
    "AutoConfig": "auto",
    "AutoTokenizer": "auto",
    "CamembertConfig": "config",
    "CamembertTokenizer": "tokenization",
    "CamembertTokenizerFast": "tokenization",
}
_MODELS = {class_name(one, backend): backend for backend in BACKENDS for one in ARCHITECTURES}

__all__ = sorted(_NEUTRAL | _MODELS)


def __getattr__(name: str) -> Any:
    if name in _MODELS:
        module = tree(_MODELS[name], name)
    elif name in _NEUTRAL:
        module = importlib.import_module(f"{__name__}.{_NEUTRAL[name]}")
    else:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = getattr(module, name)
    return globals()[name]


def __dir__() -> list[str]:
    return [*globals(), *__all__]
