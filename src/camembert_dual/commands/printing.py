"""What the commands print: names may come from a file, which must not write to the terminal.

Lines, tables and colours are rich's: colours in a terminal alone, and lines of any length.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from camembert_dual.common.errors import MAX_MESSAGE, short

WIDE = 240  # columns, where no terminal says how many there are
GOOD, BAD, FAINT = "green", "bold red", "dim"


def console() -> Console:
    """Where results go: the standard output of this moment."""
    terminal = sys.stdout.isatty()
    return Console(file=sys.stdout, highlight=False, width=None if terminal else WIDE)


def say(line: str, style: str = "") -> None:
    """Print a line of bounded length, control characters escaped."""
    console().print(Text(short(line, MAX_MESSAGE), style), soft_wrap=True)


def note(line: str) -> None:
    """Say what is going on to a person who watches standard error in a terminal."""
    if sys.stderr.isatty():
        watched = Console(file=sys.stderr, highlight=False)
        watched.print(Text(short(line, MAX_MESSAGE), FAINT), soft_wrap=True)


def say_json(result: Any) -> None:
    """Print a result as one line of JSON, with escapes for what a terminal obeys."""
    text = json.dumps(result, ensure_ascii=False)
    print("".join(one if one.isprintable() else json.dumps(one)[1:-1] for one in text))


def show_table(
    headings: Sequence[str], rows: Iterable[Sequence[str | Text]], right: Sequence[int] = ()
) -> None:
    """Print a table.

    Args:
        headings: The columns.
        rows: Their cells; control characters are escaped.
        right: Which columns are set on the right.
    """
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for number, heading in enumerate(headings):
        table.add_column(heading, justify="right" if number in right else "left")
    for row in rows:
        table.add_row(*(one if isinstance(one, Text) else Text(short(one)) for one in row))
    console().print(table)
