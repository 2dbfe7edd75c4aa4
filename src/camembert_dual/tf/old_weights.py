"""Weights that Keras 2 wrote of a user's own model, for the same model rebuilt on Keras 3."""

from collections.abc import Iterator
from pathlib import Path

import keras

from camembert_dual.checkpoints.folder import open_arrays
from camembert_dual.common.arrays import Array
from camembert_dual.common.errors import require
from camembert_dual.tf.pretrained import PretrainedModel


def load_old_weights(model: keras.Model, path: str | Path) -> dict[str, Array]:
    """Load the CamemBERT in a file into the one in a model; give the rest of the file by name.

    Args:
        model: A model of this package, or one of the user's with one among its layers; built.
        path: ``.h5`` of ``save_weights`` or ``save``, a checkpoint of TensorFlow (what the names of
            its files begin with, or the ``.index``) or the folder of a SavedModel.

    Returns:
        The weights of the user's own layers, as Keras holds them, by the names that Keras 2 gave
        them: ``model.get_layer("mine").set_weights([rest["mine/kernel:0"], rest["mine/bias:0"]])``.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If the model or the file does not hold one CamemBERT, or they differ.
    """
    found = list(dict.fromkeys(_inner_models(model)))
    names = [one.name for one in found]
    require(len(found) == 1, "model must have one CamemBERT among its layers", names)
    arrays = open_arrays(path)
    found[0].load_arrays(arrays)
    return {name: one.read() for name, one in arrays.own.items()}


def _inner_models(layer: keras.layers.Layer) -> Iterator[PretrainedModel]:
    """The models of this package in a model; what they consist of is theirs."""
    if isinstance(layer, PretrainedModel):
        yield layer
    else:
        for inner in getattr(layer, "layers", ()):
            yield from _inner_models(inner)
