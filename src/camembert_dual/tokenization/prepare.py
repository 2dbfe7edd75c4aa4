"""From ids to model inputs: the steps of a call that come after cutting text."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from camembert_dual.tokenization.batch_encoding import BatchEncoding
from camembert_dual.tokenization.encode import collect, plan
from camembert_dual.tokenization.layout import find_places
from camembert_dual.tokenization.options import Options
from camembert_dual.tokenization.ragged import from_lists

if TYPE_CHECKING:
    from camembert_dual.tokenization.base import BaseTokenizer


def prepare_ids(
    tokenizer: "BaseTokenizer",
    ids: Sequence[int],
    pair_ids: Sequence[int] | None,
    options: Options,
) -> BatchEncoding:
    """Adds special tokens to ids of one or two sequences, truncates and pads."""
    first = from_lists([ids])
    second = None if pair_ids is None else from_lists([pair_ids])
    kept = replace(options, return_overflowing_tokens=False)
    layout = plan(tokenizer, first, second, kept)
    places = find_places(layout.rows, layout.windows, layout.template, first, second)
    encoding = collect(tokenizer, (first, second), layout, places, kept, batched=False)
    if options.return_overflowing_tokens:
        windows = layout.windows
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
    return encoding


def _cut(ids: Sequence[int], start: int, stop: int, stride: int) -> list[int]:
    """What truncation removed, with ``stride`` of the kept ids beside it."""
    if stop < len(ids):
        return list(ids[max(stop - stride, start) :])
    return list(ids[: min(start + stride, stop)]) if start else []
