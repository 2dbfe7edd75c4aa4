"""Tokens that stand beside the vocabulary: special tokens and those a user adds."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from typing import Any, NamedTuple, overload

import numpy as np
from tokenizers import AddedToken

from camembert_dual.common.arrays import IntArray
from camembert_dual.common.id_layout import SPECIAL_TOKENS
from camembert_dual.tokenization.ragged import Ragged, merge_rows

ROLES = tuple(SPECIAL_TOKENS)
FLAGS = ("lstrip", "normalized", "rstrip", "single_word", "special")


class SpecialToken:
    """``tokenizer.mask_token``: the text of a special token, or None."""

    def __set_name__(self, owner: type, name: str) -> None:
        """Learn which token this is."""
        self.role = name

    @overload
    def __get__(self, instance: None, owner: type) -> SpecialToken: ...
    @overload
    def __get__(self, instance: Any, owner: type) -> str | None: ...
    def __get__(self, instance: Any, owner: type) -> SpecialToken | str | None:
        """The token."""
        if instance is None:
            return self
        token: str | None = instance.special_tokens.get(self.role)
        return token

    def __set__(self, instance: Any, value: Any) -> None:
        """Change which token plays this role; it must be known, or be added, to have an id."""
        if value is None:
            instance.special_tokens.pop(self.role, None)
        else:
            instance.special_tokens[self.role] = str(value)


class SpecialTokenId:
    """``tokenizer.mask_token_id``: the id of a special token, or None."""

    def __set_name__(self, owner: type, name: str) -> None:
        """Learn which token this is."""
        self.role = name.removesuffix("_id")

    @overload
    def __get__(self, instance: None, owner: type) -> SpecialTokenId: ...
    @overload
    def __get__(self, instance: Any, owner: type) -> int | None: ...
    def __get__(self, instance: Any, owner: type) -> SpecialTokenId | int | None:
        """The id."""
        if instance is None:
            return self
        token = getattr(instance, self.role)
        return None if token is None else instance.convert_tokens_to_ids(token)

    def __set__(self, instance: Any, value: int) -> None:
        """Change which token plays this role, by id."""
        setattr(instance, self.role, instance.convert_ids_to_tokens(value))


def special_token(content: str, *, lstrip: bool = False) -> AddedToken:
    """A special token; with ``lstrip`` it takes the blanks before it."""
    return AddedToken(content, lstrip=lstrip, normalized=False, special=True)


def read_token(value: Any) -> Any:
    """An ``AddedToken`` for its JSON form; strings and None as they are."""
    if not isinstance(value, Mapping):
        return value
    return AddedToken(value["content"], **{name: value[name] for name in FLAGS if name in value})


def token_json(token: AddedToken) -> dict[str, Any]:
    """The JSON form of a token."""
    return {"content": token.content} | {name: getattr(token, name) for name in FLAGS}


class Segment(NamedTuple):
    """A stretch of text: ``text[start:stop]`` is the added token ``token_id``, or plain text."""

    start: int
    stop: int
    token_id: int | None


class AddedTokens:
    """A two-way table of added tokens that finds them in text, the longest first."""

    def __init__(self, tokens: Mapping[int, AddedToken]) -> None:
        """Start from ``tokens``, by id."""
        self.by_id = dict(tokens)
        self.ids = {token.content: index for index, token in tokens.items()}
        self._pattern: re.Pattern[str] | None = None

    def set(self, index: int, token: AddedToken) -> None:
        """Put ``token`` at ``index``."""
        self.by_id[index] = token
        self.ids[token.content] = index
        self._pattern = None

    def in_any(self, texts: Iterable[str]) -> bool:
        """Whether one of the texts holds an added token."""
        return any(map(self._compiled().search, texts))

    def split(self, text: str) -> list[Segment]:
        """Cut a text at its added tokens; blanks that a token strips belong to the token."""
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


class Cut:
    """Texts cut at their added tokens, and how to put the two kinds of segment in order again."""

    def __init__(self, rows: list[list[Segment]]) -> None:
        """Take the segments of every text."""
        self._rows = rows
        self._segments = list(chain.from_iterable(rows))
        self._is_added = np.array([s.token_id is not None for s in self._segments], bool)
        self.token_ids = [s.token_id for s in self._segments if s.token_id is not None]

    def plain_texts(self, texts: Sequence[str]) -> list[str]:
        """The segments without added tokens."""
        return [
            text[segment.start : segment.stop]
            for text, row in zip(texts, self._rows, strict=True)
            for segment in row
            if segment.token_id is None
        ]

    def bounds(self, is_added: bool) -> tuple[IntArray, IntArray]:
        """Where the added tokens, or the segments between them, begin and end in their texts."""
        chosen = [
            segment
            for segment, added in zip(self._segments, self._is_added, strict=True)
            if added == is_added
        ]
        return (
            np.array([segment.start for segment in chosen], np.int64),
            np.array([segment.stop for segment in chosen], np.int64),
        )

    def counts(self, plain: IntArray) -> IntArray:
        """Tokens of every segment, given those of the plain ones."""
        counts = np.ones(len(self._segments), np.int64)
        counts[~self._is_added] = plain
        return counts

    def weave(self, counts: IntArray, plain: Any, added: Any) -> Any:
        """Values of plain segments' tokens and of added tokens, in the order of the text."""
        mask = np.repeat(self._is_added, counts)
        out = np.empty(len(mask), np.asarray(plain).dtype)
        out[~mask] = plain
        out[mask] = added
        return out

    def weave_rows(self, plain: Ragged) -> Ragged:
        """The ids of every text."""
        counts = self.counts(plain.lengths)
        values = self.weave(counts, plain.values, self.token_ids)
        return merge_rows(Ragged(values, counts), [len(row) for row in self._rows])


def _expression(token: AddedToken) -> str:
    exact = re.escape(token.content)
    return rf"(?<!\w){exact}(?!\w)" if token.single_word else exact
