"""Tokens that stand beside the vocabulary: special tokens and those a user adds."""

import re
from collections.abc import Iterable
from typing import NamedTuple

from tokenizers import AddedToken


class Segment(NamedTuple):
    """A stretch of text: ``text[start:stop]`` is the added token ``token_id``, or plain text."""

    start: int
    stop: int
    token_id: int | None


def special_token(content: str, *, lstrip: bool = False) -> AddedToken:
    """A special token; with ``lstrip`` it takes the blanks before it."""
    return AddedToken(content, lstrip=lstrip, normalized=False, special=True)


class AddedTokens:
    """A two-way table of added tokens that finds them in text, the longest first."""

    def __init__(self, tokens: dict[int, AddedToken]) -> None:
        """Starts from ``tokens``, by id."""
        self.by_id = dict(tokens)
        self.ids = {token.content: index for index, token in tokens.items()}
        self._pattern: re.Pattern[str] | None = None

    def set(self, index: int, token: AddedToken) -> None:
        """Puts ``token`` at ``index``."""
        self.by_id[index] = token
        self.ids[token.content] = index
        self._pattern = None

    def in_any(self, texts: Iterable[str]) -> bool:
        """Whether one of the texts holds an added token."""
        return any(map(self._compiled().search, texts))

    def split(self, text: str) -> list[Segment]:
        """Cuts a text at its added tokens; blanks that a token strips belong to the token."""
        segments: list[Segment] = []
        end = 0
        for match in self._compiled().finditer(text):
            index = self.ids[match.group()]
            token = self.by_id[index]
            start, stop = match.span()
            if token.lstrip:
                start = end + len(text[end:start].rstrip())
            if start > end:
                segments.append(Segment(end, start, None))
            if token.rstrip:
                stop = len(text) - len(text[stop:].lstrip())
            segments.append(Segment(max(start, end), stop, index))
            end = stop
        if end < len(text):
            segments.append(Segment(end, len(text), None))
        return segments

    def _compiled(self) -> re.Pattern[str]:
        if self._pattern is None:
            tokens = sorted(self.by_id.values(), key=lambda token: -len(token.content))
            self._pattern = re.compile("|".join(map(_expression, tokens)) or r"(?!)")
        return self._pattern


def _expression(token: AddedToken) -> str:
    exact = re.escape(token.content)
    return rf"(?<!\w){exact}(?!\w)" if token.single_word else exact
