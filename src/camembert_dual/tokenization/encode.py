"""The call of a tokenizer: texts in, a :class:`BatchEncoding` out."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from camembert_dual.common.arrays import to_tensor
from camembert_dual.tokenization.alignment import (
    Alignment,
    TokenSources,
    align_sources,
    find_sources,
)
from camembert_dual.tokenization.batch_encoding import BatchEncoding
from camembert_dual.tokenization.layout import (
    Buffers,
    Place,
    Rows,
    fill,
    find_places,
    lay_out,
    row_lengths,
)
from camembert_dual.tokenization.options import (
    Options,
    padded_width,
    padding_of,
    side_of,
    truncation_of,
)
from camembert_dual.tokenization.ragged import IntArray, Ragged
from camembert_dual.tokenization.samples import Samples, encode_sources
from camembert_dual.tokenization.segmenter import Aligned
from camembert_dual.tokenization.template import BARE, Template, count_special
from camembert_dual.tokenization.truncation import Windows, plan_windows

if TYPE_CHECKING:
    from camembert_dual.tokenization.base import BaseTokenizer


class Pad(NamedTuple):
    """What fills a row up."""

    token_id: int | None
    token: str | None
    type_id: int


class Layout(NamedTuple):
    """What the rows of a batch hold and where: decided before any id is copied."""

    windows: Windows
    template: Template
    rows: Rows
    pad: Pad


def encode_samples(tokenizer: "BaseTokenizer", samples: Samples, options: Options) -> BatchEncoding:
    """Encodes texts."""
    backend = tokenizer.backend
    sides = [[a for a, _ in samples.items]]
    if samples.pairs:
        sides.append([b for _, b in samples.items if b is not None])
    drawn: list[Aligned] = []
    if backend.random:  # ids and alignment must come from the same draw
        drawn = [align_sources(backend, side) for side in sides]
        ids = [one.ids for one in drawn]
    else:
        ids = [encode_sources(backend, side) for side in sides]
    sequences = ids[0], ids[1] if samples.pairs else None
    layout = plan(tokenizer, *sequences, options)
    places = find_places(layout.rows, layout.windows, layout.template, *sequences)

    def solve() -> TokenSources:
        aligned = drawn or [align_sources(backend, side) for side in sides]
        same = [np.array_equal(a.ids.values, b.values) for a, b in zip(aligned, ids, strict=True)]
        if not all(same):
            raise ValueError(
                "the tokens of an encoding must be asked for before tokens are added to its "
                "tokenizer; encode again"
            )
        return find_sources(backend, aligned, layout.rows, places, layout.pad.token or "")

    return collect(tokenizer, sequences, layout, places, options, samples.batched, solve)


def plan(
    tokenizer: "BaseTokenizer", first: Ragged, second: Ragged | None, options: Options
) -> Layout:
    """Chooses template, windows and places for sequences of these lengths.

    Raises:
        ValueError: If the options contradict each other or cannot be met.
    """
    templates = tokenizer.templates() if options.add_special_tokens else BARE
    template = templates.single if second is None else templates.pair
    padding, truncation = padding_of(options.padding), truncation_of(options)
    multiple = options.pad_to_multiple_of
    limit = tokenizer.limit() if options.max_length is None else options.max_length
    if truncation and padding and multiple and limit is not None and limit % multiple:
        raise ValueError(
            "max_length must be a multiple of pad_to_multiple_of when rows are cut and padded; "
            f"received {limit} and {multiple}"
        )
    windows = plan_windows(
        first.lengths,
        np.zeros_like(first.lengths) if second is None else second.lengths,
        budget=None if limit is None else limit - count_special(template),
        strategy=truncation,
        stride=options.stride,
        overflow=options.return_overflowing_tokens,
        side=side_of(tokenizer.truncation_side),
        pairs=second is not None,
    )
    lengths = row_lengths(windows, template)
    longest = int(lengths.max(initial=0))
    if truncation is None and options.verbose:
        tokenizer.warn_if_over_limit(longest)
    side = side_of(options.padding_side or tokenizer.padding_side)
    width = padded_width(longest, padding, limit, multiple)
    pad = Pad(tokenizer.pad_token_id, tokenizer.pad_token, tokenizer.pad_token_type_id)
    if width and pad.token_id is None:
        raise ValueError("padding needs a pad_token; the tokenizer has none")
    return Layout(windows, template, lay_out(lengths, width, side), pad)


def collect(
    tokenizer: "BaseTokenizer",
    sequences: tuple[Ragged, Ragged | None],
    layout: Layout,
    places: list[Place],
    options: Options,
    batched: bool,
    solve: Callable[[], TokenSources] | None = None,
) -> BatchEncoding:
    """Fills the buffers and hands back the fields that were asked for."""
    buffers = fill(
        layout.rows,
        places,
        *sequences,
        pad_id=layout.pad.token_id or 0,
        pad_type_id=layout.pad.type_id,
    )
    alignment = None if solve is None else Alignment(layout.rows, buffers, solve)
    fields = _fields(tokenizer, buffers, layout, options)
    kind = options.return_tensors
    single = not batched and kind is None and not options.return_overflowing_tokens
    data: dict[str, Any] = {}
    for name, values in fields.items():
        if name in buffers._fields:
            matrix = kind is not None
            rows = layout.rows.to_matrix(values) if matrix else layout.rows.to_lists(values)
        else:
            rows = values if kind is not None else values.tolist()
        data[name] = to_tensor(rows, kind) if kind is not None else rows[0] if single else rows
    if options.return_offsets_mapping:
        if alignment is None:
            raise ValueError("return_offsets_mapping needs text; received ids")
        if kind is not None:
            data["offset_mapping"] = to_tensor(alignment.offset_matrix(), kind)
        else:
            offsets = alignment.offsets()
            data["offset_mapping"] = offsets[0] if single else offsets
    return BatchEncoding(data, alignment, n_sequences=1 if sequences[1] is None else 2)


def _fields(
    tokenizer: "BaseTokenizer", buffers: Buffers, layout: Layout, options: Options
) -> dict[str, IntArray]:
    names = tokenizer.model_input_names
    types, attention = options.return_token_type_ids, options.return_attention_mask
    fields = {"input_ids": buffers.input_ids}
    if types if types is not None else "token_type_ids" in names:
        fields["token_type_ids"] = buffers.token_type_ids
    if attention if attention is not None else "attention_mask" in names:
        fields["attention_mask"] = buffers.attention_mask
    if options.return_special_tokens_mask:
        fields["special_tokens_mask"] = buffers.special_tokens_mask
    if options.return_length:
        fields["length"] = layout.rows.widths
    if options.return_overflowing_tokens:
        fields["overflow_to_sample_mapping"] = layout.windows.sample
    return fields
