"""What cuts text into ids: the two engines, and the alignment of one text to its source."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from tokenizers import AddedToken

from camembert_dual.tokenization.added import AddedTokens
from camembert_dual.tokenization.ragged import Ragged


class Aligned(NamedTuple):
    """The tokens of one text, each with the characters and the word that it comes from."""

    ids: list[int]
    tokens: list[str]
    offsets: list[tuple[int, int]]
    words: list[int]


class Backend(Protocol):
    """A vocabulary and the rule that cuts text with it. Adds no special tokens by itself."""

    added: AddedTokens
    random: bool  # whether cutting the same text twice may differ

    def encode(self, texts: Sequence[str]) -> Ragged:
        """Ids of every text."""

    def align(self, text: str) -> Aligned:
        """Ids, tokens, offsets and word numbers of one text."""

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
