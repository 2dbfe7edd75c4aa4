"""From the names in a file to the weights of a model: aliases, prefix, gaps; strict and total."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import NamedTuple

import numpy as np

from camembert_dual.checkpoints.lazy_arrays import (
    LazyArrays,
    are_equal,
    dtype_of,
    is_floating,
    shape_of,
)
from camembert_dual.common.arrays import Array
from camembert_dual.common.errors import listed, refusal, require
from camembert_dual.parameter_names import (
    BUFFERS,
    CROSS,
    DECODER,
    DECODER_BIAS,
    LM_BIAS,
    POOLER,
    POSITION_IDS,
    WORD_EMBEDDINGS,
    canonical,
    wrapper_of,
)
from camembert_dual.parameters import BACKBONE, HEAD_NAMES, Parameter

MAX_NEW = 1 << 28  # numbers that a model may have anew beside those of a small checkpoint
NAMES_SHOWN = 240  # characters of an error, for the names of all kinds of faults together

# the dict that ``transformers`` returns for ``output_loading_info=True``, by attributes of ours
PUBLISHED_KINDS = {
    "missing_keys": "missing",
    "unexpected_keys": "ignored",
    "mismatched_keys": "mismatched",
    "error_msgs": None,  # an error is raised
}


@dataclass(frozen=True)
class LoadReport:
    """Which weights came from where; two reports are equal if they say the same.

    Attributes:
        loaded: Published names filled from the checkpoint.
        tied: Names that are another weight (the decoder of a tied LM head).
        ignored: Names in the checkpoint that this model has no use for, all known: an unused
            pooler, another task's head, a buffer, an alias found equal to what it aliases, or a
            weight of a user's own layers around CamemBERT.
        missing: Names the checkpoint does not have; they keep their new random values. Only a new
            head, pooler or cross-attention may be missing as a whole.
        mismatched: Names whose shapes differ, left at their new values because the caller allowed
            it.
        dtype_cast: Names whose type was changed, with both types, as ``"name: float16 ->
            float32"``.
    """

    loaded: tuple[str, ...] = ()
    tied: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    mismatched: tuple[str, ...] = ()
    dtype_cast: tuple[str, ...] = ()

    def __getitem__(self, key: str) -> list[str]:
        """The names of a kind, as ``transformers`` gives them: ``report["missing_keys"]``.

        Raises:
            KeyError: If it is none of ``PUBLISHED_KINDS``.
        """
        kind = PUBLISHED_KINDS[key]
        return [] if kind is None else list(getattr(self, kind))

    def __str__(self) -> str:
        """One line per kind that is not empty: its count and its names."""
        lines = []
        for kind in fields(self):
            names = getattr(self, kind.name)
            if names:
                shown = ", ".join(names[:6]) + (", ..." if len(names) > 6 else "")
                lines.append(f"{kind.name:<12}{len(names):>6}  {shown}")
        return "\n".join(lines)


def match(
    arrays: Mapping[str, Array],
    expected: Sequence[Parameter],
    *,
    ignore_mismatched_sizes: bool = False,
    dtype: str | None = None,
    foreign: bool = False,
) -> tuple[dict[str, str], LoadReport]:
    """Find in a checkpoint the weights that a model has.

    Accepted on the way in: files with and without the backbone's prefix, ``gamma`` and ``beta`` for
    a layer normalisation's weight and bias, position buffers, and the decoder's aliases, which must
    equal what they alias.

    Args:
        arrays: Published name to array; arrays are only read where an alias has to be compared.
        expected: The model's weights.
        ignore_mismatched_sizes: Whether a weight of another shape keeps its new value.
        dtype: Name of the type the weights will have; None if they keep their own.
        foreign: Whether a class of a user's own wrote the checkpoint, so that what is beside the
            network may be layers that this model does not have.

    Returns:
        Expected name to the name in the checkpoint, and the report.

    Raises:
        ValueError: If a weight is missing that must not be, a name is unknown, a shape differs or
            an alias is not equal; one error names them all.
    """
    names = _Names.of(arrays, expected)
    aliases, tied, different = _compare_aliases(names, arrays)
    ignored = _ignored(names, aliases, foreign)
    known = {*names.wanted, *ignored}
    mismatched = _mismatched(names, arrays)
    missing = [name for name in names.wanted if name not in names.stored]
    problems = {
        "given twice under two names": names.twice,
        "": different,
        "unexpected": [one for name, one in names.stored.items() if name not in known],
        "of another shape": [] if ignore_mismatched_sizes else list(mismatched.values()),
        "of a type that is not floating point": _not_floating(names, arrays),
        "missing": _fatal_gaps(missing, names.wanted),
    }
    _refuse(arrays, problems)
    pairs = {
        one.name: names.stored[name]
        for name, one in names.wanted.items()
        if name in names.stored and name not in mismatched
    }
    return pairs, LoadReport(
        loaded=tuple(pairs),
        tied=tuple(tied),
        ignored=(*(names.stored[name] for name in ignored), *_own(arrays)),
        missing=tuple(names.wanted[name].name for name in missing),
        mismatched=tuple(names.wanted[name].name for name in mismatched),
        dtype_cast=tuple(
            f"{name}: {dtype_of(arrays, stored)} -> {dtype}"
            for name, stored in pairs.items()
            if dtype is not None and _is_cast(dtype_of(arrays, stored), dtype)
        ),
    )


def _own(arrays: Mapping[str, Array]) -> tuple[str, ...]:
    return tuple(arrays.own) if isinstance(arrays, LazyArrays) else ()


def check_sizes(
    arrays: Mapping[str, Array],
    expected: Sequence[Parameter],
    ignore_mismatched_sizes: bool = False,
) -> None:
    """Check, before a model is built, that a checkpoint bounds its size; no array is read for that.

    Args:
        arrays: Published name to array.
        expected: The model's weights.
        ignore_mismatched_sizes: Whether a weight of another shape keeps its new value.

    Raises:
        ValueError: If a shape differs or a weight is missing, as :func:`match` says it, or the
            weights that the model has anew are more than the checkpoint holds and ``MAX_NEW``.
    """
    names = _Names.of(arrays, expected)
    mismatched = _mismatched(names, arrays)
    missing = [name for name in names.wanted if name not in names.stored]
    if (mismatched and not ignore_mismatched_sizes) or _fatal_gaps(missing, names.wanted):
        match(arrays, expected, ignore_mismatched_sizes=ignore_mismatched_sizes)
    new = sum(math.prod(names.wanted[name].shape) for name in (*mismatched, *missing))
    most = max(MAX_NEW, sum(math.prod(shape_of(arrays, name)) for name in arrays))
    rule = f"{_origin(arrays)} must leave at most {most} numbers of the model new"
    require(new <= most, rule, new)


class WeightsError(ValueError, RuntimeError):
    """Weights do not fit a model: a ValueError as all here, a RuntimeError as of PyTorch's."""


class _Names(NamedTuple):
    """The two sides by the table's spelling, with the backbone's prefix.

    Attributes:
        stored: Name to the name in the checkpoint.
        wanted: Name to the model's weight.
        twice: Names in the checkpoint that mean what another one means.
    """

    stored: dict[str, str]
    wanted: dict[str, Parameter]
    twice: list[str]

    @classmethod
    def of(cls, arrays: Mapping[str, Array], expected: Sequence[Parameter]) -> _Names:
        stored = {canonical(name): name for name in arrays}
        twice = sorted(set(arrays) - set(stored.values()))
        wanted = {canonical(one.name): one for one in expected}
        if DECODER_BIAS in stored and (DECODER in wanted or LM_BIAS not in stored):
            stored[LM_BIAS] = stored[DECODER_BIAS]  # added where the decoder is not tied
        return cls(stored, wanted, twice)


def _mismatched(names: _Names, arrays: Mapping[str, Array]) -> dict[str, str]:
    """The names whose shapes differ, each with both shapes as a text."""
    found = {}
    for name, one in names.wanted.items():
        shape = shape_of(arrays, names.stored[name]) if name in names.stored else one.shape
        if shape != one.shape:
            found[name] = f"{name} {shape} instead of {one.shape}"
    return found


def _not_floating(names: _Names, arrays: Mapping[str, Array]) -> list[str]:
    types = {
        name: dtype_of(arrays, names.stored[name])
        for name, one in names.wanted.items()
        if name in names.stored and not one.own
    }
    return [f"{name} {dtype}" for name, dtype in types.items() if not is_floating(dtype)]


def _refuse(arrays: Mapping[str, Array], problems: Mapping[str, Sequence[str]]) -> None:
    """Refuse a checkpoint with all that is wrong with it, by kind, in one error."""
    kinds = {kind: names for kind, names in problems.items() if names}
    room = NAMES_SHOWN // max(1, len(kinds))
    found = [
        f"{kind}: {listed(names, room)}" if kind else listed(names, room)
        for kind, names in kinds.items()
    ]
    rule = f"{_origin(arrays)} must hold every weight of the model and nothing unknown"
    wrapper = wrapper_of(list(arrays))
    if wrapper:
        rule += f" (take {wrapper!r} off its names: a module around the model was saved)"
    if found:
        raise WeightsError(str(refusal(rule, f"one with {'; '.join(found)}")))


def _origin(arrays: Mapping[str, Array]) -> str:
    """The file that arrays come from, for messages."""
    if isinstance(arrays, LazyArrays) and arrays.lazy:
        return str(next(iter(arrays.lazy.values())).path)
    return "A checkpoint"


def _is_known(name: str, aliases: Iterable[str]) -> bool:
    """Whether a name that the model lacks is one of the family's."""
    pooler = name.startswith(f"{POOLER}dense.")
    return name in HEAD_NAMES or name in BUFFERS or name in aliases or pooler


def _is_cast(stored: np.dtype[np.generic], dtype: str) -> bool:
    """Whether a weight changes its type; a user's counters, which are integers, keep theirs."""
    return is_floating(stored) and str(stored) != dtype


def _ignored(names: _Names, aliases: Sequence[str], foreign: bool) -> list[str]:
    """The names that a model has no use for: the family's, and those of a user's own layers."""
    others = [name for name in names.stored if name not in names.wanted]
    return [
        name
        for name in others
        if _is_known(name, aliases) or (foreign and not name.startswith(f"{BACKBONE}."))
    ]


def _compare_aliases(
    names: _Names, arrays: Mapping[str, Array]
) -> tuple[list[str], list[str], list[str]]:
    """Compare the decoder's aliases with what they alias.

    Returns:
        Those found, the tied names, and what is wrong.
    """
    has_lm_head = LM_BIAS in names.wanted
    is_tied = has_lm_head and DECODER not in names.wanted
    pairs = [(DECODER_BIAS, LM_BIAS), *([(DECODER, WORD_EMBEDDINGS)] if is_tied else [])]
    found, problems = [], []
    stored = names.stored
    for alias, original in pairs:
        if alias in stored:
            found.append(alias)
            comparable = has_lm_head and original in stored
            if comparable and not are_equal(arrays, stored[alias], stored[original]):
                problems.append(f"{alias} different from {original}, which it aliases")
    if POSITION_IDS in stored:
        positions = arrays[stored[POSITION_IDS]].reshape(-1)
        if not np.array_equal(positions, np.arange(len(positions))):
            problems.append(f"{POSITION_IDS} that do not count from 0")
    return found, [DECODER] if is_tied else [], problems


def _fatal_gaps(missing: Iterable[str], wanted: Mapping[str, Parameter]) -> list[str]:
    """Which missing names are an error: all but a part that may be new and is missing as a whole.

    Such parts are the head, the pooler, and the cross-attention of all layers together. Layers of a
    user's own may be missing one by one.
    """
    table = [name for name, one in wanted.items() if not one.own]
    missing = [name for name in missing if not wanted[name].own]
    parts = (
        [name for name in table if CROSS in name],
        [name for name in table if name.startswith(POOLER)],
        [name for name in table if not name.startswith(f"{BACKBONE}.") and name != DECODER],
    )
    fatal = [name for name in missing if not any(name in part for part in (*parts, [DECODER]))]
    for part in parts:
        gaps = [name for name in missing if name in part]
        if gaps and len(gaps) < len(part):
            fatal += gaps
    if DECODER in missing:  # a language model that scores with random rows is never wanted
        fatal.append(DECODER)
    return fatal
