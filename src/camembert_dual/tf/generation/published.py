"""The rules of a search as classes with the names of ``transformers`` 4.34."""

from typing import Any

from camembert_dual.generation.published import rule_class
from camembert_dual.tf.generation.processors import PROCESSORS
from camembert_dual.tf.generation.warpers import WARPERS

CLASSES = {
    f"TF{name}": rule_class(f"TF{name}", function, __name__)
    for name, function in {**PROCESSORS, **WARPERS}.items()
}


def __getattr__(name: str) -> Any:
    if name not in CLASSES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return CLASSES[name]
