"""What cuts text into ids: the two engines, and the alignment of one text to its source."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray
from tokenizers import AddedToken

from camembert_dual.tokenization.added_tokens import AddedTokens
from camembert_dual.tokenization.ragged import IntArray, Ragged


class Aligned(NamedTuple):
    """The T tokens of N texts, one text after the other.

    Attributes:
        ids: The ids, a row for every text.
        tokens: The tokens as strings (T).
        starts: The first character of every token in its text (T).
        ends: The character behind its last one (T).
        words: The number of the word that it belongs to in its text (T).
    """

    ids: Ragged
    tokens: NDArray[np.object_]
    starts: IntArray
    ends: IntArray
    words: IntArray


class Backend(Protocol):
    """A vocabulary and the rule that cuts text with it. Adds no special tokens by itself."""

    added: AddedTokens
    random: bool  # whether cutting the same text twice may differ

    def encode(self, texts: Sequence[str]) -> Ragged:
        """Ids of every text."""

    def align(self, texts: Sequence[str]) -> Aligned:
        """Ids, tokens, offsets and word numbers of every text."""

    def token_to_id(self, token: str) -> int | None:
        """The id of a token; None if unknown."""

    def id_to_token(self, index: int) -> str | None:
        """The token of an id; None if there is no such id."""

    def add(self, token: AddedToken) -> bool:
        """Makes ``token`` an added token; says whether the vocabulary grew."""

    def vocab(self) -> dict[str, int]:
        """Every token with its id."""

    def join(self, tokens: Sequence[str]) -> str:
        """The text of ordinary tokens."""

    def size(self) -> int:
        """Size of the vocabulary without added tokens, as the reference counts it."""

    def __len__(self) -> int:
        """One more than the highest id: the rows that an embedding needs."""


def check_utf8(text: str) -> None:
    """Refuses text that no file could hold.

    Raises:
        ValueError: If ``text`` has a lone surrogate.
    """
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise ValueError(
            "text must be valid Unicode, without lone surrogates; received "
            f"{text[error.start]!a} at character {error.start}"
        ) from None
