"""A JSON document and the places in it, for readers that must say what is wrong and where."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from camembert_dual.common.errors import require_file
from camembert_dual.data.lines import BYTE_ORDER_MARK, Line


class Place(NamedTuple):
    """A value inside a document.

    Attributes:
        path: The file.
        name: How to come to it: ``data[3].paragraphs[0]``.
        value: The value.
    """

    path: Path
    name: str
    value: Any

    def require(self, holds: object, rule: str, received: object) -> None:
        """Refuse the document if it breaks a rule.

        Raises:
            CheckpointError: If the rule does not hold; the message names the file and the place.
        """
        require_file(self.path, holds, f"{self.name or 'the document'}: {rule}", received)

    def field(self, name: str, kind: type) -> Place:
        """The value of an object under a name.

        Raises:
            CheckpointError: If there is none, or it is not of the kind.
        """
        self.require(isinstance(self.value, dict), "there must be an object", self.kind())
        found = self.value.get(name)
        fits = isinstance(found, kind) and isinstance(found, bool) == (kind is bool)
        self.require(fits, f"{name} must be of type {kind.__name__}", type(found).__name__)
        return Place(self.path, f"{self.name}.{name}".removeprefix("."), found)

    def items(self, name: str) -> Iterator[Place]:
        """The values of a list under a name; of the document itself if the name is empty.

        Raises:
            CheckpointError: If there is no such list.
        """
        whole = self.field(name, list) if name else self
        whole.require(isinstance(whole.value, list), "there must be a list", whole.kind())
        for number, value in enumerate(whole.value):
            yield Place(self.path, f"{whole.name}[{number}]", value)

    def kind(self) -> str:
        """The name of the value's type."""
        return type(self.value).__name__


def read_document(path: Path) -> Place:
    """Read a JSON document.

    Raises:
        CheckpointError: If it is not JSON in UTF-8; the message has the line.
        OSError: If the file cannot be read.
    """
    content = path.read_bytes()
    try:
        text = content.decode("utf-8").removeprefix(BYTE_ORDER_MARK)
        return Place(path, "", json.loads(text))
    except UnicodeDecodeError as error:
        number, reason = content.count(b"\n", 0, error.start) + 1, str(error)
    except json.JSONDecodeError as error:
        number, reason = error.lineno, error.msg
    except RecursionError:
        number, reason = 1, "too many levels"
    raise Line(path, number, "").error("the file must be JSON in UTF-8", reason)
