"""The tokens of a tokenizer: their ids, and the text of ids."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, overload

from tokenizers import AddedToken

from camembert_dual.common.arrays import as_lists
from camembert_dual.common.errors import is_integer, shown
from camembert_dual.tokenization.decoding import clean_up, join_tokens, text_runs
from camembert_dual.tokenization.options import OPTION_KINDS, check_kinds
from camembert_dual.tokenization.special_tokens import SpecialTokens


class Vocabulary(SpecialTokens):
    """Tokens, their ids and their text.

    Attributes:
        clean_up_tokenization_spaces: Whether :meth:`decode` removes blanks before ``. ? ! ,``.
    """

    clean_up_tokenization_spaces = False

    @overload
    def convert_tokens_to_ids(self, tokens: str) -> int: ...  # type: ignore[overload-overlap]
    @overload
    def convert_tokens_to_ids(self, tokens: Sequence[str]) -> list[int]: ...
    def convert_tokens_to_ids(self, tokens: str | Sequence[str]) -> int | list[int]:
        """The id of a token, or of each; unknown ones get the id of ``unk_token``.

        Raises:
            TypeError: If something is not a token.
            ValueError: If a token is unknown and there is no ``unk_token``.
        """
        if not isinstance(tokens, str):
            return [self.convert_tokens_to_ids(token) for token in _texts(tokens)]
        index = self.segmenter.token_to_id(tokens)
        if index is not None:
            return index
        unknown = self.segmenter.token_to_id(self.unk_token) if self.unk_token else None
        if unknown is None:
            raise ValueError(
                f"A token must be known where there is no unk_token; received {shown(tokens)}."
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
            ValueError: If there is no such id, or ``ids`` are not whole numbers.
        """
        check_kinds({"skip_special_tokens": skip_special_tokens}, OPTION_KINDS)
        found = read_ids(ids, "ids")
        if isinstance(found, int):
            return self._token_of(found)
        skipped = self.segmenter.added.special_ids if skip_special_tokens else ()
        return [self._token_of(index) for index in found if index not in skipped]

    def known_ids(self, values: Any, name: str) -> list[int]:
        """One row of ids, each of a token.

        Raises:
            ValueError: If it is something else, or an id is not one of a token.
        """
        found = read_ids(values, name)
        ids = [found] if isinstance(found, int) else found
        self.convert_ids_to_tokens(list(set(ids)))
        return ids

    def _token_of(self, index: int) -> str:
        token = self.segmenter.id_to_token(index) if 0 <= index < len(self) else None
        if token is None:
            raise ValueError(
                f"An id must be from 0 to {len(self) - 1} and in use; received {shown(index)}."
            )
        return token

    @property
    def vocab_size(self) -> int:
        """The vocabulary without added tokens; size models by ``len(tokenizer)`` instead."""
        return self.segmenter.size()

    def __len__(self) -> int:
        """The rows that a model's embedding needs."""
        return len(self.segmenter)

    def get_vocab(self) -> dict[str, int]:
        """Every token with its id, in the order of the ids."""
        return dict(sorted(self.segmenter.vocab().items(), key=lambda entry: entry[1]))

    def get_added_vocab(self) -> dict[str, int]:
        """The added tokens with their ids, in the order of these."""
        return dict(sorted(self.segmenter.added.ids.items(), key=lambda entry: entry[1]))

    @property
    def added_tokens_decoder(self) -> dict[int, AddedToken]:
        """The added tokens by id."""
        return dict(sorted(self.segmenter.added.by_id.items()))

    @property
    def added_tokens_encoder(self) -> dict[str, int]:
        """The ids of the added tokens."""
        return self.get_added_vocab()

    def convert_tokens_to_string(self, tokens: Sequence[str]) -> str:
        """The text of tokens.

        Raises:
            TypeError: If something is not a token.
        """
        return join_tokens(_texts(tokens), self.segmenter.added.is_special, self.segmenter.join)

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
            ValueError: If ids are unknown, not whole numbers, or of more than one dimension.
        """
        check_kinds(
            {
                "skip_special_tokens": skip_special_tokens,
                "clean_up_tokenization_spaces": clean_up_tokenization_spaces,
                "spaces_between_special_tokens": spaces_between_special_tokens,
            },
            OPTION_KINDS,
        )
        found = read_ids(token_ids, "token_ids")
        ids = [found] if isinstance(found, int) else found
        glue = " " if spaces_between_special_tokens else ""
        text = self._text_of(ids, skip_special_tokens, glue)
        clean = clean_up_tokenization_spaces
        if self.clean_up_tokenization_spaces if clean is None else clean:
            return clean_up(text)
        return text

    def batch_decode(
        self, sequences: Iterable[Any], skip_special_tokens: bool = False, **options: Any
    ) -> list[str]:
        """The texts of many rows of ids; the options are those of :meth:`decode`."""
        return [self.decode(row, skip_special_tokens, **options) for row in sequences]

    def _text_of(self, ids: Sequence[int], skip_special_tokens: bool, glue: str) -> str:
        tokens = self.convert_ids_to_tokens(ids, skip_special_tokens)
        added = self.segmenter.added
        return glue.join(text_runs(tokens, added.is_ordinary, self.convert_tokens_to_string))


def read_ids(values: Any, name: str) -> int | list[int]:
    """An id, or a row of them: an int, a list, an array or a tensor of one dimension.

    Raises:
        ValueError: If it is something else.
    """
    try:
        found = as_lists(values)
    except (AttributeError, RecursionError, TypeError, ValueError):
        found = None
    if is_integer(found):
        return int(found)
    if isinstance(found, Iterable) and not isinstance(found, str | bytes | Mapping):
        ids = list(found)
        if all(map(is_integer, ids)):
            return [int(index) for index in ids]
    raise ValueError(f"{name} must be a whole number or one row of them; received {shown(values)}.")


def _texts(values: Any) -> list[str]:
    texts = list(values) if isinstance(values, Iterable) else None
    if texts is None or not all(isinstance(text, str) for text in texts):
        raise TypeError(f"Tokens must be a str or a list of them; received {shown(values)}.")
    return texts
