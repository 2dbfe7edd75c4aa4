"""From ids of sequences to model inputs: templates and padding, in whole-batch array steps.

Legend: N rows, L width of a padded row.
"""

from typing import NamedTuple

import numpy as np

from camembert_dual.tokenization.ragged import IntArray, Ragged, ramp
from camembert_dual.tokenization.template import Part, Template, count_special
from camembert_dual.tokenization.truncation import Windows


class Rows(NamedTuple):
    """N rows one after the other in a flat buffer: ``widths`` with padding, ``lengths`` without.

    ``starts`` is where the first token that is not padding stands.
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
                "tensors need rows of one length: pass padding=True and truncation=True; received "
                f"rows of {widths[0]} to {widths[-1]} tokens"
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


def lay_out(lengths: IntArray, width: int, side: str) -> Rows:
    """Places rows of the given lengths, each padded on ``side`` to at least ``width``."""
    widths = np.maximum(lengths, width)
    starts = np.cumsum(widths) - widths
    return Rows(lengths, widths, starts + (widths - lengths) if side == "left" else starts)


class Place(NamedTuple):
    """Where one part of a template goes in the flat buffer.

    Attributes:
        part: The part: a special token, or sequence A or B.
        target: Places in the buffer.
        origin: For a sequence, places in its flat ids.
    """

    part: Part
    target: IntArray
    origin: IntArray


def find_places(
    rows: Rows, windows: Windows, template: Template, first: Ragged, second: Ragged | None
) -> list[Place]:
    """Works out where everything goes."""
    places = []
    cursor = rows.starts.copy()
    for part in template:
        if not isinstance(part.content, str):
            places.append(Place(part, cursor, cursor))
            cursor = cursor + 1
            continue
        source = first if part.content == "A" or second is None else second
        begin, end = windows[1:3] if part.content == "A" else windows[3:5]
        counts = end - begin
        inner = ramp(counts)
        origin = np.repeat(source.starts()[windows.sample] + begin, counts) + inner
        places.append(Place(part, np.repeat(cursor, counts) + inner, origin))
        cursor = cursor + counts
    return places


def fill(
    rows: Rows,
    places: list[Place],
    first: Ragged,
    second: Ragged | None,
    *,
    pad_id: int,
    pad_type_id: int,
) -> Buffers:
    """Writes special tokens and sequences into flat buffers."""
    ids = np.full(rows.size(), pad_id, np.int64)
    types = np.full(rows.size(), pad_type_id, np.int64)
    special = np.ones(rows.size(), np.int64)
    attention = np.zeros(rows.size(), np.int64)
    for (content, type_id), target, origin in places:
        attention[target] = 1
        types[target] = type_id
        if isinstance(content, str):
            ids[target] = (first if content == "A" or second is None else second).values[origin]
            special[target] = 0
        else:
            ids[target] = content
    return Buffers(ids, types, attention, special)
