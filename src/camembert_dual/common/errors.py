"""The one form of an error: the rule, then what was received."""

from __future__ import annotations

import reprlib
from collections.abc import Sequence
from numbers import Integral, Real  # NumPy's scalars among them, without NumPy
from pathlib import Path

MAX_MESSAGE = 480
MAX_RULE = 330  # of a message: a path, and the rule


class CheckpointError(ValueError):
    """A file breaks a rule; the message names the file, the rule and what was received."""


def require(holds: object, rule: str, received: object) -> None:
    """Refuse a value in the form used everywhere: the rule, then what was received.

    Args:
        holds: Whether the rule is kept.
        rule: A sentence without its full stop.
        received: The value that was judged; long texts are cut.

    Raises:
        ValueError: If the rule does not hold.
    """
    if not holds:
        raise refusal(rule, received)


def refusal(rule: str, received: object) -> ValueError:
    """The error that :func:`require` raises, where its words are not to be made in vain."""
    return ValueError(_sentence(rule, received))


def require_file(path: Path, holds: object, rule: str, received: object) -> None:
    """Refuse a file in the form used everywhere: its path, the rule, then what was received.

    Args:
        path: The file.
        holds: Whether the rule is kept.
        rule: A sentence without its full stop.
        received: What was found; long texts are cut.

    Raises:
        CheckpointError: If the rule does not hold.
    """
    if not holds:
        raise file_error(path, rule, received)


def file_error(path: Path, rule: str, received: object) -> CheckpointError:
    """The error about a file, to be raised where another one was caught."""
    return CheckpointError(_sentence(f"{path}: {rule}", received))


def _sentence(rule: str, received: object) -> str:
    """One line of at most ``MAX_MESSAGE`` characters, whatever was received."""
    start = short(rule, MAX_RULE)
    return f"{start}; received {short(received, MAX_MESSAGE - len(start) - 12)}."


def short(received: object, limit: int = 200) -> str:
    """Describe a value in one line of bounded length and cost, since a hostile file may hold it.

    A pickle of a few bytes can hold a tuple whose full ``repr`` would fill the memory, and a name
    can hold what a terminal obeys. A long text keeps its beginning and its end.
    """
    if isinstance(received, int) and abs(received) < 2**63:
        received = f"{received}"  # which torch.compile follows, unlike reprlib
    text = received if isinstance(received, str) else _BOUNDED.repr(received)
    if len(text) > limit:
        text = f"{text[: limit * 2 // 3]}...{text[-(limit // 3 - 3) :]}"
    if text.isprintable():
        return text
    escaped = "".join(one if one.isprintable() else repr(one)[1:-1] for one in text)
    return escaped if len(escaped) <= limit else f"{escaped[: limit - 3]}..."


def listed(names: Sequence[str], limit: int = 200) -> str:
    """The first of some names, as many as fit, and how many there are if not all do."""
    shown = ""
    for count, name in enumerate(names):
        text = f"{shown}, {short(name, 80)}" if shown else short(name, 80)
        if len(text) > limit - 20:
            return f"{shown}, ... ({len(names)} in all)" if count else short(name, limit)
        shown = text
    return shown


def shown(value: object, limit: int = 100) -> str:
    """Show a value as Python writes it: control characters escaped, at most so many characters."""
    text = short(_BOUNDED.repr(value), limit)
    return "".join(char if char.isprintable() else " " for char in text)


def is_integer(value: object, smallest: int | None = None) -> bool:
    """Whether a value is a whole number, not a truth value, and at least ``smallest``."""
    whole = isinstance(value, Integral) and not isinstance(value, bool)
    return whole and (smallest is None or bool(value >= smallest))  # type: ignore[operator]


def is_number(value: object) -> bool:
    """Whether a value is a real number and not a truth value."""
    return isinstance(value, Real) and not isinstance(value, bool)


_BOUNDED = reprlib.Repr()
_BOUNDED.maxlevel = 2
_BOUNDED.maxstring = _BOUNDED.maxother = _BOUNDED.maxlong = 400  # longer ones are cut in the middle
