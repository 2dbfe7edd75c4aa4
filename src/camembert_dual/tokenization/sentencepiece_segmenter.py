"""SentencePiece as CamemBERT numbers it: the engine behind the slow and the fast tokenizer.

``fairseq`` put four tokens of its own before the pieces, which themselves begin with three that it
already had; so four ids are dead, and piece k has id k + 4. See Martin et al. 2020 and fairseq's
``dict.txt`` of CamemBERT.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import Any

import numpy as np
import sentencepiece
from numpy.typing import NDArray
from tokenizers import AddedToken

from camembert_dual.common.arrays import IntArray
from camembert_dual.common.id_layout import META_SYMBOL, PIECE_OFFSET, UNK_ID
from camembert_dual.tokenization.added_tokens import AddedTokens, Cut
from camembert_dual.tokenization.ragged import Ragged, from_lists
from camembert_dual.tokenization.segmenter import SegmentedTexts, check_utf8

FEW = 32  # fewer texts are not worth the library's threads


class SentencePieceSegmenter:
    """A SentencePiece model whose piece k has id k + 4, and the tokens added to it."""

    def __init__(
        self, model: bytes, added: dict[int, AddedToken], sp_model_kwargs: dict[str, Any]
    ) -> None:
        """Load a serialized model; ``sp_model_kwargs`` go to ``SentencePieceProcessor``."""
        self.model = model
        self.sp_model_kwargs = dict(sp_model_kwargs)
        self.added = AddedTokens(added)
        self._load()

    def _load(self) -> None:
        try:
            self.sp_model = sentencepiece.SentencePieceProcessor(
                model_proto=self.model, **self.sp_model_kwargs
            )
        except RuntimeError as error:
            raise ValueError(
                "A vocabulary must be a SentencePiece model or a tokenizer.json; received "
                f"{len(self.model)} bytes that are neither."
            ) from error
        self.is_stochastic = bool(self.sp_model_kwargs.get("enable_sampling", False))
        self._unk_piece = self.sp_model.unk_id()
        self._pieces: list[str] = self.sp_model.id_to_piece(list(range(len(self.sp_model))))
        self._sizes = _sizes(self.sp_model, self._pieces)
        self._begins_word = np.array([piece[:1] == META_SYMBOL for piece in self._pieces], bool)
        self._model_ids = np.arange(len(self.sp_model), dtype=np.int64) + PIECE_OFFSET
        self._model_ids[self._unk_piece] = UNK_ID

    def __getstate__(self) -> dict[str, Any]:
        """The serialized model travels, so the source file may be gone."""
        return {"model": self.model, "sp_model_kwargs": self.sp_model_kwargs, "added": self.added}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Load the model again."""
        self.__dict__.update(state)
        self._load()

    def encode(self, texts: Sequence[str]) -> Ragged:
        """Ids of every text."""
        if self.is_stochastic:
            return self.align(texts).ids
        if not self.added.in_any(texts):
            return self._model_rows(self._run(texts, int))
        cut = Cut([self.added.split(text) for text in texts])
        plain = self._model_rows(self._run(cut.plain_texts(texts), int))
        return cut.weave_rows(plain)

    def align(self, texts: Sequence[str]) -> SegmentedTexts:
        """Ids, tokens, offsets and word numbers of every text."""
        if not self.added.in_any(texts):
            return self._align_plain(texts)
        cut = Cut([self.added.split(text) for text in texts])
        plain = self._align_plain(cut.plain_texts(texts))
        shift = np.repeat(cut.bounds(is_added=False)[0], plain.ids.lengths)
        added_starts, added_stops = cut.bounds(is_added=True)
        contents = [self.added.by_id[index].content for index in cut.token_ids]
        begins = np.diff(plain.words, prepend=-1) != 0
        begins[_first_tokens(plain.ids)] = True
        ids = cut.weave_rows(plain.ids)
        counts = cut.counts(plain.ids.lengths)
        return SegmentedTexts(
            ids,
            cut.weave(counts, plain.tokens, np.array(contents, object)),
            cut.weave(counts, plain.starts + shift, added_starts),
            cut.weave(counts, plain.ends + shift, added_stops),
            _word_numbers(cut.weave(counts, begins, [True] * len(contents)), ids),
        )

    def _align_plain(self, texts: Sequence[str]) -> SegmentedTexts:
        """The same for texts without added tokens."""
        pieces = self._run(texts, str)
        flat = list(chain.from_iterable(pieces))
        lengths = np.fromiter(map(len, pieces), np.int64, len(pieces))
        numbers = np.array(self.sp_model.piece_to_id(flat), np.int64)
        sizes, begins = self._sizes[numbers], self._begins_word[numbers]
        for place in np.flatnonzero(numbers == self._unk_piece).tolist():  # as long as its text
            sizes[place], begins[place] = len(flat[place]), flat[place][:1] == META_SYMBOL
        ids = Ragged(self._model_ids[numbers], lengths)
        starts, ends = self._spans(texts, flat, sizes, ids)
        begins[_first_tokens(ids)] = True
        return SegmentedTexts(ids, np.array(flat, object), starts, ends, _word_numbers(begins, ids))

    def _model_rows(self, pieces: list[list[int]]) -> Ragged:
        rows = from_lists(pieces)
        return Ragged(self._model_ids[rows.values], rows.lengths)

    def _run(self, texts: Sequence[str], out_type: type) -> list[Any]:
        """Cut texts, many at once by the library's threads."""
        encode = self.sp_model.encode
        try:
            if len(texts) < FEW:
                return [encode(text, out_type=out_type) for text in texts]
            return list(encode(list(texts), out_type=out_type))
        except (RuntimeError, TypeError, UnicodeError):
            for text in texts:
                check_utf8(text)
            raise

    def _spans(
        self, texts: Sequence[str], pieces: list[str], sizes: IntArray, ids: Ragged
    ) -> tuple[IntArray, IntArray]:
        """The characters of its text that each piece stands for.

        A normalised character stands for the text from its own place to the next one that is
        farther on, so both halves of a cut ligature cover all of it, and a character composed of
        several covers them all. The blank that SentencePiece puts first stands for nothing.
        """
        places = from_lists([self.sp_model.normalize(text, with_offsets=True)[1] for text in texts])
        room = np.fromiter(map(len, texts), np.int64, len(texts)) + 1
        base = np.cumsum(room) - room  # makes places grow from one text to the next
        place = places.values + np.repeat(base, places.lengths)
        edges = np.concatenate([[0], np.cumsum(sizes)])
        row_places = places.starts()
        stops = edges[1:] + np.repeat(row_places - edges[ids.starts()], ids.lengths)
        first = place[np.minimum(stops - sizes, stops - 1)]
        after = np.searchsorted(place, place[stops - 1], side="right")
        last = place[np.minimum(after, np.repeat(row_places + places.lengths - 1, ids.lengths))]
        bare = [head for head in _first_tokens(ids).tolist() if pieces[head] == META_SYMBOL]
        last[bare] = first[bare]
        origin = np.repeat(base, ids.lengths)
        return first - origin, last - origin

    def token_to_id(self, token: str) -> int | None:
        """The id of a token; None if unknown."""
        if token in self.added.ids:
            return self.added.ids[token]
        piece = self.sp_model.piece_to_id(token)
        return None if piece == self._unk_piece else piece + PIECE_OFFSET

    def id_to_token(self, index: int) -> str | None:
        """The token of an id; None if there is no such id."""
        if index in self.added.by_id:
            return self.added.by_id[index].content
        if PIECE_OFFSET < index < len(self._pieces) + PIECE_OFFSET:
            return self._pieces[index - PIECE_OFFSET]
        return None

    def add(self, token: AddedToken) -> bool:
        """Make ``token`` an added token; say whether the vocabulary grew."""
        known = self.token_to_id(token.content)
        self.added.set(len(self) if known is None else known, token)
        return known is None

    def vocab(self) -> dict[str, int]:
        """Every token with its id."""
        table = {piece: index for index, piece in enumerate(self._pieces[1:], PIECE_OFFSET + 1)}
        return table | self.added.ids

    def join(self, tokens: Sequence[str]) -> str:
        """The text of ordinary tokens."""
        text: str = self.sp_model.decode(list(tokens))
        return text

    def size(self) -> int:
        """The number of pieces, as the reference counts it."""
        return len(self.sp_model)

    def __len__(self) -> int:
        """One more than the highest id: the rows that an embedding needs."""
        pieces = len(self.sp_model) + PIECE_OFFSET
        return max(pieces, max(self.added.by_id, default=0) + 1)


def _first_tokens(rows: Ragged) -> IntArray:
    """The places where rows that are not empty begin."""
    return rows.starts()[rows.lengths > 0]


def _word_numbers(begins: NDArray[np.bool_], rows: Ragged) -> IntArray:
    """Count the words of every row, given which tokens begin one."""
    words: IntArray = np.concatenate([[0], np.cumsum(begins)])
    numbers: IntArray = words[1:] - np.repeat(words[rows.starts()], rows.lengths) - 1
    return numbers


def _sizes(sp_model: Any, pieces: Sequence[str]) -> IntArray:
    """Characters of each piece; of a byte's, how many begin with that byte."""
    sizes = np.array([len(piece) for piece in pieces], np.int64)
    for index in np.flatnonzero(sp_model.is_byte(list(range(len(pieces))))).tolist():
        sizes[index] = int(pieces[index][1:-1], 16) & 0xC0 != 0x80
    return sizes
