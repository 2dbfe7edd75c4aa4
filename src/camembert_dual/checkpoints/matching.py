"""From the names in a file to the weights of a model: aliases, prefix, gaps; strict and total."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from camembert_dual.checkpoints.lazy_arrays import (
    Arrays,
    are_equal,
    dtype_of,
    is_floating,
    shape_of,
)
from camembert_dual.checkpoints.report import LoadReport
from camembert_dual.common.arrays import Array
from camembert_dual.common.errors import short
from camembert_dual.parameters import BACKBONE, HEAD_NAMES, Parameter

POSITION_IDS = f"{BACKBONE}.embeddings.position_ids"
BUFFERS = (POSITION_IDS, f"{BACKBONE}.embeddings.token_type_ids")
TABLE = f"{BACKBONE}.embeddings.word_embeddings.weight"
DECODER = "lm_head.decoder.weight"
MAX_TEXT = 50_000  # all names of any checkpoint, but not of a hostile one
LM_BIAS, DECODER_BIAS = "lm_head.bias", "lm_head.decoder.bias"


def match(
    arrays: Mapping[str, Array],
    expected: Sequence[Parameter],
    *,
    ignore_mismatched_sizes: bool = False,
    dtype: str | None = None,
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

    Returns:
        Expected name to the name in the checkpoint, and the report.

    Raises:
        ValueError: If a weight is missing that must not be, a name is unknown, a shape differs or
            an alias is not equal; one error names them all.
    """
    sources = {canonical(name): name for name in arrays}
    wanted = {_with_prefix(one.name): one for one in expected}
    problems: list[str] = []
    if len(sources) != len(arrays):
        twice = sorted(set(arrays) - set(sources.values()))
        problems.append(f"given twice under two names: {', '.join(twice)}")
    if DECODER_BIAS in sources and (DECODER in wanted or LM_BIAS not in sources):
        sources[LM_BIAS] = sources[DECODER_BIAS]  # what is added where the decoder is not tied
    aliases, tied = _aliases(sources, arrays, wanted, problems)
    ignored = [name for name in sources if name not in wanted and _is_known(name, aliases)]
    known = {*wanted, *ignored}
    unknown = [short(sources[name]) for name in sources if name not in known]
    if unknown:
        problems.append(f"unexpected: {short(', '.join(unknown), MAX_TEXT)}")
    mismatched = [
        name
        for name, one in wanted.items()
        if name in sources and shape_of(arrays, sources[name]) != one.shape
    ]
    if mismatched and not ignore_mismatched_sizes:
        shapes = (
            f"{name} {shape_of(arrays, sources[name])} instead of {wanted[name].shape}"
            for name in mismatched
        )
        problems.append(f"of another shape: {', '.join(shapes)}")
    other = [
        f"{name} {dtype_of(arrays, sources[name])}"
        for name in wanted
        if name in sources and not is_floating(dtype_of(arrays, sources[name]))
    ]
    if other:
        problems.append(f"of a type that is not floating point: {', '.join(other)}")
    missing = [name for name in wanted if name not in sources]
    fatal = _fatal_gaps(missing, list(wanted))
    if fatal:
        problems.append(f"missing: {', '.join(fatal)}")
    if problems:
        raise ValueError(
            f"{_origin(arrays)} must hold every weight of the model and nothing unknown; "
            f"received one with {'; '.join(problems)}."
        )
    pairs = {
        wanted[name].name: sources[name]
        for name in wanted
        if name in sources and name not in mismatched
    }
    return pairs, LoadReport(
        loaded=tuple(pairs),
        tied=tuple(tied),
        ignored=tuple(sources[name] for name in ignored),
        missing=tuple(wanted[name].name for name in missing),
        mismatched=tuple(wanted[name].name for name in mismatched),
        dtype_cast=tuple(
            f"{name}: {dtype_of(arrays, source)} -> {dtype}"
            for name, source in pairs.items()
            if dtype is not None and str(dtype_of(arrays, source)) != dtype
        ),
    )


def _origin(arrays: Mapping[str, Array]) -> str:
    """The file that arrays come from, for messages."""
    if isinstance(arrays, Arrays) and arrays.entries:
        return str(next(iter(arrays.entries.values())).path)
    return "A checkpoint"


def canonical(name: str) -> str:
    """The table's spelling of a name, with the backbone's prefix."""
    layer, dot, word = name.rpartition(".")
    if layer.endswith(("LayerNorm", "layer_norm")):
        word = {"gamma": "weight", "beta": "bias"}.get(word, word)
    return _with_prefix(f"{layer}{dot}{word}")


def _with_prefix(name: str) -> str:
    return f"{BACKBONE}.{name}" if name.startswith(("embeddings.", "encoder.", "pooler.")) else name


def _is_known(name: str, aliases: Iterable[str]) -> bool:
    """Whether a name that the model lacks is one of the family's."""
    pooler = name.startswith(f"{BACKBONE}.pooler.dense.")
    return name in HEAD_NAMES or name in BUFFERS or name in aliases or pooler


def _aliases(
    sources: Mapping[str, str],
    arrays: Mapping[str, Array],
    wanted: Mapping[str, Parameter],
    problems: list[str],
) -> tuple[list[str], list[str]]:
    """Compare the decoder's aliases with what they alias; give those found and the tied names."""
    pairs = [(DECODER_BIAS, LM_BIAS)]
    has_lm_head = LM_BIAS in wanted
    is_tied = has_lm_head and DECODER not in wanted
    if is_tied:
        pairs.append((DECODER, TABLE))
    found = []
    for alias, original in pairs:
        if alias in sources:
            found.append(alias)
            comparable = has_lm_head and original in sources
            if comparable and not are_equal(arrays, sources[alias], sources[original]):
                problems.append(f"{alias} different from {original}, which it aliases")
    if POSITION_IDS in sources:
        positions = arrays[sources[POSITION_IDS]].reshape(-1)
        if not np.array_equal(positions, np.arange(len(positions))):
            problems.append(f"{POSITION_IDS} that do not count from 0")
    return found, [DECODER] if is_tied else []


def _fatal_gaps(missing: Sequence[str], wanted: Sequence[str]) -> list[str]:
    """Which missing names are an error: all but a head or a pooler that is missing as a whole."""
    fatal = [
        name
        for name in missing
        if name.startswith(f"{BACKBONE}.") and not name.startswith(f"{BACKBONE}.pooler.")
    ]
    pooler = f"{BACKBONE}.pooler."
    for part in (
        [name for name in wanted if name.startswith(pooler)],
        [name for name in wanted if not name.startswith(f"{BACKBONE}.") and name != DECODER],
    ):
        gaps = [name for name in missing if name in part]
        if gaps and len(gaps) < len(part):
            fatal += gaps
    if DECODER in missing:  # a language model that scores with random rows is never wanted
        fatal.append(DECODER)
    return fatal
