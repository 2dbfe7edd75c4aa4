"""The tokens of a tokenizer: ids, the special ones, those that users add, and the text of ids."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, overload

from tokenizers import AddedToken

from camembert_dual.common.arrays import as_lists
from camembert_dual.common.errors import require
from camembert_dual.tokenization.added_tokens import ROLES, SpecialToken, SpecialTokenId
from camembert_dual.tokenization.decoding import clean_up, join_tokens, text_runs
from camembert_dual.tokenization.segmenter import Segmenter

ADDITIONAL = "additional_special_tokens"


class Vocabulary:
    """Tokens, their ids and their text.

    Attributes:
        segmenter: The vocabulary, and what cuts text.
        special_tokens: The special tokens by role: ``{"mask_token": "<mask>", …}``.
        additional_special_tokens: Further tokens that ``skip_special_tokens`` leaves out.
        clean_up_tokenization_spaces: Whether :meth:`decode` removes blanks before ``. ? ! ,``.
    """

    clean_up_tokenization_spaces = False

    bos_token, bos_token_id = SpecialToken(), SpecialTokenId()
    eos_token, eos_token_id = SpecialToken(), SpecialTokenId()
    unk_token, unk_token_id = SpecialToken(), SpecialTokenId()
    sep_token, sep_token_id = SpecialToken(), SpecialTokenId()
    pad_token, pad_token_id = SpecialToken(), SpecialTokenId()
    cls_token, cls_token_id = SpecialToken(), SpecialTokenId()
    mask_token, mask_token_id = SpecialToken(), SpecialTokenId()

    def __init__(
        self,
        segmenter: Segmenter,
        special_tokens: Mapping[str, Any],
        additional_special_tokens: Iterable[Any],
    ) -> None:
        """Add the special tokens that the vocabulary lacks."""
        extra = list(additional_special_tokens)
        given = {
            role: special_tokens[role] for role in ROLES if special_tokens.get(role) is not None
        }
        self.segmenter = segmenter
        self.special_tokens = {role: str(token) for role, token in given.items()}
        self.additional_special_tokens = [str(token) for token in extra]
        self.add_tokens([*given.values(), *extra], special_tokens=True)

    @overload
    def convert_tokens_to_ids(self, tokens: str) -> int: ...  # type: ignore[overload-overlap]
    @overload
    def convert_tokens_to_ids(self, tokens: Sequence[str]) -> list[int]: ...
    def convert_tokens_to_ids(self, tokens: str | Sequence[str]) -> int | list[int]:
        """The id of a token, or of each; unknown ones get the id of ``unk_token``."""
        if not isinstance(tokens, str):
            return [self.convert_tokens_to_ids(token) for token in tokens]
        index = self.segmenter.token_to_id(tokens)
        if index is not None:
            return index
        unknown = self.segmenter.token_to_id(self.unk_token) if self.unk_token else None
        if unknown is None:
            raise ValueError(
                f"A token must be known where there is no unk_token; received {tokens!r}."
            )
        return unknown

    @overload
    def convert_ids_to_tokens(self, ids: int, skip_special_tokens: bool = False) -> str: ...
    @overload
    def convert_ids_to_tokens(
        self, ids: Sequence[int], skip_special_tokens: bool = False
    ) -> list[str]: ...
    def convert_ids_to_tokens(
        self, ids: int | Sequence[int], skip_special_tokens: bool = False
    ) -> str | list[str]:
        """The token of an id, or of each: ints, lists, arrays and tensors of one dimension.

        Raises:
            ValueError: If there is no such id.
        """
        ids = as_lists(ids)
        if isinstance(ids, int):
            token = self.segmenter.id_to_token(ids)
            if token is None:
                raise ValueError(f"An id must be under {len(self)} and in use; received {ids}.")
            return token
        skipped = set(self.all_special_ids) if skip_special_tokens else set()
        return [self.convert_ids_to_tokens(index) for index in ids if index not in skipped]

    def add_tokens(self, new_tokens: Any, special_tokens: bool = False) -> int:
        """Add tokens that text is never cut inside of; return how many are new."""
        tokens = [new_tokens] if isinstance(new_tokens, (str, AddedToken)) else new_tokens
        grown = 0
        for token in tokens:
            if isinstance(token, str):
                if token in self.segmenter.added.ids:
                    continue
                token = AddedToken(token, normalized=not special_tokens, special=special_tokens)
            grown += self.segmenter.add(token)
        return grown

    def add_special_tokens(self, special_tokens_dict: Mapping[str, Any]) -> int:
        """Give special tokens their roles, adding them where new; return how many are new.

        Those of ``additional_special_tokens`` join the ones that are there.

        Raises:
            ValueError: If a role is unknown.
        """
        added = 0
        rule = f"A special token must be one of {', '.join(ROLES)} or {ADDITIONAL}"
        for role, value in special_tokens_dict.items():
            require(role == ADDITIONAL or role in ROLES, rule, repr(role))
            if role == ADDITIONAL:
                self.additional_special_tokens += [
                    str(token) for token in value if str(token) not in self.all_special_tokens
                ]
                added += self.add_tokens(list(value), special_tokens=True)
            else:
                added += self.add_tokens([value], special_tokens=True)
                setattr(self, role, value)
        return added

    @property
    def special_tokens_map(self) -> dict[str, Any]:
        """The special tokens by role, ``additional_special_tokens`` included."""
        extra = {ADDITIONAL: list(self.additional_special_tokens)}
        return self.special_tokens | (extra if self.additional_special_tokens else {})

    @property
    def all_special_tokens(self) -> list[str]:
        """Every special token, each once."""
        return list(dict.fromkeys([*self.special_tokens.values(), *self.additional_special_tokens]))

    @property
    def all_special_ids(self) -> list[int]:
        """The ids of :attr:`all_special_tokens`."""
        return self.convert_tokens_to_ids(self.all_special_tokens)

    @property
    def vocab_size(self) -> int:
        """The vocabulary without added tokens; size models by ``len(tokenizer)`` instead."""
        return self.segmenter.size()

    def __len__(self) -> int:
        """The rows that a model's embedding needs."""
        return len(self.segmenter)

    def get_vocab(self) -> dict[str, int]:
        """Every token with its id."""
        return self.segmenter.vocab()

    def get_added_vocab(self) -> dict[str, int]:
        """The added tokens with their ids."""
        return dict(self.segmenter.added.ids)

    @property
    def added_tokens_decoder(self) -> dict[int, AddedToken]:
        """The added tokens by id."""
        return dict(self.segmenter.added.by_id)

    @property
    def added_tokens_encoder(self) -> dict[str, int]:
        """The ids of the added tokens."""
        return self.get_added_vocab()

    @property
    def additional_special_tokens_ids(self) -> list[int]:
        """The ids of :attr:`additional_special_tokens`."""
        return self.convert_tokens_to_ids(self.additional_special_tokens)

    def convert_tokens_to_string(self, tokens: Sequence[str]) -> str:
        """The text of tokens."""
        return join_tokens(tokens, set(self.all_special_tokens), self.segmenter.join)

    def decode(
        self,
        token_ids: Any,
        skip_special_tokens: bool = False,
        clean_up_tokenization_spaces: bool | None = None,
        spaces_between_special_tokens: bool = True,
    ) -> str:
        """The text of ids: an int, a list, an array or a tensor of one dimension.

        Args:
            token_ids: The ids.
            skip_special_tokens: Whether to leave special tokens out.
            clean_up_tokenization_spaces: Whether to remove blanks before ``. ? ! ,`` as English
                wants it; the tokenizer's attribute by default, which is False: French sets a blank
                before ``?`` and ``!``.
            spaces_between_special_tokens: Whether tokens that were added stand between blanks.

        Raises:
            ValueError: If ids are unknown or of more than one dimension.
        """
        ids = as_lists(token_ids)
        ids = [ids] if isinstance(ids, int) else ids
        one_row = not any(isinstance(index, list) for index in ids)
        require(one_row, "token_ids must be one row: batch_decode takes many", "many")
        glue = " " if spaces_between_special_tokens else ""
        text = self._text_of(ids, skip_special_tokens, glue)
        clean = clean_up_tokenization_spaces
        if self.clean_up_tokenization_spaces if clean is None else clean:
            return clean_up(text)
        return text

    def _text_of(self, ids: Sequence[int], skip_special_tokens: bool, glue: str) -> str:
        tokens = self.convert_ids_to_tokens(ids, skip_special_tokens)
        added = self.segmenter.added.ids.keys() - set(self.all_special_tokens)
        return glue.join(text_runs(tokens, added, self.convert_tokens_to_string))

    def batch_decode(
        self, sequences: Iterable[Any], skip_special_tokens: bool = False, **options: Any
    ) -> list[str]:
        """The texts of many rows of ids; the options are those of :meth:`decode`."""
        return [self.decode(row, skip_special_tokens, **options) for row in sequences]
