"""What the tokenizer files of one folder contradict each other in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from camembert_dual.common.errors import shown
from camembert_dual.common.id_layout import FIRST_TOKENS
from camembert_dual.tokenization.added_tokens import ROLES
from camembert_dual.tokenization.files import order_of, read_contents, read_tables


class Contradiction(NamedTuple):
    """Two files that say different things of one token.

    Attributes:
        subject: What they speak of: a role, or a token.
        first: What the file says that counts, and its name.
        second: What the other says, and its name.
    """

    subject: str
    first: str
    second: str


def contradictions(path: Path) -> list[Contradiction]:
    """Everything that the tokenizer files of a folder contradict each other in.

    Raises:
        ValueError: If they cannot be read.
    """
    contents = read_contents(path)
    found = []
    first, second = order_of(contents)
    for role in ROLES:
        texts = [_text_of(contents[name].get(role)) for name in (first, second)]
        if None not in texts and texts[0] != texts[1]:
            found.append(Contradiction(role, *_said(texts, (first, second))))
    places: dict[str, tuple[int, str]] = {}
    for name, table in read_tables(path, contents).items():
        for index, value in table.items():
            text = str(value)
            known, other = places.setdefault(text, (index, name))
            if known != index and text not in FIRST_TOKENS:
                told = _said((known, index), (other, name))
                found.append(Contradiction(f"the id of {shown(text)}", *told))
    return found


def _said(values: Sequence[object], names: Sequence[str]) -> list[str]:
    return [f"{shown(value)} in {name}" for value, name in zip(values, names, strict=True)]


def _text_of(value: Any) -> str | None:
    text = value.get("content") if isinstance(value, Mapping) else value
    return text if isinstance(text, str) else None
