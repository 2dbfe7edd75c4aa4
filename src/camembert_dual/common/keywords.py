"""Keywords that other packages' functions take, and what becomes of each here.

A keyword is obeyed by the function that takes it; or it stands in a table, with the values in which
it changes nothing here, and with the reason why others are refused.
"""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Iterable
from types import FunctionType
from typing import Any, NamedTuple

from camembert_dual.common.errors import require, shown

FLAG = (None, False, True)  # in whatever value, it changes nothing


class Keyword(NamedTuple):
    """A keyword that is accepted where it changes nothing.

    Attributes:
        name: The keyword.
        neutral: The values in which it changes nothing.
        reason: Why it has no other.
    """

    name: str
    neutral: tuple[Any, ...]
    reason: str


def leave_out_neutral(options: dict[str, Any], rows: Iterable[Keyword]) -> None:
    """Take the keywords of a table out of a call's.

    Args:
        options: The keywords, from which those of the table are taken.
        rows: The table.

    Raises:
        ValueError: If one has a value that would have to be obeyed.
    """
    for row in rows:
        if row.name in options:
            value = options.pop(row.name)
            holds = any(type(one) is type(value) and one == value for one in row.neutral)
            allowed = " or ".join(repr(one) for one in row.neutral)
            require(holds, f"{row.name} must be {allowed}, as {row.reason}", shown(value))


def constructor_keywords(kind: type, root: type = object) -> set[str]:
    """The names that the constructors of a class and its bases take, up to ``root``."""
    several = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    found = {
        name
        for base in kind.__mro__
        if issubclass(base, root) and isinstance(base.__init__, FunctionType)
        for name, one in inspect.signature(base.__init__).parameters.items()
        if one.kind not in several
    }
    return found - {"self"}


def takes_others(kind: type) -> bool:
    """Whether a class's constructor takes any keyword."""
    parameters = inspect.signature(kind.__init__).parameters.values()  # type: ignore[misc]
    return any(one.kind is one.VAR_KEYWORD for one in parameters)


def rename_token(options: dict[str, Any]) -> None:
    """Read ``use_auth_token`` as ``token``, its name since.

    Raises:
        ValueError: If both are given.
    """
    if "use_auth_token" in options:
        value = options.pop("use_auth_token")
        warnings.warn("use_auth_token is called token since.", FutureWarning, stacklevel=4)
        both = value is not None and options.get("token") is not None
        require(not both, "token must be given under one name", "use_auth_token, too")
        if value is not None:
            options["token"] = value
