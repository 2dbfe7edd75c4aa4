"""The weights of a model by published name, as PyTorch's modules have it by themselves."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import keras

from camembert_dual.common.errors import require
from camembert_dual.common.model_names import MODEL
from camembert_dual.parameter_names import OWN_WORDS
from camembert_dual.parameters import BACKBONE
from camembert_dual.tf.attention import Attention
from camembert_dual.tf.encoder import EncoderLayer

TURNED = (keras.layers.Dense, keras.layers.Conv1D)  # whose kernels PyTorch holds turned round
ADAPTERS = ("lora_kernel_a", "lora_kernel_b", "lora_embeddings_a", "lora_embeddings_b")
ROUNDED = ("int8", "int4")  # Keras' ways to keep weights as whole numbers


class Place(NamedTuple):
    """Where a weight is.

    Attributes:
        holder: The layer that it is a weight of.
        variable: The weight; for one with adapters of Keras, the weight alone.
    """

    holder: keras.layers.Layer
    variable: keras.Variable

    @property
    def word(self) -> str:
        """The last word of its name."""
        name = "weight" if self.transposed else self.variable.name
        return OWN_WORDS.get(name, name)

    @property
    def transposed(self) -> bool:
        """Whether PyTorch holds the transpose."""
        return self.variable.name == "kernel" and isinstance(self.holder, TURNED)

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape that PyTorch's has."""
        return tuple(self.variable.shape)[:: -1 if self.transposed else 1]


def places_of(model: Any) -> dict[str, Place]:
    """The weights of a model by published name, adapters of Keras left out.

    A name is made of the attributes that lead to a weight, as PyTorch makes it: a Keras layer that
    a user made may have any name, and another one in the next process.

    Raises:
        ValueError: If there are weights in whole numbers.
    """
    found: dict[str, Place] = {}
    seen: set[int] = set()

    def walk(layer: keras.layers.Layer, prefix: str) -> None:
        check_floating(layer)
        children = dict(children_of(layer))
        inner = {id(one) for child in children.values() for one in child.weights}
        for variable in layer.weights:
            if id(variable) not in inner | seen and not is_beside(variable, layer):
                seen.add(id(variable))
                place = Place(layer, variable)
                found[f"{prefix}{place.word}"] = place
        for name, child in children.items():
            is_bare = name == BACKBONE and getattr(layer, "architecture", None) == MODEL
            walk(child, prefix if is_bare else f"{prefix}{name}.")

    walk(model, "")
    return found


def is_beside(variable: keras.Variable, layer: keras.layers.Layer) -> bool:
    """Whether a layer of Keras has a variable beside its weights: an adapter, a scale."""
    is_scale = layer.quantization_mode is not None and variable.name not in ("kernel", "bias")
    return is_scale or variable.name in ADAPTERS


def check_floating(layer: keras.layers.Layer) -> None:
    """Refuse whole numbers where weights are read, filled or cut by their published names.

    Raises:
        ValueError: If the layer keeps its weights so.
    """
    mode = layer.quantization_mode
    rule = "Weights must be floating point numbers here (model.save keeps what quantize made)"
    require(mode not in ROUNDED, rule, mode)


def children_of(layer: keras.layers.Layer) -> Iterator[tuple[str, keras.layers.Layer]]:
    """The layers of a layer, each once, by their attributes; by number in a list or a sequence."""
    seen: set[int] = set()
    is_sequence = isinstance(layer, keras.Sequential)
    public = {name: value for name, value in vars(layer).items() if not name.startswith("_")}
    attributes = dict(enumerate(layer.layers)) if is_sequence else public
    for attribute, value in attributes.items():
        for name, child in layers_in(str(attribute), value):
            if id(child) not in seen:
                seen.add(id(child))
                is_output = name == "projection" and isinstance(layer, Attention | EncoderLayer)
                yield "output" if is_output else name, child
    for child in layer._layers:  # of private attributes, as in Keras' own layers
        if id(child) not in seen:
            yield child.name, child


def layers_in(name: str, value: Any) -> Iterator[tuple[str, keras.layers.Layer]]:
    """The layers that are, or are in, the value of an attribute."""
    if isinstance(value, keras.layers.Layer):
        yield name, value
    elif isinstance(value, list | tuple | Mapping):
        items = value.items() if isinstance(value, Mapping) else enumerate(value)
        for key, one in items:
            yield from layers_in(f"{name}.{key}", one)
