"""What cuts text into ids: the protocol of the two engines, its result, and one call for both."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray
from tokenizers import AddedToken

from camembert_dual.common.arrays import IntArray
from camembert_dual.tokenization.added_tokens import AddedTokens, Segment
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

    def without_added(self) -> Segmenter:
        """The same vocabulary, which cuts added tokens in a text as it cuts any text."""

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
    if len(texts) == 1 == len(inputs):
        return segmenter.encode(texts, unk_id)
    is_words = len(texts) < len(inputs)
    distinct, numbers = _distinct(segmenter, list(chain(*inputs)) if is_words else texts)
    rows = take_rows(segmenter.encode(distinct, unk_id), numbers)[0]
    return merge_rows(rows, [len(one) for one in inputs]) if is_words else rows


def align_inputs(
    segmenter: Segmenter, inputs: Sequence[TextInput], unk_id: int | None
) -> SegmentedTexts:
    """Align texts, or lists of words, whose offsets count from each word's beginning."""
    texts = [one for one in inputs if isinstance(one, str)]
    is_words = len(texts) < len(inputs)
    distinct, numbers = _distinct(segmenter, list(chain(*inputs)) if is_words else texts)
    segmented = segmenter.align(distinct, unk_id)
    rows, places = take_rows(segmented.ids, numbers)
    counts = np.fromiter(map(len, inputs), np.int64, len(inputs))
    return SegmentedTexts(
        ids=merge_rows(rows, counts) if is_words else rows,
        tokens=segmented.tokens[places],
        starts=segmented.starts[places],
        ends=segmented.ends[places],
        words=np.repeat(ramp(counts), rows.lengths) if is_words else segmented.words[places],
    )


def _distinct(segmenter: Segmenter, texts: list[str]) -> tuple[list[str], IntArray]:
    """What to cut, each text once unless two draws may differ, and which of them each text is.

    Words come again, and so do the paragraphs that several questions are about.
    """
    if segmenter.is_stochastic:
        return texts, np.arange(len(texts))
    numbers = {text: number for number, text in enumerate(dict.fromkeys(texts))}
    return list(numbers), np.fromiter(map(numbers.__getitem__, texts), np.int64, len(texts))


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
