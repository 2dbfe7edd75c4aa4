"""From ids of sequences to model inputs: templates and padding, in whole-batch array steps.

Legend: N rows, L width of a padded row.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from camembert_dual.common.arrays import BoolArray, IntArray
from camembert_dual.tokenization.ragged import Ragged, ramp
from camembert_dual.tokenization.template import Template, TemplatePiece, count_special
from camembert_dual.tokenization.truncation import Windows


class BatchLayout(NamedTuple):
    """N rows one after the other in a flat buffer.

    Attributes:
        lengths: Tokens of every row, without padding (N).
        widths: The same with padding (N).
        starts: Where the first token that is not padding stands (N).
    """

    lengths: IntArray
    widths: IntArray
    starts: IntArray

    def size(self) -> int:
        """Length of the flat buffer."""
        return int(self.widths.sum())

    def to_lists(self, flat: IntArray) -> list[list[int]]:
        """A flat buffer as Python lists."""
        return Ragged(flat, self.widths).to_lists()

    def to_matrix(self, flat: IntArray) -> IntArray:
        """A flat buffer as an array (N, L).

        Raises:
            ValueError: If the rows are not equally long.
        """
        widths = np.unique(self.widths)
        if len(widths) > 1:
            raise ValueError(
                "Rows must be of one length to become tensors: pass padding=True and "
                f"truncation=True; received rows of {widths[0]} to {widths[-1]} tokens."
            )
        return flat.reshape(len(self.lengths), int(widths.sum()))


class Buffers(NamedTuple):
    """The flat buffers of a batch."""

    input_ids: IntArray
    token_type_ids: IntArray
    attention_mask: IntArray
    special_tokens_mask: IntArray


def row_lengths(windows: Windows, template: Template) -> IntArray:
    """Tokens of every row, special ones included."""
    a, b = windows.a_stop - windows.a_start, windows.b_stop - windows.b_start
    return a + b + count_special(template)


def lay_out(lengths: IntArray, width: int, side: str) -> BatchLayout:
    """Place rows of the given lengths, each padded on ``side`` to at least ``width``."""
    widths = np.maximum(lengths, width)
    starts = np.cumsum(widths) - widths
    return BatchLayout(lengths, widths, starts + (widths - lengths) if side == "left" else starts)


class Slot(NamedTuple):
    """Where one piece of a template goes in the flat buffer.

    Attributes:
        piece: A special token, or sequence A or B.
        target: Places in the buffer.
        origin: For a sequence, places in its flat ids.
    """

    piece: TemplatePiece
    target: IntArray
    origin: IntArray


def find_slots(
    rows: BatchLayout, windows: Windows, template: Template, first: Ragged, second: Ragged | None
) -> list[Slot]:
    """Work out where everything goes."""
    slots = []
    cursor = rows.starts.copy()
    for piece in template:
        if not isinstance(piece.content, str):
            slots.append(Slot(piece, cursor, cursor))
            cursor = cursor + 1
            continue
        sequence = first if piece.content == "A" or second is None else second
        begin, end = windows[1:3] if piece.content == "A" else windows[3:5]
        counts = end - begin
        inner = ramp(counts)
        origin = np.repeat(sequence.starts()[windows.sample] + begin, counts) + inner
        slots.append(Slot(piece, np.repeat(cursor, counts) + inner, origin))
        cursor = cursor + counts
    return slots


def write_buffers(
    rows: BatchLayout,
    slots: list[Slot],
    sequences: tuple[Ragged, Ragged | None],
    pad_id: int,
    pad_type_id: int,
    special_rows: BoolArray,
) -> Buffers:
    """Write special tokens and sequences into flat buffers."""
    first, second = sequences
    ids = np.full(rows.size(), pad_id, np.int64)
    types = np.full(rows.size(), pad_type_id, np.int64)
    special = np.ones(rows.size(), np.int64)
    attention = np.zeros(rows.size(), np.int64)
    for (content, type_id), target, origin in slots:
        attention[target] = 1
        types[target] = type_id
        if isinstance(content, str):
            values = (first if content == "A" or second is None else second).values[origin]
            ids[target] = values
            special[target] = special_rows[np.minimum(values, len(special_rows) - 1)]
        else:
            ids[target] = content
    return Buffers(ids, types, attention, special)
