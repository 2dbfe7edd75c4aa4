"""Requests that TensorFlow Serving answers before it serves, so that no user waits for the first.

It reads them from ``assets.extra`` of a SavedModel: records of PredictionLog, a message of its
``apis/prediction_log.proto``.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from camembert_dual.common.protobuf import write_field

FILE = Path("assets.extra") / "tf_serving_warmup_requests"
LENGTH, CHOICES = 8, 2
# numbers of the fields on the way from a PredictionLog to a signature's name and inputs
PREDICT_LOG, REQUEST, MODEL_SPEC, SIGNATURE_NAME, INPUTS, KEY, VALUE = 6, 1, 1, 3, 2, 1, 2


def write_warm_up(path: str | Path, requests: Iterable[tuple[str, Mapping[str, Any]]]) -> None:
    """Write the requests of a SavedModel, in the place of those that it has.

    Args:
        path: The folder of the SavedModel.
        requests: Signatures by name, each with its inputs by name as arrays; at most 1,000.

    Raises:
        OSError: If the folder cannot be written.
    """
    file = Path(path) / FILE
    file.parent.mkdir(exist_ok=True)
    with tf.io.TFRecordWriter(str(file)) as writer:
        for signature, inputs in requests:
            writer.write(prediction_log(signature, inputs))


def prediction_log(signature: str, inputs: Mapping[str, Any]) -> bytes:
    """A request as TensorFlow Serving logs it."""
    request = write_field(MODEL_SPEC, write_field(SIGNATURE_NAME, signature.encode()))
    for name, value in inputs.items():
        tensor = tf.make_tensor_proto(value).SerializeToString()
        entry = write_field(KEY, name.encode()) + write_field(VALUE, tensor)
        request += write_field(INPUTS, entry)
    return write_field(PREDICT_LOG, write_field(REQUEST, request))


def requests_of(
    signatures: Mapping[str, Any], start_id: int, text: str
) -> Iterable[tuple[str, dict[str, np.ndarray]]]:
    """One small request for each signature.

    Args:
        signatures: Concrete functions by name.
        start_id: An id of the vocabulary.
        text: What is asked where strings are taken.
    """
    fills = {"attention_mask": 1, "token_type_ids": 0, "input_ids": start_id}
    for signature, function in signatures.items():
        given = tf.nest.flatten(function.structured_input_signature)
        specs = [one for one in given if isinstance(one, tf.TensorSpec)]
        yield signature, {one.name: filled(one, fills.get(one.name, text)) for one in specs}


def filled(spec: tf.TensorSpec, value: Any) -> np.ndarray:
    """An array of one value: one row, two choices and eight tokens where a size is open."""
    is_text = spec.dtype == tf.string
    sizes = (1, CHOICES) if is_text else (1, *[CHOICES] * (len(spec.shape) - 2), LENGTH)
    shape = [one or size for one, size in zip(spec.shape, sizes, strict=False)]
    return np.full(shape, value, object if is_text else spec.dtype.as_numpy_dtype)
