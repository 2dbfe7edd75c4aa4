"""The classes' names, taken apart and put together: backend, family and head.

``TFCamembertForMaskedLM`` is the backend ``tf``, the family Camembert and the head ForMaskedLM,
whose task the hub calls ``fill-mask``. An *architecture* is the name of the PyTorch class, as
``config.json`` holds it.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from camembert_dual.common.backends import BACKENDS
from camembert_dual.common.errors import require

FAMILY = "Camembert"
# one network under several names; the longest first, as names are taken apart by their beginning
FAMILIES = {"XLMRoberta": "xlm-roberta", "Roberta": "roberta", "Camembert": "camembert"}


class Head(NamedTuple):
    """What a class is for.

    Attributes:
        suffix: The end of its name.
        task: The hub's word.
    """

    suffix: str
    task: str


HEADS = (
    Head("Model", "feature-extraction"),
    Head("ForCausalLM", "text-generation"),
    Head("ForMaskedLM", "fill-mask"),
    Head("ForSequenceClassification", "text-classification"),
    Head("ForMultipleChoice", "multiple-choice"),
    Head("ForTokenClassification", "token-classification"),
    Head("ForQuestionAnswering", "question-answering"),
)
(
    MODEL,
    CAUSAL_LM,
    MASKED_LM,
    SEQUENCE_CLASSIFICATION,
    MULTIPLE_CHOICE,
    TOKEN_CLASSIFICATION,
    QUESTION_ANSWERING,
) = ARCHITECTURES = tuple(f"{FAMILY}{head.suffix}" for head in HEADS)
TASKS = {head.task: f"{FAMILY}{head.suffix}" for head in HEADS}
TASK_OF = {architecture: task for task, architecture in TASKS.items()}


def class_name(architecture: str, backend: str) -> str:
    """The class of a backend for an architecture."""
    return f"{BACKENDS[backend].prefix}{architecture}"


def class_names(architecture: str) -> tuple[str, ...]:
    """The classes of all backends for an architecture."""
    return tuple(class_name(architecture, backend) for backend in BACKENDS)


def auto_name(architecture: str, backend: str) -> str:
    """The class that makes models of an architecture: ``TFAutoModelForMaskedLM``."""
    head = architecture.removeprefix(FAMILY).removeprefix(HEADS[0].suffix)
    return f"{BACKENDS[backend].prefix}AutoModel{head}"


def family_name(architecture: str, backend: str, family: str) -> str:
    """The name of a class in another family: ``TFRobertaForMaskedLM``."""
    return f"{BACKENDS[backend].prefix}{family}{architecture.removeprefix(FAMILY)}"


def name_in_family(architecture: str, model_type: str) -> str:
    """The name of an architecture in the family of a config; CamemBERT's in one of a user's own."""
    families = {word: family for family, word in FAMILIES.items()}
    return family_name(architecture, "pt", families.get(model_type, FAMILY))


def keras_name(architecture: str) -> str:
    """What Keras calls a model of the class that was given no name."""
    words = re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=LM)(?=[A-Z])", "_", architecture)
    return f"{BACKENDS['tf'].prefix}_{words}".lower()


def architecture_of(name: str) -> str | None:
    """The architecture that a published class name of the family means; None if it is another."""
    text = name.removeprefix(BACKENDS["tf"].prefix)
    for family in FAMILIES:
        own = f"{FAMILY}{text.removeprefix(family)}"
        if text.startswith(family) and own in ARCHITECTURES:
            return own
    return None


def read_task(word: str) -> str:
    """The architecture that a person means by a task's word or by a class name.

    Args:
        word: ``fill-mask``, ``CamembertForMaskedLM``, ``TFCamembertForMaskedLM`` or
            ``ForMaskedLM``.

    Raises:
        ValueError: If it is none of them.
    """
    found = TASKS.get(word) or architecture_of(word) or architecture_of(f"{FAMILY}{word}")
    require(found, f"A task must be one of {', '.join(TASKS)}", repr(word))
    return str(found)
