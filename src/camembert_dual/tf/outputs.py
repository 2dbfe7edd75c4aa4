"""Model outputs as tree nodes, so that Keras looks into them."""

from functools import partial
from typing import Any

import optree

from camembert_dual.outputs import OUTPUT_CLASSES, ModelOutput
from camembert_dual.tokenization import BatchEncoding


def register_outputs() -> None:
    """Make every output class a node of Keras' trees (predict, symbolic calls, export).

    A tokenizer's result is one too, so that ``model(encoding)`` and ``predict(encoding)`` work.
    """
    for output_class in (*OUTPUT_CLASSES, BatchEncoding):
        optree.register_pytree_node(
            output_class,
            flatten,
            partial(unflatten, output_class),
            namespace="keras",
        )


def flatten(output: ModelOutput) -> tuple[list[Any], list[str], list[str]]:
    """Take an output apart into values and names; the names are the paths, too."""
    return list(output.values()), list(output), list(output)


def unflatten(output_class: type[ModelOutput], names: Any, values: Any) -> ModelOutput:
    """Put an output together again."""
    return output_class(zip(names, values, strict=True))
