"""Where Keras' ``.weights.h5`` files a layer: by the attributes that lead to it, not by its name.

Files of this package's models, and of Keras 2's classes of ``transformers``, which are only read.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence

from camembert_dual.parameters import BACKBONE

# lists, which have no name in a path, and what Keras 2 calls the layers of a functional model
KERAS_HOLDERS = ("layer", "layers", "_layer_checkpoint_dependencies")
KERAS_ATTRIBUTES = {  # a layer's name to the attributes that lead to it, where they differ
    BACKBONE: ("layers", "tf_camembert_main_layer"),
    "qa_outputs": ("layers", "dense"),
    "lm_head": ("layers", "lm_head"),
    "output": ("projection",),
}
_KERAS_LAYERS = {attributes: layer for layer, attributes in KERAS_ATTRIBUTES.items()} | {
    ("layers", "tf_camembert_model"): BACKBONE,  # whole models stood below the heads once
    ("layers", "tf_roberta_main_layer"): BACKBONE,
    ("self_attention",): "self",
    ("dense_output",): "output",
    ("bert_output",): "output",
}
KERAS_2_EMBEDDINGS = "embeddings"  # the layer whose tables are no layers there
KERAS_2_TABLES = (
    "word_embeddings/embeddings",
    "token_type_embeddings/embeddings",
    "position_embeddings/embeddings",
)
_ENCODER_LAYER = re.compile(r"(?:encoder|tf_camembert|tf_roberta)_layer(?:_(\d{1,4}))?")


def keras_attributes(layers: Sequence[str]) -> list[str]:
    """Where Keras looks for a layer: by attribute, or by class in the list of a model's layers."""
    parts: list[str] = []
    for layer in layers:
        number = re.fullmatch(r"layer_(\d+)", layer)
        if number:
            parts += ["layer", "encoder_layer" + (f"_{number[1]}" if int(number[1]) else "")]
        else:
            parts += KERAS_ATTRIBUTES.get(layer, (layer,))
    return parts


def keras_layers(attributes: Sequence[str]) -> list[str]:
    """The names of a layer and those around it: the reverse of :func:`keras_attributes`."""
    names = []
    for holder, attribute in itertools.pairwise(("", *attributes)):
        number = _ENCODER_LAYER.fullmatch(attribute)
        known = _KERAS_LAYERS.get((holder, attribute)) or _KERAS_LAYERS.get((attribute,))
        if number and holder == "layer":
            names.append(f"layer_{number[1] or 0}")
        elif attribute not in KERAS_HOLDERS:
            if known == BACKBONE and BACKBONE in names:  # the network in a whole model
                names[names.index(BACKBONE)] = "model"
            names.append(known or attribute)
    return names


def keras_2_word(layers: Sequence[str], number: str) -> str | None:
    """The end of the path of an embedding table of Keras 2's classes; None if it is none."""
    tables = dict(zip("012", KERAS_2_TABLES, strict=True))
    return tables.get(number) if layers and layers[-1] == KERAS_2_EMBEDDINGS else None
