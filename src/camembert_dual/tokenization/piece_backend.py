"""SentencePiece as CamemBERT numbers it: the engine behind the slow and the fast tokenizer.

``fairseq`` put four tokens of its own before the pieces, which themselves begin with three that it
already had; so four ids are dead, and piece k has id k + 4. See Martin et al. 2020 and fairseq's
``dict.txt`` of CamemBERT.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import sentencepiece
from tokenizers import AddedToken

from camembert_dual.tokenization.added import AddedTokens
from camembert_dual.tokenization.backend import Aligned, check_utf8
from camembert_dual.tokenization.ragged import IntArray, Ragged, from_lists, merge_rows

FAIRSEQ_OFFSET = 4
UNK_ID = 3
WORD_START = "▁"


class PieceBackend:
    """A SentencePiece model whose piece k has id k + 4, and the tokens added to it."""

    def __init__(
        self, proto: bytes, added: dict[int, AddedToken], sp_model_kwargs: dict[str, Any]
    ) -> None:
        """Loads a serialized model; ``sp_model_kwargs`` go to ``SentencePieceProcessor``."""
        self.proto = proto
        self.sp_model_kwargs = dict(sp_model_kwargs)
        self.added = AddedTokens(added)
        self._load()

    def _load(self) -> None:
        try:
            self.sp_model = sentencepiece.SentencePieceProcessor(
                model_proto=self.proto, **self.sp_model_kwargs
            )
        except RuntimeError as error:
            raise ValueError(
                "a vocabulary must be a SentencePiece model or a tokenizer.json; received "
                f"{len(self.proto)} bytes that are neither"
            ) from error
        self.random = bool(self.sp_model_kwargs.get("enable_sampling", False))
        self._unk_piece = self.sp_model.unk_id()
        self._model_ids = np.arange(len(self.sp_model), dtype=np.int64) + FAIRSEQ_OFFSET
        self._model_ids[self._unk_piece] = UNK_ID

    def __getstate__(self) -> dict[str, Any]:
        """The serialized model travels, so the source file may be gone."""
        return {"proto": self.proto, "sp_model_kwargs": self.sp_model_kwargs, "added": self.added}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Loads the model again."""
        self.__dict__.update(state)
        self._load()

    def encode(self, texts: Sequence[str]) -> Ragged:
        """Ids of every text."""
        if self.random:
            return from_lists([self.align(text).ids for text in texts])
        if not self.added.in_any(texts):
            return self._encode_plain(texts)
        rows = [self.added.split(text) for text in texts]
        plain = self._encode_plain(
            [
                text[start:stop]
                for text, row in zip(texts, rows, strict=True)
                for start, stop, token_id in row
                if token_id is None
            ]
        )
        found = iter(np.split(plain.values, np.cumsum(plain.lengths)[:-1]))
        parts: list[IntArray] = [
            next(found) if token_id is None else np.array([token_id])
            for row in rows
            for _, _, token_id in row
        ]
        lengths = np.fromiter(map(len, parts), np.int64, len(parts))
        values = np.concatenate([*parts, np.empty(0, np.int64)])
        return merge_rows(Ragged(values, lengths), [len(row) for row in rows])

    def _encode_plain(self, texts: Sequence[str]) -> Ragged:
        pieces = from_lists(self._run(list(texts), int))
        return Ragged(self._model_ids[pieces.values], pieces.lengths)

    def _run(self, texts: list[str], out_type: type) -> list[Any]:
        try:
            return list(self.sp_model.encode(texts, out_type=out_type))
        except (RuntimeError, TypeError, UnicodeError):
            for text in texts:
                check_utf8(text)
            raise

    def align(self, text: str) -> Aligned:
        """Ids, tokens, offsets and word numbers of one text."""
        aligned = Aligned([], [], [], [])
        word = -1
        for start, stop, token_id in self.added.split(text):
            if token_id is not None:
                word += 1
                _append(aligned, token_id, self.added.by_id[token_id].content, (start, stop), word)
                continue
            source = text[start:stop]
            pieces: list[str] = self._run([source], str)[0]
            word += 1
            spans = self._spans(source, pieces)
            for order, (piece, (first, last)) in enumerate(zip(pieces, spans, strict=True)):
                word += order > 0 and piece.startswith(WORD_START)
                index = int(self._model_ids[self.sp_model.piece_to_id(piece)])
                _append(aligned, index, piece, (start + first, start + last), word)
        return aligned

    def _spans(self, source: str, pieces: list[str]) -> Iterator[tuple[int, int]]:
        """The characters of ``source`` that each piece stands for.

        A normalised character stands for the source from its own place to the next one that is
        farther on, so both halves of a cut ligature cover all of it, and a character composed of
        several covers them all. The blank that SentencePiece puts first stands for nothing.
        """
        _, places = self.sp_model.normalize(source, with_offsets=True)
        place: IntArray = np.asarray(places, np.int64)
        sizes = np.fromiter(map(len, pieces), np.int64, len(pieces))
        stops = np.cumsum(sizes)
        first = place[stops - sizes]
        after = np.searchsorted(place, place[stops - 1], side="right")
        last = place[np.minimum(after, len(place) - 1)]
        if pieces and pieces[0] == WORD_START:
            last[0] = first[0]
        return zip(first.tolist(), last.tolist(), strict=True)

    def token_to_id(self, token: str) -> int | None:
        """The id of a token; None if unknown."""
        if token in self.added.ids:
            return self.added.ids[token]
        piece = self.sp_model.piece_to_id(token)
        return None if piece == self._unk_piece else piece + FAIRSEQ_OFFSET

    def id_to_token(self, index: int) -> str | None:
        """The token of an id; None if there is no such id."""
        if index in self.added.by_id:
            return self.added.by_id[index].content
        if FAIRSEQ_OFFSET < index < len(self.sp_model) + FAIRSEQ_OFFSET:
            token: str = self.sp_model.id_to_piece(index - FAIRSEQ_OFFSET)
            return token
        return None

    def add(self, token: AddedToken) -> bool:
        """Makes ``token`` an added token; says whether the vocabulary grew."""
        known = self.token_to_id(token.content)
        self.added.set(len(self) if known is None else known, token)
        return known is None

    def vocab(self) -> dict[str, int]:
        """Every token with its id."""
        pieces = self.sp_model.id_to_piece(list(range(1, len(self.sp_model))))
        table = {piece: index for index, piece in enumerate(pieces, FAIRSEQ_OFFSET + 1)}
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
        pieces = len(self.sp_model) + FAIRSEQ_OFFSET
        return max(pieces, max(self.added.by_id, default=0) + 1)


def _append(aligned: Aligned, index: int, token: str, offset: tuple[int, int], word: int) -> None:
    aligned.ids.append(index)
    aligned.tokens.append(token)
    aligned.offsets.append(offset)
    aligned.words.append(word)
