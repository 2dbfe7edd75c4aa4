"""The special tokens of one tokenizer: which plays which role, and which are special besides."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from tokenizers import AddedToken

from camembert_dual.common.errors import require, shown
from camembert_dual.tokenization.added_tokens import (
    ADDITIONAL,
    ROLES,
    SpecialToken,
    SpecialTokenId,
    Token,
    flagged,
    read_token,
    read_tokens,
)
from camembert_dual.tokenization.options import OPTION_KINDS, check_kinds
from camembert_dual.tokenization.segmenter import Segmenter


class SpecialTokens:
    """Roles and the tokens that play them.

    Attributes:
        segmenter: The vocabulary, and what cuts text.
        special_tokens: The special tokens by role: ``{"mask_token": "<mask>", …}``.
    """

    SPECIAL_TOKENS_ATTRIBUTES: ClassVar = [*ROLES, ADDITIONAL]
    bos_token, bos_token_id = SpecialToken(), SpecialTokenId()
    eos_token, eos_token_id = SpecialToken(), SpecialTokenId()
    unk_token, unk_token_id = SpecialToken(), SpecialTokenId()
    sep_token, sep_token_id = SpecialToken(), SpecialTokenId()
    pad_token, pad_token_id = SpecialToken(), SpecialTokenId()
    cls_token, cls_token_id = SpecialToken(), SpecialTokenId()
    mask_token, mask_token_id = SpecialToken(), SpecialTokenId()

    def __init__(
        self, segmenter: Segmenter, special_tokens: Mapping[str, Any], additional: Any
    ) -> None:
        """Add the special tokens that the vocabulary lacks."""
        self.segmenter = segmenter
        self.special_tokens: dict[str, str] = {}
        roles = {role: special_tokens.get(role) for role in ROLES}
        given = {
            role: _role_token(role, token) for role, token in roles.items() if token is not None
        }
        self.special_tokens = {role: str(token) for role, token in given.items()}
        extra = [] if additional is None else read_tokens(additional)
        self._additional: list[str] | None = list(dict.fromkeys(map(str, extra)))
        self._add([*given.values(), *extra], special=True)

    def add_tokens(self, new_tokens: Any, special_tokens: bool = False) -> int:
        """Add tokens that text is never cut inside of; empty and blank ones are passed over.

        Args:
            new_tokens: A token or many, each a text or an ``AddedToken``.
            special_tokens: Whether they are special: left out by ``skip_special_tokens``, and
                marked in masks of special tokens, as an ``AddedToken`` that says so itself.

        Returns:
            How many are new.

        Raises:
            TypeError: If something is not a token.
        """
        check_kinds({"special_tokens": special_tokens}, OPTION_KINDS)
        return self._add(read_tokens(new_tokens), bool(special_tokens))

    def add_special_tokens(
        self, special_tokens_dict: Mapping[str, Any], replace_additional_special_tokens: bool = True
    ) -> int:
        """Give special tokens their roles, adding them where new; return how many are new.

        Args:
            special_tokens_dict: The tokens by role; a list under ``additional_special_tokens``.
            replace_additional_special_tokens: Whether that list takes the place of the one that
                is there, or joins it. Tokens that leave the list stay added and special.

        Raises:
            TypeError: If something is not a token.
            ValueError: If a role is unknown, or its token blank.
        """
        if not isinstance(special_tokens_dict, Mapping):
            raise TypeError(
                f"Special tokens must be a mapping by role; received {shown(special_tokens_dict)}."
            )
        rule = f"A special token must be one of {', '.join(ROLES)} or {ADDITIONAL}"
        for role in special_tokens_dict:
            require(role == ADDITIONAL or role in ROLES, rule, shown(role))
        replaced = replace_additional_special_tokens
        check_kinds({"replace_additional_special_tokens": replaced}, OPTION_KINDS)
        roles = {
            role: _role_token(role, token)
            for role, token in special_tokens_dict.items()
            if role != ADDITIONAL
        }
        extra = read_tokens(special_tokens_dict.get(ADDITIONAL, ()))
        grown = self._add([*roles.values(), *extra], special=True)
        self.special_tokens |= {role: str(token) for role, token in roles.items()}
        if ADDITIONAL in special_tokens_dict:
            kept = [] if replaced else self._additional or []
            self._additional = list(dict.fromkeys([*kept, *map(str, extra)]))
        return grown

    def sanitize_special_tokens(self) -> int:
        """Add the special tokens that the vocabulary lacks: none, as each was added when given.

        Returns:
            How many were added.
        """
        return self._add(self.all_special_tokens, special=True)

    def set_special_token(self, role: str, value: Any) -> None:
        """Let a token play a role, adding it where new; None leaves the role empty.

        Raises:
            TypeError: If ``value`` is not a token.
            ValueError: If it is blank.
        """
        if value is None:
            self.special_tokens.pop(role, None)
        else:
            self.add_special_tokens({role: value})

    @property
    def additional_special_tokens(self) -> list[str] | None:
        """Further special tokens, without a role; a string that is set is one token."""
        return None if self._additional is None else list(self._additional)

    @additional_special_tokens.setter
    def additional_special_tokens(self, value: Any) -> None:
        extra = [] if value is None else read_tokens(value)
        self._add(extra, special=True)
        self._additional = None if value is None else list(dict.fromkeys(map(str, extra)))

    @property
    def additional_special_tokens_ids(self) -> list[int]:
        """The ids of :attr:`additional_special_tokens`."""
        return self._ids_of(self._additional or [])

    @additional_special_tokens_ids.setter
    def additional_special_tokens_ids(self, values: Iterable[int]) -> None:
        tokens = [self.segmenter.id_to_token(index) for index in values]
        require(None not in tokens, f"{ADDITIONAL}_ids must be ids of tokens", shown(values))
        self.additional_special_tokens = tokens

    def _ids_of(self, texts: Iterable[str]) -> list[int]:
        found = map(self.segmenter.token_to_id, texts)
        return [index for index in found if index is not None]

    def _add(self, tokens: Iterable[Token], special: bool) -> int:
        added = self.segmenter.added
        changed: dict[str, AddedToken] = {}
        for token in tokens:
            text = str(token)
            known = changed.get(text) or added.by_id.get(added.ids.get(text, -1))
            token_to_add = flagged(token, special, known)
            if token_to_add is not None:
                changed[text] = token_to_add
        return self.segmenter.add(list(changed.values()))

    @property
    def special_tokens_map(self) -> dict[str, Any]:
        """The special tokens by role, ``additional_special_tokens`` included."""
        extra = {ADDITIONAL: list(self._additional)} if self._additional else {}
        return self.special_tokens | extra

    @property
    def special_tokens_map_extended(self) -> dict[str, Any]:
        """The same with the tokens' flags: each is an ``AddedToken``."""
        roles = {role: self._full(text) for role, text in self.special_tokens.items()}
        extra = {ADDITIONAL: list(map(self._full, self._additional))} if self._additional else {}
        return {**roles, **extra}

    def _full(self, text: str) -> AddedToken:
        added = self.segmenter.added
        return added.by_id[added.ids[text]]

    @property
    def all_special_tokens(self) -> list[str]:
        """Every special token, each once."""
        return list(dict.fromkeys([*self.special_tokens.values(), *(self._additional or ())]))

    @property
    def all_special_tokens_extended(self) -> list[AddedToken]:
        """The same with their flags."""
        return list(map(self._full, self.all_special_tokens))

    @property
    def all_special_ids(self) -> list[int]:
        """The ids of :attr:`all_special_tokens`."""
        return self._ids_of(self.all_special_tokens)


def _role_token(role: str, value: Any) -> Token:
    token = read_token(value)
    require(str(token).strip(), f"{role} must be a text that is not blank", shown(str(token)))
    return token
