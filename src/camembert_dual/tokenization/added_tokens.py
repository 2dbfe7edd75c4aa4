"""Tokens that stand beside the vocabulary: special tokens and those a user adds."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any, NamedTuple, overload

import numpy as np
from tokenizers import AddedToken

from camembert_dual.common.arrays import BoolArray
from camembert_dual.common.errors import shown
from camembert_dual.common.id_layout import SPECIAL_TOKENS

ROLES = tuple(SPECIAL_TOKENS)
ADDITIONAL = "additional_special_tokens"
Token = str | AddedToken  # a text has no flags of its own
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
        """Change which token plays this role; one that the vocabulary lacks is added."""
        instance.set_special_token(self.role, value)


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

    def __set__(self, instance: Any, value: int | None) -> None:
        """Change which token plays this role, by id."""
        token = None if value is None else instance.convert_ids_to_tokens([value])[0]
        setattr(instance, self.role, token)


def special_token(content: str, *, lstrip: bool = False) -> AddedToken:
    """A special token; with ``lstrip`` it takes the blanks before it."""
    return AddedToken(content, lstrip=lstrip, normalized=False, special=True)


def as_special(token: AddedToken) -> AddedToken:
    """The same token, special."""
    if token.special:
        return token
    flags = {name: getattr(token, name) for name in FLAGS} | {"special": True}
    return AddedToken(token.content, **flags)


def flagged(token: Token, special: bool, known: AddedToken | None) -> AddedToken | None:
    """A token as it is to be added, once special always special; None where it is so already."""
    if isinstance(token, str):
        if known is not None and (known.special or not special):
            return None
        token = known or AddedToken(token, normalized=not special)
    stays = known is not None and known.special
    return as_special(token) if special or stays else token


def read_token(value: Any) -> Token:
    """A token in one of its forms; an object becomes the library's own.

    The forms are a text, an object as JSON holds it, and the library's own.

    Raises:
        TypeError: If it is none of them.
        ValueError: If it is no text that a file could hold.
    """
    if isinstance(value, AddedToken):  # whose text the library has checked
        return value
    flags: dict[str, bool] = {}
    text = value
    if isinstance(value, dict):
        text = value.get("content")
        for name in FLAGS:
            flag = value.get(name)
            if flag is True or flag is False:
                flags[name] = flag
            elif flag is not None:
                text = None
    if not isinstance(text, str):
        raise TypeError(
            "A token must be a str, an AddedToken or an object with its content and its flags; "
            f"received {shown(value)}."
        )
    if not text.isascii():
        check_utf8(text, "A token")
    return text if text is value else AddedToken(text, **flags)


def read_tokens(values: Any) -> list[Token]:
    """One token or many as a list; what is empty or blank is left out, as it would cut every text.

    Raises:
        TypeError: If something is not a token.
    """
    if values is None or isinstance(values, str | AddedToken | dict):
        values = [values]
    if not isinstance(values, Iterable) or isinstance(values, bytes):
        raise TypeError(f"Tokens must be a token or a list of them; received {shown(values)}.")
    return [token for token in map(read_token, values) if str(token).strip()]


def _text_of(value: Any) -> str:
    """The text of a token that has been checked."""
    return value["content"] if isinstance(value, dict) else str(value)


def token_json(token: AddedToken) -> dict[str, Any]:
    """The JSON form of a token."""
    return {"content": token.content} | {name: getattr(token, name) for name in FLAGS}


def join_tables(tables: Mapping[str, Mapping[int, Any]]) -> dict[int, Any]:
    """One table of all, by id: a token has that of the first file that names it.

    One whose id is taken comes behind all others, as the reference's fast class has it.
    """
    joined: dict[int, Any] = {}
    texts: set[str] = set()
    late: list[Any] = []
    for table in tables.values():
        for index in sorted(table):
            token = table[index]
            text = _text_of(token)
            if text not in texts:
                texts.add(text)
                if index in joined:
                    late.append(token)
                else:
                    joined[index] = token
    return joined | dict(enumerate(late, max(joined, default=-1) + 1))


def check_utf8(text: str, name: str = "text") -> None:
    """Refuse text that no file could hold.

    Raises:
        ValueError: If ``text`` has a lone surrogate.
    """
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise ValueError(
            f"{name} must be valid Unicode, without lone surrogates; received "
            f"{text[error.start]!a} at character {error.start}."
        ) from None


class Segment(NamedTuple):
    """A stretch of text: ``text[start:stop]`` is the added token ``token_id``, or plain text."""

    start: int
    stop: int
    token_id: int | None


class Finder(NamedTuple):
    """How added tokens are looked for.

    Attributes:
        known: How many tokens it knows.
        pattern: Their first characters.
        sizes: The sizes of the tokens that begin with a character, the longest first.
    """

    known: int
    pattern: re.Pattern[str]
    sizes: dict[str, list[int]]

    @classmethod
    def of(cls, texts: Collection[str]) -> Finder:
        """The finder of these tokens."""
        sizes: dict[str, set[int]] = {}
        for text in texts:
            sizes.setdefault(text[:1], set()).add(len(text))
        first = "".join(map(re.escape, sizes))
        pattern = re.compile(f"[{first}]" if first else r"(?!)")
        return cls(len(texts), pattern, {c: sorted(n, reverse=True) for c, n in sizes.items()})


class AddedTokens:
    """A two-way table of added tokens that finds them in text, the longest first.

    It only grows, and one thread may put tokens in while others read: a reader sees a token with
    its id, or does not see it yet.

    Attributes:
        by_id: The tokens by id.
        ids: The ids by text.
        special_ids: The ids of those that are special.
        special_rows: The same as truth values by id (``rows`` and one more, which is False).
        rows: One more than the highest id.
    """

    def __init__(self, tokens: Mapping[int, AddedToken]) -> None:
        """Start from ``tokens``, by id."""
        self.by_id: dict[int, AddedToken] = {}
        self.ids: dict[str, int] = {}
        self.special_ids: set[int] = set()
        self.special_rows: BoolArray = np.zeros(1, bool)
        self.rows = 0
        self._finder = Finder.of(())
        self.update(tokens)

    def __getstate__(self) -> dict[int, AddedToken]:
        """The tokens alone: use leaves no mark in a pickle, after which caches are named."""
        return self.by_id

    def __setstate__(self, state: dict[int, AddedToken]) -> None:
        """Take them up again."""
        self.__init__(state)  # type: ignore[misc]

    def update(self, tokens: Mapping[int, AddedToken]) -> None:
        """Put tokens at their ids."""
        self.by_id.update(tokens)
        self.special_ids.update(index for index, token in tokens.items() if token.special)
        self.rows = max(self.rows, max(tokens, default=-1) + 1)
        special_rows = np.zeros(self.rows + 1, bool)
        special_rows[list(self.special_ids)] = True
        self.special_rows = special_rows
        self.ids.update({token.content: index for index, token in tokens.items()})

    def is_special(self, text: str) -> bool:
        """Whether a token is an added one that is special."""
        return self.ids.get(text, -1) in self.special_ids

    def is_ordinary(self, text: str) -> bool:
        """Whether a token is an added one that is not special."""
        return text in self.ids and not self.is_special(text)

    def in_any(self, texts: Iterable[str]) -> bool:
        """Whether one of the texts holds an added token."""
        may_begin = self._current_finder().pattern.search
        return any(may_begin(text) and next(self._find(text), None) for text in texts)

    def split(self, text: str) -> list[Segment]:
        """Cut a text at its added tokens; blanks that a token strips belong to the token."""
        segments: list[Segment] = []
        end = 0
        for start, stop, index in self._find(text):
            token = self.by_id[index]
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

    def _find(self, text: str) -> Iterator[tuple[int, int, int]]:
        """The added tokens of a text as they stand in it, from left to right.

        The pattern finds where one may begin; what begins there is looked up, since a pattern of
        many thousand tokens would try them one by one.
        """
        _, pattern, sizes = self._current_finder()
        position = 0
        while found := pattern.search(text, position):
            start = found.start()
            for size in sizes[text[start]]:
                stop = start + size
                index = self.ids.get(text[start:stop])
                if index is not None and self._may_stand(text, start, stop, index):
                    yield start, stop, index
                    break
            else:
                stop = start + 1
            position = stop

    def _current_finder(self) -> Finder:
        finder = self._finder
        if finder.known != len(self.ids):
            self._finder = finder = Finder.of(list(self.ids))
        return finder

    def _may_stand(self, text: str, start: int, stop: int, index: int) -> bool:
        """Whether nothing forbids a token here: some may not be a part of a word."""
        if not self.by_id[index].single_word:
            return True
        return not (_is_letter(text[start - 1 : start]) or _is_letter(text[stop : stop + 1]))


def _is_letter(char: str) -> bool:
    return char.isalnum() or char == "_"
