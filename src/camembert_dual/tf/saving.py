"""The weights of a model as its call uses them, or why they cannot be saved."""

from pathlib import Path
from typing import Any

import keras

from camembert_dual.checkpoints.saving import check_kind, check_weights
from camembert_dual.tf.export.saved_model import export_saved_model
from camembert_dual.tf.layers import Dense, Embedding, LayerNormalization

KINDS = {  # by the word at the end of a path of the parameter table
    "kernel": (Dense, keras.layers.Dense),
    "embeddings": (
        Embedding,
        keras.layers.Embedding,
        getattr(keras.layers, "ReversibleEmbedding", Embedding),  # of newer versions
    ),
    "gamma": (LayerNormalization, keras.layers.LayerNormalization),
}
LORA = ("lora_kernel_a", "lora_kernel_b", "lora_embeddings_a", "lora_embeddings_b")


def weights_of(model: Any) -> dict[str, Any]:
    """Give the weights of a model by published name, low-rank adapters of Keras merged.

    Returns:
        The weights, in Keras' layout.

    Raises:
        ValueError: If the model is not what its config says.
    """
    expected = model.expected_parameters()
    weights, shapes, known = {}, {}, set()
    for one in expected:
        holder, word = holder_of(model, one.path), one.path.rpartition("/")[2]
        weight = None if holder is None else getattr(holder, word, None)
        if weight is not None:
            weights[one.name] = weight
            shapes[one.name] = tuple(weight.shape)[:: -1 if one.transposed else 1]
            known.add(id(variable_of(model, one.path)))
    others = [one for one in model.weights if id(one) not in known and one.name not in LORA]
    shapes |= {name_of(one): tuple(one.shape) for one in others}
    check_weights(expected, shapes)
    for one in expected:
        holder, wanted = holder_of(model, one.path), KINDS.get(one.path.rpartition("/")[2])
        if wanted is not None:
            is_kept = type(holder).call in [kind.call for kind in wanted]
            check_kind(one.name, is_kept, wanted[0].__name__, type(holder).__name__)
    return weights


def name_of(variable: keras.Variable) -> str:
    """What a weight that no config knows is called: its path, spelt as the published names are."""
    return variable.path.partition("/")[2].replace("/layer_", ".layer.").replace("/", ".")


def variable_of(model: Any, path: str) -> keras.Variable:
    """The variable of a weight by its path in the parameter table, without adapters."""
    holder, word = holder_of(model, path), path.rpartition("/")[2]
    own = getattr(holder, f"_{word}", None)
    return getattr(holder, word) if own is None else own


def holder_of(model: Any, path: str) -> Any:
    """The layer that has a weight, by the weight's path in the parameter table; None if none has.

    Layers are found by the attributes that call them, since one that was given to the model has a
    name of its own.
    """
    holder = model
    for part in path.split("/")[:-1]:
        if part.startswith("layer_") and part != "layer_norm":
            layers, number = getattr(holder, "layer", ()), int(part.removeprefix("layer_"))
            holder = layers[number] if number < len(layers) else None
        else:
            holder = getattr(holder, "projection" if part == "output" else part, None)
    return holder


def export(model: Any, path: Path | None) -> None:
    """Write a SavedModel where one is asked for."""
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        export_saved_model(model, path)
