"""Rows of a batch as tokens with the characters, words and sequences that they come from."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from camembert_dual.tokenization.assembly import Rows
from camembert_dual.tokenization.backend import Aligned, Backend
from camembert_dual.tokenization.template import Template
from camembert_dual.tokenization.truncation import Windows

Source = str | Sequence[str]


@dataclass(frozen=True)
class Encoding:
    """One row: everything known about its tokens; None stands for special tokens and padding."""

    ids: list[int]
    type_ids: list[int]
    tokens: list[str]
    offsets: list[tuple[int, int]]
    word_ids: list[int | None]
    sequence_ids: list[int | None]
    special_tokens_mask: list[int]
    attention_mask: list[int]

    def __len__(self) -> int:
        """Tokens of the row, padding included."""
        return len(self.ids)


class Pad(NamedTuple):
    """What fills a row up."""

    token_id: int | None
    token: str | None
    type_id: int
    side: str


class Alignment:
    """The encodings of a batch, worked out when first asked for."""

    def __init__(
        self,
        backend: Backend,
        samples: Sequence[tuple[Source, Source | None]],
        rows: Rows,
        windows: Windows,
        template: Template,
        pad: Pad,
    ) -> None:
        """Keeps what :meth:`row` needs; computes nothing yet."""
        self._recipe = (backend, samples, rows, windows, template, pad)
        self._aligned: dict[int, tuple[Aligned, Aligned | None]] = {}
        self._rows: dict[int, Encoding] = {}
        self.size = len(rows.lengths)

    def __len__(self) -> int:
        """Number of rows."""
        return self.size

    def __getstate__(self) -> dict[str, object]:
        """Travels to another process as finished rows, without the tokenizer."""
        rows = {index: self.row(index) for index in range(self.size)}
        return {"_rows": rows, "size": self.size}

    def preset(self, sample: int, aligned: tuple[Aligned, Aligned | None]) -> None:
        """Gives the alignment of a sample that cannot be worked out twice."""
        self._aligned[sample] = aligned

    def row(self, index: int) -> Encoding:
        """The encoding of a row.

        Raises:
            IndexError: If there is no such row.
        """
        if not -self.size <= index < self.size:
            raise IndexError(f"row must be under {self.size}; received {index}")
        index %= self.size
        if index not in self._rows:
            self._rows[index] = self._build(index)
        return self._rows[index]

    def _build(self, index: int) -> Encoding:
        backend, samples, rows, windows, template, pad = self._recipe
        sample, a_start, a_stop, b_start, b_stop = (int(column[index]) for column in windows)
        if sample not in self._aligned:
            first, second = samples[sample]
            self._aligned[sample] = (
                align_source(backend, first),
                None if second is None else align_source(backend, second),
            )
        first_aligned, second_aligned = self._aligned[sample]
        out = Encoding([], [], [], [], [], [], [], [])
        for content, type_id in template:
            if not isinstance(content, str):
                _special(out, content, backend.id_to_token(content) or "", type_id, 1)
            elif content == "A":
                _sequence(out, first_aligned, a_start, a_stop, type_id, 0)
            elif second_aligned is not None:
                _sequence(out, second_aligned, b_start, b_stop, type_id, 1)
        padding = Encoding([], [], [], [], [], [], [], [])
        for _ in range(int(rows.widths[index]) - len(out)):
            _special(padding, pad.token_id or 0, pad.token or "", pad.type_id, 0)
        return _joined(padding, out) if pad.side == "left" else _joined(out, padding)


def align_source(backend: Backend, source: Source) -> Aligned:
    """Aligns a text, or a list of words whose offsets count from each word's beginning."""
    if isinstance(source, str):
        return backend.align(source)
    merged = Aligned([], [], [], [])
    for number, word in enumerate(source):
        aligned = backend.align(word)
        merged.ids.extend(aligned.ids)
        merged.tokens.extend(aligned.tokens)
        merged.offsets.extend(aligned.offsets)
        merged.words.extend([number] * len(aligned.ids))
    return merged


def _special(out: Encoding, index: int, token: str, type_id: int, attention: int) -> None:
    out.ids.append(index)
    out.type_ids.append(type_id)
    out.tokens.append(token)
    out.offsets.append((0, 0))
    out.word_ids.append(None)
    out.sequence_ids.append(None)
    out.special_tokens_mask.append(1)
    out.attention_mask.append(attention)


def _sequence(
    out: Encoding, aligned: Aligned, start: int, stop: int, type_id: int, sequence: int
) -> None:
    size = stop - start
    out.ids.extend(aligned.ids[start:stop])
    out.type_ids.extend([type_id] * size)
    out.tokens.extend(aligned.tokens[start:stop])
    out.offsets.extend(aligned.offsets[start:stop])
    out.word_ids.extend(aligned.words[start:stop])
    out.sequence_ids.extend([sequence] * size)
    out.special_tokens_mask.extend([0] * size)
    out.attention_mask.extend([1] * size)


def _joined(first: Encoding, second: Encoding) -> Encoding:
    fields = Encoding.__dataclass_fields__
    return Encoding(*(getattr(first, name) + getattr(second, name) for name in fields))
