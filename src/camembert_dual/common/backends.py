"""The frameworks that the model is written in, and the one place that imports a tree by name."""

from __future__ import annotations

import importlib
import importlib.util
from types import ModuleType
from typing import NamedTuple

PACKAGE = "camembert_dual"


class Backend(NamedTuple):
    """One framework.

    Attributes:
        tree: Module of this package that holds its models.
        package: Module that it is imported as.
        title: Its name in a sentence.
        extra: What ``pip install "camembert-dual[...]"`` brings it.
        prefix: What its class names begin with.
    """

    tree: str
    package: str
    title: str
    extra: str
    prefix: str


BACKENDS = {
    "pt": Backend(f"{PACKAGE}.pt", "torch", "PyTorch", "torch", ""),
    "tf": Backend(f"{PACKAGE}.tf", "tensorflow", "TensorFlow", "tensorflow", "TF"),
}
ALIASES = {"torch": "pt", "pytorch": "pt", "keras": "tf", "tensorflow": "tf"}


def backend_name(name: str) -> str:
    """Read a backend as a person types it: ``pt`` or ``tf``, or another word for either.

    Raises:
        ValueError: If it is none of them.
    """
    chosen = ALIASES.get(name, name)
    if chosen not in BACKENDS:
        raise ValueError(f"A backend must be one of {', '.join(BACKENDS)}; received {name!r}.")
    return chosen


def installed() -> list[str]:
    """The backends whose framework is installed, without importing it."""
    return [name for name, one in BACKENDS.items() if importlib.util.find_spec(one.package)]


def is_torch_available() -> bool:
    """Whether PyTorch is installed."""
    return "pt" in installed()


def is_tf_available() -> bool:
    """Whether TensorFlow is installed."""
    return "tf" in installed()


def backend_of(model: object) -> str:
    """The backend of a model, or of a class that a user made of one.

    Raises:
        ValueError: If it is not a model of this package.
    """
    modules = [one.__module__ for one in type(model).__mro__]
    for name, backend in BACKENDS.items():
        if any(one.startswith(f"{backend.tree}.") for one in modules):
            return name
    raise ValueError(f"A model must be of {PACKAGE}; received {type(model).__name__}.")


def tree(name: str, purpose: str, module: str = "") -> ModuleType:
    """Import the tree of a backend, or a module of it.

    Args:
        name: A key of ``BACKENDS``.
        purpose: What needs it, the subject of the error.
        module: A module below the tree.

    Raises:
        ImportError: If its framework is not installed; the message has the remedy.
    """
    backend = BACKENDS[name]
    path = f"{backend.tree}.{module}" if module else backend.tree
    try:
        return importlib.import_module(path)
    except ModuleNotFoundError as error:
        raise absent(name, error, purpose) from error


def absent(name: str, error: ModuleNotFoundError, purpose: str = "") -> ImportError:
    """The error about a framework that is not installed, or the one given if it is another's.

    Args:
        name: A key of ``BACKENDS``.
        error: What the import of its tree raised.
        purpose: What needs it, the subject of the error; the tree's name if empty.
    """
    backend = BACKENDS[name]
    if (error.name or "").split(".")[0] not in (backend.package, "keras"):
        return error
    sentence = needs(purpose or backend.tree, backend.title, backend.extra)
    return ModuleNotFoundError(sentence, name=error.name)


def import_optional(package: str, extra: str, purpose: str, title: str = "") -> ModuleType:
    """Import a package that an extra brings.

    Args:
        package: The module.
        extra: The extra of this package.
        purpose: What needs it, the subject of the error.
        title: The package's name in a sentence; ``package`` if empty.

    Raises:
        ImportError: If it is not installed; the message has the remedy.
    """
    try:
        return importlib.import_module(package)
    except ModuleNotFoundError as error:
        raise ImportError(needs(purpose, title or package, extra)) from error


def needs(purpose: str, title: str, extra: str) -> str:
    """The sentence about something that is not installed."""
    return f'{purpose} needs {title}: pip install "camembert-dual[{extra}]"'
