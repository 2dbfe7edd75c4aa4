"""The forms that a model accepts its inputs in.

Keyword, list, tuple and dict are one thing: ``model(ids, mask)``, ``model([ids, mask])``,
``model({"input_ids": ids, "attention_mask": mask})`` and the keywords give the same call.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

from camembert_dual.common.errors import require

Forward = TypeVar("Forward", bound=Callable[..., Any])
TENSOR_RULE = "An input must be a tensor or a numpy array"


def accept_structures(forward: Forward) -> Forward:
    """Let the first argument of a model's forward be a list, a tuple or a dict of its inputs.

    A list or tuple follows the order of the signature; a dict has its names.

    Args:
        forward: A method whose parameters after ``self`` are the inputs.

    Returns:
        The method, which raises ValueError for an unknown name, for too many inputs, or for an
        input given twice.
    """
    names = names_of(forward)[1:]  # once, as a compiled call cannot look them up

    @functools.wraps(forward)
    def forward_structure(self: Any, *args: Any, **kwargs: Any) -> Any:
        first = args[0] if args else kwargs.get(names[0])
        if isinstance(first, Mapping | list | tuple):
            rest = args[1:]
            if not args:
                kwargs.pop(names[0])
            given = dict(first) if isinstance(first, Mapping) else _by_position(first, names)
            if rest:
                raise ValueError(
                    "A structure of inputs must be the only positional argument; received "
                    f"{len(rest)} more."
                )
            check_first(given, names[0])
            kwargs = {name: one for name, one in kwargs.items() if one is not None}
            twice = [name for name in given if name in kwargs]
            if twice:
                raise ValueError(f"An input must be given once; received {', '.join(twice)} twice.")
            check_names(given, names)
            check_keywords(kwargs, names)
            return forward(self, **given, **kwargs)
        check_keywords(kwargs, names)
        return forward(self, *args, **kwargs)

    return forward_structure  # type: ignore[return-value]


def names_of(forward: Callable[..., Any]) -> tuple[str, ...]:
    """The names of a function's arguments, ``**`` before one that takes all others."""
    given = inspect.signature(forward).parameters.values()
    return tuple(f"**{one.name}" if one.kind is one.VAR_KEYWORD else one.name for one in given)


def check_keywords(keywords: Iterable[str], names: Sequence[str]) -> None:
    """Refuse keywords that a forward does not have.

    Args:
        keywords: Those of the call.
        names: Those of the forward, as :func:`names_of` gives them.

    Raises:
        ValueError: If there is one.
    """
    if not names or not names[-1].startswith("**"):
        check_names(keywords, names)


def check_first(given: Mapping[str, Any], name: str) -> None:
    """Refuse ids that are a list of numbers, which a layer below would take for a list of inputs.

    Raises:
        ValueError: If they are.
    """
    first = given.get(name)
    require(not isinstance(first, Mapping | list | tuple), TENSOR_RULE, type(first).__name__)


def check_names(given: Iterable[object], names: Sequence[str]) -> None:
    """Refuse names of inputs that a forward does not have.

    Raises:
        ValueError: If there is one.
    """
    unknown = [str(name) for name in given if name not in names]
    if unknown:  # whether it trains is told to Keras' calls alone
        known = ", ".join(sorted(set(names) - {"self", "training"}))
        require(False, f"The inputs must be among {known}", ", ".join(unknown))


def _by_position(values: list[Any] | tuple[Any, ...], names: tuple[str, ...]) -> dict[str, Any]:
    if len(values) > len(names):
        raise ValueError(
            f"A list of inputs must hold at most {len(names)} values, for {', '.join(names)}; "
            f"received {len(values)}."
        )
    return dict(zip(names, values, strict=False))
