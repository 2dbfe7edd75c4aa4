"""Weights in fewer bits, as ``quantize`` of Keras keeps them: in which layers, and made again."""

import gc
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from warnings import catch_warnings, filterwarnings

import keras

from camembert_dual.common.errors import require
from camembert_dual.tf.naming import children_of

MODES = ("int8", "int4", "float8")


@contextmanager
def quantizing(mode: str) -> Iterator[None]:
    """Where Keras quantizes a model of ours.

    It need not warn of each layer without a product. It looks for garbage after each weight, which
    takes half a second among TensorFlow's objects: those that are there already are passed over.

    Raises:
        ValueError: If the way looks at examples first: Keras would leave the model half done.
    """
    require(mode in MODES, f"mode must be one of {', '.join(MODES)}", mode)
    with catch_warnings():
        filterwarnings("ignore", ".* does not have a `quantize` method implemented")
        gc.freeze()
        try:
            yield
        finally:
            gc.unfreeze()


def quantized_config(layer: keras.layers.Layer) -> dict[str, Any]:
    """The quantized layers below a layer, as Keras saves them; nothing if there are none."""
    found = {
        name: {
            "dtype": keras.saving.serialize_keras_object(one.dtype_policy),
            "config": keras.saving.serialize_keras_object(one.quantization_config),
        }
        for name, one in leaves_of(layer)
        if one.quantization_mode is not None
    }
    return {"quantized": found} if found else {}


def quantize_again(layer: keras.layers.Layer, quantized: Mapping[str, Any]) -> None:
    """Quantize the layers of a new layer as those that a file was made of; weights follow.

    Args:
        layer: A layer or model.
        quantized: What :func:`quantized_config` gave for ``quantized``.
    """
    if not layer.built:
        layer.build()
    leaves = dict(leaves_of(layer))
    for name, saved in quantized.items():
        one, config = leaves[name], keras.saving.deserialize_keras_object(saved["config"])
        if one.built:
            with quantizing(config.mode):
                one.quantize(config=config)
        else:  # a user's own layer, which its first call builds
            one.quantization_config = config
            one.dtype_policy = keras.saving.deserialize_keras_object(saved["dtype"])


def leaves_of(
    layer: keras.layers.Layer, prefix: str = ""
) -> Iterator[tuple[str, keras.layers.Layer]]:
    """The layers below a layer that have none below them, by the attributes that lead to them."""
    for name, child in children_of(layer):
        inner = list(leaves_of(child, f"{prefix}{name}."))
        yield from inner or [(f"{prefix}{name}", child)]
