"""A configuration's values as JSON holds them, and how a text becomes one of them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from camembert_dual.common.errors import refusal, require, short

TRUTHS = {"true": True, "1": True, "y": True, "yes": True, "on": True}
TRUTHS |= {"false": False, "0": False, "n": False, "no": False, "off": False}


def plain(value: Any) -> Any:
    """A copy of a value without what only Python holds: configs, types of tensors, tuples."""
    if hasattr(value, "to_dict"):
        return value.to_dict()
    if isinstance(value, Mapping):
        return {name: plain(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    is_type = "dtype" in type(value).__name__.lower()  # of PyTorch, NumPy or TensorFlow
    return getattr(value, "name", str(value).rpartition(".")[2]) if is_type else value


def json_of(
    owner: str, values: Mapping[str, Any], fallback: Callable[[Any], Any] | None = None
) -> str:
    """The text of a configuration: sorted keys, two spaces, letters as they are.

    Args:
        owner: The name of the configuration's class.
        values: Its values by name.
        fallback: What to write for a value that JSON cannot hold; None to refuse it.

    Raises:
        ValueError: If a value is nothing that JSON can hold.
    """

    def refuse(value: Any) -> Any:
        name = next((name for name in values if _holds(values[name], value)), "a value")
        raise refusal(f"{owner}.{name} must be something that JSON can hold to be saved", value)

    text = json.dumps(
        values, indent=2, sort_keys=True, ensure_ascii=False, default=fallback or refuse
    )
    return f"{text}\n"


def _holds(outer: Any, inner: Any) -> bool:
    if isinstance(outer, Mapping):
        outer = list(outer.values())
    inside = isinstance(outer, list) and any(_holds(one, inner) for one in outer)
    return outer is inner or inside


def read_as(name: str, before: Any, text: str) -> Any:
    """Read the new value of an attribute from a text, as the type of the value that it has.

    Args:
        name: The attribute.
        before: Its value.
        text: The new one.

    Raises:
        ValueError: If the value before is no truth, number or text, or the text is not of its type.
    """
    rule = f"{name} must be True, False, a number or a text to be updated from a text"
    require(isinstance(before, bool | int | float | str), rule, short(before))
    if isinstance(before, bool):
        require(text.lower() in TRUTHS, f"{name} must be one of {', '.join(TRUTHS)}", text)
        return TRUTHS[text.lower()]
    try:
        return type(before)(text)
    except ValueError:
        raise refusal(f"{name} must be of type {type(before).__name__}", text) from None
