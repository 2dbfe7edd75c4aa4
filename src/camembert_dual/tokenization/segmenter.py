"""What cuts text into ids: the protocol of the two engines, its result, and one call for both."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray
from tokenizers import AddedToken

from camembert_dual.common.arrays import IntArray
from camembert_dual.tokenization.added_tokens import AddedTokens
from camembert_dual.tokenization.ragged import Ragged, merge_rows, ramp, take_rows

TextInput = str | Sequence[str]  # a text, or its words


class SegmentedTexts(NamedTuple):
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


class Segmenter(Protocol):
    """A vocabulary and the rule that cuts text with it. Adds no special tokens by itself.

    Attributes:
        added: The tokens beside the vocabulary.
        is_stochastic: Whether cutting the same text twice may differ.
    """

    added: AddedTokens
    is_stochastic: bool

    def encode(self, texts: Sequence[str], unk_id: int | None) -> Ragged:
        """Ids of every text; ``unk_id`` for what the vocabulary lacks, if it can be chosen."""

    def align(self, texts: Sequence[str], unk_id: int | None) -> SegmentedTexts:
        """Ids, tokens, offsets and word numbers of every text."""

    def token_to_id(self, token: str) -> int | None:
        """The id of a token; None if unknown."""

    def id_to_token(self, index: int) -> str | None:
        """The token of an id; None if there is no such id."""

    def add(self, tokens: Sequence[AddedToken]) -> int:
        """Make tokens added ones, their flags as given; return by how many the vocabulary grew."""

    def vocab(self) -> dict[str, int]:
        """Every token with its id."""

    def join(self, tokens: Sequence[str]) -> str:
        """The text of ordinary tokens."""

    def size(self) -> int:
        """Size of the vocabulary without added tokens, as the reference counts it."""

    def __len__(self) -> int:
        """One more than the highest id: the rows that an embedding needs."""


def encode_inputs(segmenter: Segmenter, inputs: Sequence[TextInput], unk_id: int | None) -> Ragged:
    """Ids of texts, or of lists of words, in one call to the segmenter."""
    texts = [one for one in inputs if isinstance(one, str)]
    if len(texts) == len(inputs):
        return segmenter.encode(texts, unk_id)
    distinct, numbers = _distinct(segmenter, [word for one in inputs for word in one])
    words = take_rows(segmenter.encode(distinct, unk_id), numbers)[0]
    return merge_rows(words, [len(one) for one in inputs])


def align_inputs(
    segmenter: Segmenter, inputs: Sequence[TextInput], unk_id: int | None
) -> SegmentedTexts:
    """Align texts, or lists of words, whose offsets count from each word's beginning."""
    texts = [one for one in inputs if isinstance(one, str)]
    if len(texts) == len(inputs):
        return segmenter.align(texts, unk_id)
    distinct, numbers = _distinct(segmenter, [word for one in inputs for word in one])
    segmented = segmenter.align(distinct, unk_id)
    words, places = take_rows(segmented.ids, numbers)
    counts = np.fromiter(map(len, inputs), np.int64, len(inputs))
    return SegmentedTexts(
        ids=merge_rows(words, counts),
        tokens=segmented.tokens[places],
        starts=segmented.starts[places],
        ends=segmented.ends[places],
        words=np.repeat(ramp(counts), words.lengths),
    )


def _distinct(segmenter: Segmenter, words: list[str]) -> tuple[list[str], IntArray]:
    """The words to cut, each once unless two draws may differ, and which of them each word is."""
    if segmenter.is_stochastic:
        return words, np.arange(len(words))
    numbers = {word: number for number, word in enumerate(dict.fromkeys(words))}
    return list(numbers), np.fromiter(map(numbers.__getitem__, words), np.int64, len(words))
