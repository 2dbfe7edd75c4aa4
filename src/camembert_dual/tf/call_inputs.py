"""Inputs as people hold them, in the forms that Keras takes.

A mapping of any class is a dict, flags in it are keywords, and ragged rows are padded, with a mask.
What ``fit`` and others get may also be lists of numbers, or a table of pandas.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from camembert_dual.call_forms import TENSOR_RULE, check_first
from camembert_dual.common.errors import require
from camembert_dual.inputs import IGNORE_INDEX

MASK = "attention_mask"
NUMBERS = int | float | np.number
IDS, EMBEDDINGS = "input_ids", "inputs_embeds"
WHOLE_NUMBERS = (IDS, "token_type_ids", "position_ids")
KERAS_EXPORT = "serving_default"  # the graph in which Keras calls a model that it exports
PADDED_BY_ID = (IDS, "position_ids")  # the rest is padded with 0, and labels with -100


def of_export(inputs: dict[str, tf.Tensor | None]) -> dict[str, tf.Tensor | None]:
    """The inputs of a call, of whole numbers where they must be.

    Keras, when it exports a user's model, also calls it with floats in the place of every input,
    whatever it was called with before and whatever signature was asked for.
    """
    if tf.executing_eagerly() or tf.compat.v1.get_default_graph().name != KERAS_EXPORT:
        return inputs
    given = {name: inputs[name] for name in WHOLE_NUMBERS if inputs[name] is not None}
    return inputs | {name: tf.cast(one, tf.int32) for name, one in given.items()}


def plain_call(
    args: tuple[Any, ...], options: Mapping[str, Any], names: tuple[str, ...], pad_token_id: int
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Bring the arguments of a call into forms that Keras takes.

    Args:
        args: The arguments by position.
        options: The keywords.
        names: Those of the model's call, without ``self``.
        pad_token_id: What ids are padded with.

    Returns:
        Arguments and keywords.

    Raises:
        ValueError: If a flag is given twice, or an input is a list of numbers or a text.
    """
    options = dict(options)
    for one in args[0] if args and isinstance(args[0], list | tuple) else args:
        require(not isinstance(first_of(one), NUMBERS | str), TENSOR_RULE, type(one).__name__)
    if args and isinstance(args[0], Mapping):
        inputs = dict(args[0])
        check_first(inputs, names[0])
        for name in [name for name in inputs if isinstance(inputs[name], bool) and name in names]:
            require(name not in options, "An input must be given once", f"{name} twice")
            options[name] = inputs.pop(name)
        args = (inputs, *args[1:])
    by_name = dict(zip(names, args, strict=False)) if not _holds_inputs(args) else {}
    given = {**_structure(args, names), **by_name, **options}
    ragged = {name: one for name, one in given.items() if isinstance(one, tf.RaggedTensor)}
    if not ragged:
        return args, options
    kept = {name: one for name, one in given.items() if name not in ragged and one is not None}
    padded = {name: one.to_tensor(_padding(name, pad_token_id)) for name, one in ragged.items()}
    if MASK not in {*kept, *padded}:
        if IDS in ragged:
            padded[MASK] = tf.ones_like(ragged[IDS], tf.int32).to_tensor()
        elif EMBEDDINGS in ragged:
            padded[MASK] = tf.sequence_mask(ragged[EMBEDDINGS].row_lengths(), dtype=tf.int32)
    return (), kept | padded


def plain_inputs(x: Any) -> Any:
    """Bring the inputs of ``fit`` and others, or their labels, into forms that Keras takes.

    Args:
        x: A mapping of any class; a table of pandas whose columns are inputs by name; one input
            alone; several in a list; a dataset.

    Returns:
        The same with dicts for mappings and tables, and for lists of numbers and columns arrays,
        or ragged tensors where rows are of several lengths.
    """
    columns = getattr(x, "columns", ())
    if isinstance(x, Mapping) or IDS in columns:
        return {name: as_numbers(x[name]) for name in (x if isinstance(x, Mapping) else columns)}
    if isinstance(x, list | tuple) and not isinstance(first_of(x), NUMBERS):
        return type(x)(as_numbers(one) for one in x)
    return as_numbers(x)


def as_numbers(values: Any) -> Any:
    """Nested lists of numbers, or a column, as an array or ragged tensor; all else as it is."""
    rows = values.to_numpy() if hasattr(values, "to_numpy") else values
    if isinstance(rows, np.ndarray) and rows.dtype == object:  # a column of lists or arrays
        rows = [one.tolist() if isinstance(one, np.ndarray) else one for one in rows]
    if not isinstance(rows, list | tuple) or not isinstance(first_of(rows), NUMBERS):
        return rows
    try:
        return np.array(rows)
    except ValueError:  # rows of several lengths
        return tf.ragged.constant(rows)


def first_of(values: Any) -> Any:
    """The first value of nested lists."""
    while isinstance(values, list | tuple) and values:
        values = values[0]
    return values


def _holds_inputs(args: tuple[Any, ...]) -> bool:
    return bool(args) and isinstance(args[0], Mapping | list | tuple)


def _structure(args: tuple[Any, ...], names: tuple[str, ...]) -> dict[str, Any]:
    if not _holds_inputs(args):
        return {}
    first = args[0]
    return dict(first) if isinstance(first, Mapping) else dict(zip(names, first, strict=False))


def _padding(name: str, pad_token_id: int) -> int:
    if name in PADDED_BY_ID:
        return pad_token_id
    return IGNORE_INDEX if name == "labels" else 0
