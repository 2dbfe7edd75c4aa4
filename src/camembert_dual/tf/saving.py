"""The weights of a model as its call uses them, or why they cannot be saved."""

from pathlib import Path
from typing import Any

import keras

from camembert_dual.checkpoints.saving import check_kind, check_weights
from camembert_dual.tf.export.saved_model import export_saved_model
from camembert_dual.tf.layers import Dense, Embedding, LayerNormalization
from camembert_dual.tf.naming import Place, places_of

KINDS = {  # by the word at the end of a path of the parameter table
    "kernel": (Dense, keras.layers.Dense),
    "embeddings": (
        Embedding,
        keras.layers.Embedding,
        getattr(keras.layers, "ReversibleEmbedding", Embedding),  # of newer versions
    ),
    "gamma": (LayerNormalization, keras.layers.LayerNormalization),
}


def weights_of(model: Any) -> dict[str, Any]:
    """Give the weights of a model by published name, low-rank adapters of Keras merged.

    Returns:
        The weights, in Keras' layout.

    Raises:
        ValueError: If the model is not what its config says.
    """
    expected, places = model.expected_parameters(), places_of(model)
    check_weights(expected, {name: place.shape for name, place in places.items()})
    for one in expected:
        wanted, holder = KINDS.get(one.path.rpartition("/")[2]), places[one.name].holder
        if wanted is not None:
            is_kept = type(holder).call in [kind.call for kind in wanted]
            check_kind(one.name, is_kept, wanted[0].__name__, type(holder).__name__)
    return {one.name: used(places[one.name]) for one in expected}


def used(place: Place) -> Any:
    """The weight that a call uses: of a layer with adapters, the weight and they together."""
    return getattr(place.holder, place.variable.name, place.variable)


def export(model: Any, path: Path | None) -> None:
    """Write a SavedModel where one is asked for, with the endpoints of ``transformers`` 4."""
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        export_saved_model(model, path, published=True)
