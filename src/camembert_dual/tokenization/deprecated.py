"""Options of a call that ``transformers`` 4.34 still takes from years before, read as today's."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from camembert_dual.common.errors import shown

Given = Mapping[str, Any]


class OldOption(NamedTuple):
    """An option that has another name since.

    Attributes:
        name: Its old name.
        unset: The value that asks for nothing.
        read: What it changes, from its value and from the options of today that came with it.
        today: What to write instead.
    """

    name: str
    unset: Any
    read: Callable[[Any, Given], dict[str, Any]]
    today: str


def _padding(value: Any, given: Given) -> dict[str, Any]:
    """Padding of rows; where a length is given, rows were cut at it besides."""
    if given["padding"] is not False:
        return {}
    if given["max_length"] is None:
        return {"padding": "longest"}
    cut = {"truncation": "longest_first"} if given["truncation"] is None else {}
    return {"padding": "max_length", **cut}


def _truncation(value: Any, given: Given) -> dict[str, Any]:
    """The sequence to cut, unless a length without padding cuts the longest one already."""
    cuts_already = given["max_length"] is not None and given["padding"] is False
    return {} if given["truncation"] is not None or cuts_already else {"truncation": value}


OLD_OPTIONS = (
    OldOption(
        "truncation_strategy",
        "do_not_truncate",
        _truncation,
        'truncation=True, "only_first" or "only_second"',
    ),
    OldOption(
        "pad_to_max_length", False, _padding, 'padding=True, or padding="max_length" for max_length'
    ),
)
READ_AS = {"max_len": "model_max_length"}  # settings of a tokenizer


def read_old_options(given: Given, old: Given) -> dict[str, Any]:
    """The options of a call, in the words of today.

    Args:
        given: The options that are called so today.
        old: Further keywords of the call.

    Returns:
        The options of today.

    Raises:
        TypeError: If a keyword is no option, of today or before.
    """
    names = [row.name for row in OLD_OPTIONS]
    for name in old:
        if name not in names:
            raise TypeError(f"A tokenizer's call must have known options; received {shown(name)}.")
    options = dict(given)
    for row in OLD_OPTIONS:
        value = old.get(row.name, row.unset)
        changed = {} if value == row.unset else row.read(value, given)
        if changed and options["verbose"]:
            text = f"{row.name} is deprecated; write {row.today}."
            warnings.warn(text, FutureWarning, stacklevel=3)
        options |= changed
    return options


def read_old_settings(settings: Given) -> dict[str, Any]:
    """The settings of a tokenizer under their names of today; a name of today counts first."""
    renamed = {READ_AS[name]: value for name, value in settings.items() if name in READ_AS}
    return renamed | {name: value for name, value in settings.items() if name not in READ_AS}
