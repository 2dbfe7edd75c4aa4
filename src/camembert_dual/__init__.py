"""CamemBERT for PyTorch and for TensorFlow/Keras 3, from one checkpoint file.

Every public name is imported when it is first used (PEP 562), so ``import camembert_dual`` costs
milliseconds and a class costs its own framework alone.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from camembert_dual.common.backends import installed, tree
from camembert_dual.common.public_names import PUBLIC

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


def __getattr__(name: str) -> Any:
    if name == "__all__":  # for ``import *``, which asks for what can be imported here
        backends = ("", *installed())
        return sorted(one for one, home in PUBLIC.items() if home.backend in backends)
    if name not in PUBLIC:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    home = PUBLIC[name]
    if home.backend:
        module = tree(home.backend, name, home.module)
    else:
        module = importlib.import_module(f"{__name__}.{home.module}")
    globals()[name] = getattr(module, home.name)
    return globals()[name]


def __dir__() -> list[str]:
    return [*globals(), *PUBLIC]
