"""A model as a LiteRT (TFLite) file, for devices."""

from pathlib import Path
from typing import Any

import tensorflow as tf

from camembert_dual.storage.atomic import write_atomically
from camembert_dual.tf.export.saved_model import serving_function, shape_of_ids


def export_litert(
    model: Any, path: str | Path, *, batch_size: int | None = None, quantize: bool = False
) -> None:
    """Write a LiteRT (TFLite) file of built-in operations only.

    The file takes ``input_ids`` and ``attention_mask`` of type int32; its interpreter resizes them
    to any length, and to any number of rows if that is not fixed.

    Args:
        model: A model of this package.
        path: The file to write.
        batch_size: The number of rows, or None for any.
        quantize: Whether weights become int8 (dynamic range).
    """
    serve = serving_function(model, output_hidden_states=False)
    shape = shape_of_ids(model, batch_size, None)
    specs = [tf.TensorSpec(shape, tf.int32, name) for name in ("input_ids", "attention_mask")]
    module = tf.Module()
    module.weights = [weight.value for weight in model.weights]
    concrete = [serve.get_concrete_function(*specs)]
    converter = tf.lite.TFLiteConverter.from_concrete_functions(concrete, module)
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS]
    if quantize:
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
    write_atomically(Path(path), converter.convert())
