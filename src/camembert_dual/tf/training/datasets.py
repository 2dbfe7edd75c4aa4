"""From a dataset of examples to batches for ``fit``, by the name of ``transformers`` 4."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
import tensorflow as tf

from camembert_dual.common.errors import require, shown
from camembert_dual.tf.keras_fit import LABELS
from camembert_dual.training.data_collators import LABELS as SPELLINGS
from camembert_dual.training.data_collators import DataCollatorWithPadding, DefaultDataCollator

TRIED = 2  # rows of which a batch is made to see what batches hold


def batches_of(
    names: Sequence[str],
    dataset: Any,
    batch_size: int = 8,
    shuffle: bool = True,
    tokenizer: Any = None,
    collate_fn: Callable[..., Any] | None = None,
    collate_fn_args: Mapping[str, Any] | None = None,
    drop_remainder: bool | None = None,
    prefetch: bool = True,
) -> tf.data.Dataset:
    """Put examples together into batches of a model's inputs, and their labels.

    Args:
        names: The inputs that the model takes; other fields are left out.
        dataset: The examples by number, each a dict: a ``datasets.Dataset`` or a list.
        batch_size: Examples of a batch.
        shuffle: Whether they come in another order each time.
        tokenizer: Whose padding makes rows equally long.
        collate_fn: What puts rows together instead; it gives NumPy arrays or tensors.
        collate_fn_args: More keywords for it.
        drop_remainder: Whether the last batch is left out if it is smaller; ``shuffle`` by default.
        prefetch: Whether the next batch is made while one is in use.

    Returns:
        Batches of (inputs, labels), or of inputs alone where there are no labels; where there is
        but one input or one kind of label, it is a tensor, else a dict.

    Raises:
        ValueError: If there are no examples, or none of their fields is an input.
    """
    require(len(dataset), "A dataset must have at least one example", "none")
    if collate_fn is None:
        padding = DataCollatorWithPadding(tokenizer, return_tensors="np") if tokenizer else None
        collate_fn = padding or DefaultDataCollator(return_tensors="np")
    batch = partial(batch_at, names, dataset, partial(collate_fn, **dict(collate_fn_args or {})))
    tried = batch(range(min(TRIED, len(dataset))))
    require(tried, f"Examples must have some of {', '.join(names)}", shown(list(dataset[0])))
    types = [array.dtype for array in tried.values()]

    def arrays(numbers: Any) -> list[Any]:
        made = batch(numbers)
        return [made[name].astype(dtype) for name, dtype in zip(tried, types, strict=True)]

    def tensors(numbers: tf.Tensor) -> Any:
        made = dict(zip(tried, tf.numpy_function(arrays, [numbers], types), strict=True))
        for name, tensor in made.items():
            tensor.set_shape([None] * tried[name].ndim)
        return apart(made)

    numbers = tf.data.Dataset.range(len(dataset))
    if shuffle:
        numbers = numbers.shuffle(len(dataset))
    drop = shuffle if drop_remainder is None else drop_remainder
    made = numbers.batch(batch_size, drop_remainder=drop).map(tensors)
    return made.prefetch(tf.data.AUTOTUNE) if prefetch else made


def batch_at(
    names: Sequence[str], dataset: Any, collate: Callable[..., Any], numbers: Sequence[int]
) -> dict[str, np.ndarray]:
    """The inputs, and labels, of the examples of these numbers."""
    kept = {*names, *SPELLINGS}
    rows = [dict(dataset[int(number)]) for number in numbers]
    collated = collate([{name: row[name] for name in row if name in kept} for row in rows])
    return {name: as_array(collated[name]) for name in collated if name in names}


def as_array(value: Any) -> np.ndarray:
    """A field of a batch as an array of int64 or float32, as models take them."""
    array = np.asarray(value)
    if np.issubdtype(array.dtype, np.integer) or array.dtype == bool:
        return array.astype(np.int64)
    return array.astype(np.float32) if np.issubdtype(array.dtype, np.floating) else array


def apart(batch: dict[str, tf.Tensor]) -> Any:
    """Inputs and labels; what is alone is no dict."""
    inputs = {name: tensor for name, tensor in batch.items() if name not in LABELS}
    labels = {name: tensor for name, tensor in batch.items() if name in LABELS}
    if not labels:
        return alone(inputs)
    return alone(inputs), alone(labels)


def alone(fields: dict[str, tf.Tensor]) -> Any:
    """The only field of a dict, or the dict."""
    return next(iter(fields.values())) if len(fields) == 1 else fields
