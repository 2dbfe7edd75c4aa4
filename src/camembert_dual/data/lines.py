"""Lines of a text file with their numbers, and the errors that name a line or a place."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from camembert_dual.common.errors import CheckpointError, file_error

BYTE_ORDER_MARK = "\ufeff"


class Line(NamedTuple):
    """A line of a file.

    Attributes:
        path: The file.
        number: Its number, from 1 on.
        text: What it holds, without its end.
    """

    path: Path
    number: int
    text: str

    def error(self, rule: str, received: object) -> CheckpointError:
        """The error about the line: file, line and reason."""
        return file_error(self.path, f"line {self.number}: {rule}", received)

    def require(self, holds: object, rule: str, received: object) -> None:
        """Refuse the line if it breaks a rule.

        Raises:
            CheckpointError: If the rule does not hold; the message names the file and the line.
        """
        if not holds:
            raise self.error(rule, received)


def read_numbered(path: Path) -> Iterator[Line]:
    """Read the lines of a UTF-8 file.

    Raises:
        CheckpointError: If a line is not UTF-8.
        OSError: If the file cannot be read.
    """
    with path.open("rb") as file:
        for number, content in enumerate(file, start=1):
            try:
                text = content.decode("utf-8")
            except UnicodeDecodeError as error:
                line = Line(path, number, "")
                raise line.error("text must be UTF-8", str(error)) from None
            if number == 1:
                text = text.removeprefix(BYTE_ORDER_MARK)
            yield Line(path, number, text.rstrip("\r\n"))


def read_blocks(path: Path) -> Iterator[list[Line]]:
    """Read the groups of lines that empty lines part, each with at least one line.

    Raises:
        CheckpointError: If a line is not UTF-8.
        OSError: If the file cannot be read.
    """
    block: list[Line] = []
    for line in read_numbered(path):
        if line.text.strip():
            block.append(line)
        elif block:
            yield block
            block = []
    if block:
        yield block
