"""The one error of a file that is not what it must be."""

from __future__ import annotations

import reprlib
from pathlib import Path


class CheckpointError(ValueError):
    """A file breaks a rule; the message names the file, the rule and what was received."""


def require(path: Path, holds: object, rule: str, received: object) -> None:
    """Refuse a file in the form used everywhere: the rule, then what was received.

    Args:
        path: The file.
        holds: Whether the rule is kept.
        rule: A sentence without its full stop.
        received: What was found; long texts are cut.

    Raises:
        CheckpointError: If the rule does not hold.
    """
    if not holds:
        raise CheckpointError(f"{path}: {rule}; received {short(received)}.")


def short(received: object, limit: int = 200) -> str:
    """A text of a bounded length and cost, since the value may come from a hostile file.

    A pickle of a few bytes can hold a tuple whose full ``repr`` would fill the memory.
    """
    text = received if isinstance(received, str) else _BOUNDED.repr(received)
    return text if len(text) <= limit else f"{text[:limit]}..."


_BOUNDED = reprlib.Repr()
_BOUNDED.maxlevel = 2
_BOUNDED.maxstring = _BOUNDED.maxother = _BOUNDED.maxlong = 400  # longer ones are cut in the middle
