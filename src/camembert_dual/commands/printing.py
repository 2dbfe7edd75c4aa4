"""What the commands print: names may come from a file, which must not write to the terminal."""

from __future__ import annotations

from camembert_dual.common.errors import MAX_MESSAGE, short


def say(line: str) -> None:
    """Print a line of bounded length, control characters escaped."""
    print(short(line, MAX_MESSAGE))
