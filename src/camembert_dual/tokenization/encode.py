"""From texts, ids or encodings to a :class:`BatchEncoding`: three entries to one path."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from camembert_dual.common.arrays import IntArray, as_lists, to_tensor
from camembert_dual.common.errors import is_integer, require, shown
from camembert_dual.tokenization.alignment import Alignment, Solved, TokenOrigins, find_origins
from camembert_dual.tokenization.batch_encoding import BatchEncoding
from camembert_dual.tokenization.layout import (
    BatchLayout,
    Buffers,
    Slot,
    find_slots,
    lay_out,
    row_lengths,
    write_buffers,
)
from camembert_dual.tokenization.options import (
    Options,
    Rules,
    padded_width,
    truncation_of,
)
from camembert_dual.tokenization.ragged import Ragged, from_lists
from camembert_dual.tokenization.samples import Samples
from camembert_dual.tokenization.segmenter import (
    SegmentedTexts,
    Segmenter,
    TextInput,
    align_inputs,
    encode_inputs,
)
from camembert_dual.tokenization.template import BARE, Template, count_special, place
from camembert_dual.tokenization.truncation import Windows, plan_windows

Sequences = tuple[Ragged, Ragged | None]


class Plan(NamedTuple):
    """What the rows of a batch hold and where: decided before any id is copied."""

    windows: Windows
    template: Template
    rows: BatchLayout
    slots: list[Slot]


class Encoded(NamedTuple):
    """The result of a call, and the tokens of its longest row."""

    encoding: BatchEncoding
    longest: int


def encode_texts(segmenter: Segmenter, rules: Rules, samples: Samples, options: Options) -> Encoded:
    """Encode texts.

    Raises:
        ValueError: If the options contradict each other or cannot be met.
    """
    splits = options.split_special_tokens
    if rules.split_special_tokens if splits is None else splits:
        segmenter = segmenter.without_added()
    sides = [[first for first, _ in samples.items]]
    if samples.pairs:
        sides.append([second for _, second in samples.items if second is not None])
    is_short = not samples.batched and options.is_plain and not options.return_overflowing_tokens
    if is_short and not segmenter.is_stochastic:
        return encode_short(segmenter, rules, sides, options)
    drawn: list[SegmentedTexts] = []
    # ids and alignment must come from the same draw, and need one cut where both are wanted:
    # who has words asks which of them a token belongs to
    is_words = any(not isinstance(one, str) for one in sides[0])
    if segmenter.is_stochastic or options.return_offsets_mapping or is_words:
        drawn = [align_inputs(segmenter, side, rules.unk_id) for side in sides]
        ids = [one.ids for one in drawn]
    else:
        ids = [encode_inputs(segmenter, side, rules.unk_id) for side in sides]
    sequences = ids[0], ids[1] if samples.pairs else None
    plan = plan_rows(rules, sequences, options)

    def solve() -> TokenOrigins:
        return drawn_again(segmenter, rules, sides, ids, plan, drawn)

    encoding = collect(rules, sequences, plan, options, batched=samples.batched, solve=solve)
    return Encoded(encoding, int(plan.rows.lengths.max(initial=0)))


def encode_short(
    segmenter: Segmenter, rules: Rules, sides: Sequence[Sequence[TextInput]], options: Options
) -> Encoded:
    """Encode one text or pair as lists, which takes less time than the arrays of a batch."""
    ids = [encode_inputs(segmenter, side, rules.unk_id) for side in sides]
    templates = rules.templates if options.add_special_tokens else BARE
    first, *second = (one.values.tolist() for one in ids)
    placed = place(templates, first, second[0] if second else None)
    data = {"input_ids": placed.ids}
    if _wanted(options.return_token_type_ids, "token_type_ids", rules):
        data["token_type_ids"] = placed.type_ids
    if _wanted(options.return_attention_mask, "attention_mask", rules):
        data["attention_mask"] = [1] * len(placed.ids)

    def solve() -> Solved:
        sequences = ids[0], ids[1] if len(ids) > 1 else None
        plan = plan_rows(rules, sequences, options)
        origins = drawn_again(segmenter, rules, sides, ids, plan)
        return Solved(plan.rows, filled(rules, sequences, plan), origins)

    return Encoded(BatchEncoding(data, Alignment(solve), n_sequences=len(ids)), len(placed.ids))


def drawn_again(
    segmenter: Segmenter,
    rules: Rules,
    sides: Sequence[Sequence[TextInput]],
    ids: Sequence[Ragged],
    plan: Plan,
    drawn: Sequence[SegmentedTexts] = (),
) -> TokenOrigins:
    """Where the tokens of texts come from, found by cutting them again unless it was kept.

    Raises:
        ValueError: If they are cut into other tokens by now.
    """
    segmented = drawn or [align_inputs(segmenter, side, rules.unk_id) for side in sides]
    found = [one.ids.values for one in segmented]
    same = [np.array_equal(a.values, b) for a, b in zip(ids, found, strict=True)]
    rule = "Tokens of an encoding must be asked for before its tokenizer gets more tokens"
    require(all(same), rule, "a tokenizer that changed: encode again")
    return find_origins(segmenter, segmented, plan.rows, plan.slots, rules.pad_token or "")


def prepare_ids(
    rules: Rules, ids: Sequence[int], pair_ids: Sequence[int] | None, options: Options
) -> Encoded:
    """Add special tokens to ids of one or two sequences, truncate and pad.

    Raises:
        ValueError: If the options contradict each other or cannot be met.
    """
    sequences = from_lists([ids]), None if pair_ids is None else from_lists([pair_ids])
    kept = replace(options, return_overflowing_tokens=False)
    plan = plan_rows(rules, sequences, kept)
    encoding = collect(rules, sequences, plan, kept, batched=False)
    if options.return_overflowing_tokens:
        windows = plan.windows
        cut = [
            _cut(row, int(start[0]), int(stop[0]), options.stride)
            for row, start, stop in (
                (ids, windows.a_start, windows.a_stop),
                (pair_ids or (), windows.b_start, windows.b_stop),
            )
        ]
        encoding["overflowing_tokens"] = cut[0] + cut[1]
        kept_ids = int((windows.a_stop - windows.a_start + windows.b_stop - windows.b_start)[0])
        encoding["num_truncated_tokens"] = len(ids) + len(pair_ids or ()) - kept_ids
    return Encoded(encoding, int(plan.rows.lengths.max(initial=0)))


def _cut(ids: Sequence[int], start: int, stop: int, stride: int) -> list[int]:
    """What truncation removed, with ``stride`` of the kept ids beside it."""
    if stop < len(ids):
        return list(ids[max(stop - stride, start) :])
    return list(ids[: min(start + stride, stop)]) if start else []


def pad_encodings(
    rules: Rules, encoded: Mapping[str, Any] | Sequence[Mapping[str, Any]], options: Options
) -> BatchEncoding:
    """Pad one encoding, a batch of rows by name, or a list of encodings, as a collator needs it.

    ``input_ids``, ``attention_mask``, ``token_type_ids`` and ``special_tokens_mask`` grow; other
    fields stay as they are. A missing attention mask is made.

    Raises:
        ValueError: If there is no ``input_ids``, or a field cannot become a tensor.
    """
    main = rules.input_names[0] if rules.input_names else "input_ids"
    data, single = _rows_by_name(encoded, main)
    rows = data[main]
    if _wanted(options.return_attention_mask, "attention_mask", rules):
        data.setdefault("attention_mask", [[1] * len(row) for row in rows])
    width = padded_width(max(map(len, rows), default=0), options, rules)
    values = {
        main: rules.pad_token_id,
        "attention_mask": 0,
        "token_type_ids": rules.pad_token_type_id,
        "special_tokens_mask": 1,
    }
    side = options.padding_side or rules.padding_side
    for name in [name for name in values if name in data]:
        _check_rows(name, data[name], rows)
        data[name] = [_grown(row, width, values[name], side) for row in data[name]]
    kind = options.return_tensors
    if kind is not None:
        return BatchEncoding({name: _tensor(name, rows, kind) for name, rows in data.items()})
    return BatchEncoding({name: rows[0] for name, rows in data.items()} if single else data)


def _rows_by_name(
    encoded: Mapping[str, Any] | Sequence[Mapping[str, Any]], main: str
) -> tuple[dict[str, list[Any]], bool]:
    """Every field as a list of rows, and whether there was but one row."""
    if isinstance(encoded, Mapping):
        data = {name: as_lists(values) for name, values in encoded.items()}
    else:
        listed = list(encoded) if isinstance(encoded, Iterable) else [None]
        sound = all(isinstance(one, Mapping) for one in listed)
        require(sound, "encoded_inputs must be an encoding or a list of them", shown(encoded))
        fields = list(listed[0]) if listed else [main]
        same = all(one.keys() == listed[0].keys() for one in listed)
        require(same, "Encodings must have the same fields to be padded together", "others")
        data = {name: [as_lists(one[name]) for one in listed] for name in fields}
    require(main in data, f"An encoding must have {main} to be padded", shown(list(data)))
    ids = data[main]
    single = isinstance(ids, list) and bool(ids) and not isinstance(ids[0], list)
    data = {name: [values] for name, values in data.items()} if single else data
    _check_rows(main, data[main], data[main])
    return data, single


def _check_rows(name: str, rows: Any, ids: Any) -> None:
    """Refuse what is no rows of whole numbers, or does not fit the ids."""
    sound = isinstance(rows, list) and all(
        isinstance(row, list) and all(map(is_integer, row)) for row in rows
    )
    require(sound, f"{name} must be one row of whole numbers, or many", shown(rows))
    sizes, expected = list(map(len, rows)), list(map(len, ids))
    require(sizes == expected, f"{name} must be as long as input_ids", shown(sizes))


def _grown(row: list[Any], width: int, value: Any, side: str) -> list[Any]:
    padding = [value] * (width - len(row))
    return padding + row if side == "left" else row + padding


def _tensor(name: str, values: Any, return_tensors: str) -> Any:
    try:
        return to_tensor(values, return_tensors)
    except ValueError as error:
        text = f"{name} must have rows that can become a tensor; received {error}"
        raise ValueError(text) from error


def plan_rows(rules: Rules, sequences: Sequences, options: Options) -> Plan:
    """Choose template, windows and slots for sequences of these lengths.

    Raises:
        ValueError: If the options contradict each other or cannot be met.
    """
    first, second = sequences
    templates = rules.templates if options.add_special_tokens else BARE
    template = templates.single if second is None else templates.pair
    truncation, multiple = truncation_of(options), options.pad_to_multiple_of
    limit = rules.limit if options.max_length is None else options.max_length
    if truncation and options.padding and multiple and limit is not None:
        rule = "max_length must be a multiple of pad_to_multiple_of when rows are cut and padded"
        require(limit % multiple == 0, rule, f"{limit} and {multiple}")
    windows = plan_windows(
        first.lengths,
        np.zeros_like(first.lengths) if second is None else second.lengths,
        budget=None if limit is None else limit - count_special(template),
        strategy=truncation,
        stride=options.stride,
        overflow=options.return_overflowing_tokens,
        side=rules.truncation_side,
        pairs=second is not None,
    )
    lengths = row_lengths(windows, template)
    side = options.padding_side or rules.padding_side
    width = padded_width(int(lengths.max(initial=0)), options, rules)
    rows = lay_out(lengths, width, side)
    return Plan(windows, template, rows, find_slots(rows, windows, template, first, second))


def collect(
    rules: Rules,
    sequences: Sequences,
    plan: Plan,
    options: Options,
    *,
    batched: bool,
    solve: Callable[[], TokenOrigins] | None = None,
) -> BatchEncoding:
    """Fill the buffers and hand back the fields that were asked for."""
    buffers = filled(rules, sequences, plan)
    alignment = None
    if solve is not None:
        alignment = Alignment(lambda: Solved(plan.rows, buffers, solve()))
    kind = options.return_tensors
    single = not batched and kind is None and not options.return_overflowing_tokens
    data: dict[str, Any] = {}
    for name, values in _fields(rules, buffers, plan, options).items():
        if name in buffers._fields:
            rows = plan.rows.to_lists(values) if kind is None else plan.rows.to_matrix(values)
        else:
            rows = values.tolist() if kind is None else values
        data[name] = to_tensor(rows, kind) if kind is not None else rows[0] if single else rows
    if options.return_offsets_mapping:
        if alignment is None:
            raise ValueError("return_offsets_mapping must come with text; received ids.")
        if kind is not None:
            data["offset_mapping"] = to_tensor(alignment.offset_matrix(), kind)
        else:
            offsets = alignment.offsets()
            data["offset_mapping"] = offsets[0] if single else offsets
    return BatchEncoding(data, alignment, n_sequences=1 if sequences[1] is None else 2)


def filled(rules: Rules, sequences: Sequences, plan: Plan) -> Buffers:
    """The buffers of a batch."""
    pads = rules.pad_token_id or 0, rules.pad_token_type_id
    return write_buffers(plan.rows, plan.slots, sequences, *pads, rules.special_rows)


def _fields(rules: Rules, buffers: Buffers, plan: Plan, options: Options) -> dict[str, IntArray]:
    fields = {"input_ids": buffers.input_ids}
    if _wanted(options.return_token_type_ids, "token_type_ids", rules):
        fields["token_type_ids"] = buffers.token_type_ids
    if _wanted(options.return_attention_mask, "attention_mask", rules):
        fields["attention_mask"] = buffers.attention_mask
    if options.return_special_tokens_mask:
        fields["special_tokens_mask"] = buffers.special_tokens_mask
    if options.return_length:
        fields["length"] = plan.rows.widths
    if options.return_overflowing_tokens:
        fields["overflow_to_sample_mapping"] = plan.windows.sample
    return fields


def _wanted(option: bool | None, name: str, rules: Rules) -> bool:
    return name in rules.input_names if option is None else option
