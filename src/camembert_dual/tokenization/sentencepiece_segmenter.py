"""SentencePiece as CamemBERT numbers it: the engine behind the slow and the fast tokenizer.

``fairseq`` put four tokens of its own before the pieces, which themselves begin with three that it
already had; so four ids are dead, and piece k has id k + 4. See Martin et al. 2020 and fairseq's
``dict.txt`` of CamemBERT.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Any

import numpy as np
import sentencepiece
from numpy.typing import NDArray
from tokenizers import AddedToken

from camembert_dual.common.arrays import IntArray
from camembert_dual.common.errors import is_integer, require, shown
from camembert_dual.common.id_layout import (
    FIRST_TOKENS,
    MASK,
    META_SYMBOL,
    PAD_ID,
    PIECE_OFFSET,
    UNK,
    UNK_ID,
    UNUSED_UNK_ID,
    mask_id,
)
from camembert_dual.tokenization.added_tokens import (
    AddedTokens,
    Token,
    check_utf8,
    special_token,
)
from camembert_dual.tokenization.options import SAMPLING_KINDS, check_kinds
from camembert_dual.tokenization.ragged import Ragged, from_lists
from camembert_dual.tokenization.segmenter import Cut, SegmentedTexts

_ADDING = threading.Lock()  # one thread at a time gives new ids
FEW = 32  # fewer texts are not worth the library's threads


class SentencePieceSegmenter:
    """A SentencePiece model whose piece k has id k + 4, and the tokens added to it."""

    def __init__(self, model: bytes, sp_model_kwargs: dict[str, Any]) -> None:
        """Load a serialized model; ``sp_model_kwargs`` go to ``SentencePieceProcessor``."""
        unknown = sp_model_kwargs.keys() - SAMPLING_KINDS
        rule = f"sp_model_kwargs must be {', '.join(SAMPLING_KINDS)}"
        require(not unknown, rule, shown(sorted(unknown, key=str)))
        check_kinds(sp_model_kwargs, SAMPLING_KINDS)
        self.model = model
        self.sp_model_kwargs = dict(sp_model_kwargs)
        self.added = AddedTokens({})
        self._load()

    def _load(self) -> None:
        try:
            self.sp_model = sentencepiece.SentencePieceProcessor(
                model_proto=self.model, **self.sp_model_kwargs
            )
        except (AttributeError, RuntimeError, TypeError) as error:
            raise ValueError(
                "A vocabulary must be a SentencePiece model or a tokenizer.json; received "
                f"{len(self.model)} bytes that are neither."
            ) from error
        self.looks_for = self.added
        self.is_stochastic = bool(self.sp_model_kwargs.get("enable_sampling", False))
        self._unk_piece = self.sp_model.unk_id()
        self._pieces: list[str] = self.sp_model.id_to_piece(list(range(len(self.sp_model))))
        self._sizes = _sizes(self.sp_model, self._pieces)
        self._begins_word = np.array([piece[:1] == META_SYMBOL for piece in self._pieces], bool)

    def __getstate__(self) -> dict[str, Any]:
        """The serialized model travels, so the source file may be gone."""
        return {"model": self.model, "sp_model_kwargs": self.sp_model_kwargs, "added": self.added}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Load the model again."""
        self.__dict__.update(state)
        self._load()

    def encode(self, texts: Sequence[str], unk_id: int | None = None) -> Ragged:
        """Ids of every text; ``unk_id`` for what no piece covers, that of ``<unk>`` by default."""
        if self.is_stochastic:
            return self.align(texts, unk_id).ids
        if not self.looks_for.in_any(texts):
            return self._model_rows(from_lists(self._run(texts, int)), unk_id)
        cut = Cut([self.looks_for.split(text) for text in texts])
        plain = self._model_rows(from_lists(self._run(cut.plain_texts(texts), int)), unk_id)
        return cut.weave_rows(plain)

    def align(self, texts: Sequence[str], unk_id: int | None = None) -> SegmentedTexts:
        """Ids, tokens, offsets and word numbers of every text."""
        if not self.looks_for.in_any(texts):
            return self._align_plain(texts, unk_id)
        cut = Cut([self.looks_for.split(text) for text in texts])
        plain = self._align_plain(cut.plain_texts(texts), unk_id)
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

    def _align_plain(self, texts: Sequence[str], unk_id: int | None) -> SegmentedTexts:
        """The same for texts without added tokens."""
        pieces = self._run(texts, str)
        flat = list(chain.from_iterable(pieces))
        lengths = np.fromiter(map(len, pieces), np.int64, len(pieces))
        numbers = np.array(self.sp_model.piece_to_id(flat), np.int64)
        sizes, begins = self._sizes[numbers], self._begins_word[numbers]
        for place in np.flatnonzero(numbers == self._unk_piece).tolist():  # as long as its text
            sizes[place], begins[place] = len(flat[place]), flat[place][:1] == META_SYMBOL
        ids = self._model_rows(Ragged(numbers, lengths), unk_id)
        starts, ends = self._spans(texts, flat, sizes, ids)
        begins[_first_tokens(ids)] = True
        return SegmentedTexts(ids, np.array(flat, object), starts, ends, _word_numbers(begins, ids))

    def _model_rows(self, pieces: Ragged, unk_id: int | None) -> Ragged:
        """The ids of the model's own piece numbers."""
        ids = pieces.values + PIECE_OFFSET
        ids[pieces.values == self._unk_piece] = UNK_ID if unk_id is None else unk_id
        return Ragged(ids, pieces.lengths)

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

    def add(self, tokens: Sequence[AddedToken]) -> int:
        """Make tokens added ones, their flags as given; return by how many the vocabulary grew."""
        with _ADDING:
            start = rows = len(self)
            placed: dict[str, tuple[int, AddedToken]] = {}
            for token in tokens:
                text = token.content
                known = placed[text][0] if text in placed else self.token_to_id(text)
                placed[text] = rows if known is None else known, token
                rows += known is None
            self.added.update(dict(placed.values()))
            return rows - start

    def without_added(self) -> SentencePieceSegmenter:
        """The same vocabulary, which cuts added tokens in a text as it cuts any text."""
        bare = object.__new__(type(self))
        bare.__dict__ |= vars(self) | {"looks_for": AddedTokens({})}
        return bare

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
        return max(pieces, self.added.rows)


def number_tokens(
    segmenter: SentencePieceSegmenter,
    roles: Mapping[str, Token | None],
    stated: Mapping[int, Token],
) -> dict[int, AddedToken]:
    """The ids of the tokens beside the pieces: what files say, else what CamemBERT usually has.

    Usually ``pad_token``, ``unk_token`` and ``mask_token`` play their roles at ids that are theirs.
    A role's token of another id, as a piece or by what the files say, leaves such a place to the
    usual text.

    Args:
        segmenter: The pieces.
        roles: The special tokens by role.
        stated: What files say.

    Raises:
        ValueError: If an id is taken twice, or cannot be.
    """
    kept = _without_habits(segmenter, stated)
    _check_ids(segmenter, kept)
    table = {index: _with_flags(token, roles) for index, token in kept.items()}
    texts = {str(token) for token in kept.values()}
    places: dict[int, str | None] = dict.fromkeys(range(UNUSED_UNK_ID + 1))
    places |= {PAD_ID: "pad_token", UNK_ID: "unk_token", mask_id(segmenter.size()): "mask_token"}
    for index, role in places.items():
        usual = FIRST_TOKENS[index] if index <= UNUSED_UNK_ID else MASK
        for token in (roles.get(role or ""), usual):
            text = usual if token is None else str(token)
            free = text not in texts and segmenter.token_to_id(text) is None
            if index not in table and free:
                texts.add(text)
                lstrip = role == "mask_token"
                own = special_token(text, lstrip=lstrip)
                table[index] = token if isinstance(token, AddedToken) else own
    return table


def _with_flags(token: Token, roles: Mapping[str, Token | None]) -> AddedToken:
    """A token as its role says, where a file has but its text."""
    if isinstance(token, AddedToken):
        return token
    for role, other in roles.items():
        if str(other) == token:
            own = special_token(token, lstrip=role == "mask_token")
            return other if isinstance(other, AddedToken) else own
    return AddedToken(token, normalized=True)


def _without_habits(
    segmenter: SentencePieceSegmenter, stated: Mapping[int, Token]
) -> dict[int, Token]:
    """What files say, less what programs wrote whatever they meant.

    Published files have ``<unk>`` at 3 or at 4, and ``<unk>NOTUSED`` at 4, nowhere, or behind the
    mask and outside the embedding; unknown text must give 3. The reference's slow class puts
    ``pad_token`` at 1 and ``unk_token`` at 3 also where they have an id of their own.
    """
    unused = FIRST_TOKENS[UNUSED_UNK_ID]
    kept = {
        index: token
        for index, token in stated.items()
        if str(token) != unused or index == UNUSED_UNK_ID
    }
    counts = Counter(map(str, kept.values()))
    for index in (PAD_ID, UNK_ID):
        text = str(kept.get(index, FIRST_TOKENS[index]))
        if segmenter.token_to_id(text) is not None or (counts[text] > 1 and text != UNK):
            kept.pop(index, None)
    if UNUSED_UNK_ID in kept and str(kept[UNUSED_UNK_ID]) == UNK:
        moved = kept.pop(UNUSED_UNK_ID)
        kept.setdefault(UNK_ID, moved)
    return kept


def _check_ids(segmenter: SentencePieceSegmenter, stated: Mapping[int, Token]) -> None:
    pieces = range(PIECE_OFFSET + 1, mask_id(segmenter.size()))
    rows = 2 * (pieces.stop + 1 + len(stated))  # no program leaves more ids out than it uses
    seen: set[str] = set()
    for index, token in stated.items():
        text = str(token)
        piece = segmenter.token_to_id(text)
        is_near = is_integer(index, 0) and index < rows
        is_own = piece == index or (piece is None and index not in pieces)
        if not is_near or not is_own or text in seen:
            told = f"{shown(text)} at {shown(index)}"
            require(is_near, f"An added token must have an id from 0 to {rows - 1}", told)
            require(is_own, "A piece must have its own id and no other", told)
            require(False, "An added token must have one id", told)
        seen.add(text)


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
