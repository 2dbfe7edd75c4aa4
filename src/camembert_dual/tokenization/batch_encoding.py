"""``BatchEncoding``: the result of a tokenizer, as a dict, as attributes and as aligned tokens."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from camembert_dual.common.arrays import to_tensor
from camembert_dual.tokenization.alignment import Alignment, Encoding


class CharSpan(NamedTuple):
    """Characters [start, end) of a source text."""

    start: int
    end: int


class TokenSpan(NamedTuple):
    """Tokens [start, end) of a row."""

    start: int
    end: int


class BatchEncoding(dict[str, Any]):
    """Model inputs by name, with the tokens, words and characters behind them.

    Wherever a method takes ``batch_or_x, x=None``, one argument means row 0.
    """

    def __init__(
        self,
        data: dict[str, Any] | None = None,
        alignment: Alignment | None = None,
        tensor_type: str | None = None,
        prepend_batch_axis: bool = False,
        n_sequences: int | None = None,
    ) -> None:
        """Wrap ``data``; tokenizers also give the alignment that the methods below need."""
        super().__init__(data or {})
        self._alignment = alignment
        self._n_sequences = n_sequences
        if tensor_type is not None:
            self.convert_to_tensors(tensor_type, prepend_batch_axis)

    def __getattr__(self, name: str) -> Any:
        """``encoding.input_ids`` is ``encoding["input_ids"]``."""
        if name in self:
            return super().__getitem__(name)
        raise AttributeError(f"{type(self).__name__} has no attribute or key {name!r}")

    def __getitem__(self, key: Any) -> Any:
        """A field by name, the :class:`Encoding` of a row by number, fields of rows by slice."""
        if isinstance(key, int):
            return self._row(key)
        if isinstance(key, slice):
            return {name: values[key] for name, values in self.items()}
        return super().__getitem__(key)

    def __reduce__(self) -> tuple[Any, ...]:
        """Travel with its alignment worked out."""
        return type(self), (dict(self), self._alignment, None, False, self._n_sequences)

    def copy(self) -> BatchEncoding:
        """A shallow copy."""
        return type(self)(self, self._alignment, n_sequences=self._n_sequences)

    @property
    def data(self) -> dict[str, Any]:
        """The fields."""
        return self

    @property
    def is_fast(self) -> bool:
        """Whether the methods about tokens, words and characters work."""
        return self._alignment is not None

    @property
    def n_sequences(self) -> int | None:
        """1 for single sequences, 2 for pairs; None if unknown."""
        return self._n_sequences

    @property
    def encodings(self) -> list[Encoding] | None:
        """The :class:`Encoding` of every row; None without alignment."""
        if self._alignment is None:
            return None
        return [self._alignment.row(index) for index in range(len(self._alignment))]

    def convert_to_tensors(
        self, tensor_type: str | None = None, prepend_batch_axis: bool = False
    ) -> BatchEncoding:
        """Turn every field into a tensor in place: "np", "pt" or "tf"."""
        if tensor_type is not None:
            for name, values in self.items():
                self[name] = to_tensor([values] if prepend_batch_axis else values, tensor_type)
        return self

    def to(self, device: Any, *, non_blocking: bool = False) -> BatchEncoding:
        """Move torch tensors to ``device``, in place; other fields stay as they are."""
        for name, values in self.items():
            if hasattr(values, "to") and hasattr(values, "device"):
                self[name] = values.to(device, non_blocking=non_blocking)
        return self

    def tokens(self, batch_index: int = 0) -> list[str]:
        """The tokens of a row, special ones and padding included."""
        return self._row(batch_index).tokens

    def word_ids(self, batch_index: int = 0) -> list[int | None]:
        """The word that each token of a row belongs to."""
        return self._aligned().word_ids(batch_index)

    words = word_ids

    def sequence_ids(self, batch_index: int = 0) -> list[int | None]:
        """0 for the tokens of the first sequence, 1 for the second, None for others."""
        return self._aligned().sequence_ids(batch_index)

    def token_to_sequence(
        self, batch_or_token_index: int, token_index: int | None = None
    ) -> int | None:
        """The sequence that a token belongs to."""
        row, token = _row_and(batch_or_token_index, token_index)
        return self._row(row).sequence_ids[token]

    def token_to_word(
        self, batch_or_token_index: int, token_index: int | None = None
    ) -> int | None:
        """The word that a token belongs to."""
        row, token = _row_and(batch_or_token_index, token_index)
        return self._row(row).word_ids[token]

    def token_to_chars(
        self, batch_or_token_index: int, token_index: int | None = None
    ) -> CharSpan | None:
        """The characters that a token stands for; None for special tokens."""
        row, token = _row_and(batch_or_token_index, token_index)
        encoding = self._row(row)
        if encoding.sequence_ids[token] is None:
            return None
        return CharSpan(*encoding.offsets[token])

    def char_to_token(
        self, batch_or_char_index: int, char_index: int | None = None, sequence_index: int = 0
    ) -> int | None:
        """The token that covers a character; None if no token does, as for trailing blanks."""
        row, char = _row_and(batch_or_char_index, char_index)
        encoding = self._row(row)
        for token, (start, end) in enumerate(encoding.offsets):
            if start <= char < end and encoding.sequence_ids[token] == sequence_index:
                return token
        return None

    def char_to_word(
        self, batch_or_char_index: int, char_index: int | None = None, sequence_index: int = 0
    ) -> int | None:
        """The word that covers a character."""
        row, char = _row_and(batch_or_char_index, char_index)
        token = self.char_to_token(row, char, sequence_index)
        return None if token is None else self._row(row).word_ids[token]

    def word_to_tokens(
        self, batch_or_word_index: int, word_index: int | None = None, sequence_index: int = 0
    ) -> TokenSpan | None:
        """The tokens of a word; None if the row has none of them."""
        row, word = _row_and(batch_or_word_index, word_index)
        found = list(self._tokens_of_word(self._row(row), word, sequence_index))
        return TokenSpan(found[0], found[-1] + 1) if found else None

    def word_to_chars(
        self, batch_or_word_index: int, word_index: int | None = None, sequence_index: int = 0
    ) -> CharSpan | None:
        """The characters of a word; None if the row has none of them."""
        row, word = _row_and(batch_or_word_index, word_index)
        encoding = self._row(row)
        spans = [encoding.offsets[i] for i in self._tokens_of_word(encoding, word, sequence_index)]
        return CharSpan(spans[0][0], spans[-1][1]) if spans else None

    @staticmethod
    def _tokens_of_word(encoding: Encoding, word: int, sequence: int) -> Iterator[int]:
        for token, found in enumerate(encoding.word_ids):
            if found == word and encoding.sequence_ids[token] == sequence:
                yield token

    def _row(self, index: int) -> Encoding:
        return self._aligned().row(index)

    def _aligned(self) -> Alignment:
        if self._alignment is None:
            raise ValueError(
                "Tokens and words must be asked of a result of a tokenizer's call; received "
                "an encoding made otherwise."
            )
        return self._alignment


def _row_and(batch_or_index: int, index: int | None) -> tuple[int, int]:
    return (0, batch_or_index) if index is None else (batch_or_index, index)
