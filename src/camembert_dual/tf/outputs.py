"""Model outputs as tree nodes, so that Keras looks into them."""

import optree

from camembert_dual.outputs import OUTPUT_CLASSES
from camembert_dual.tokenization import BatchEncoding


def register_outputs() -> None:
    """Make every output class a node of Keras' trees (predict, symbolic calls, export).

    A tokenizer's result is one too, so that ``model(encoding)`` and ``predict(encoding)`` work.
    """
    for output_class in (*OUTPUT_CLASSES, BatchEncoding):
        optree.register_pytree_node(
            output_class,
            lambda output: (list(output.values()), list(output), list(output)),
            lambda names, values, make=output_class: make(zip(names, values, strict=True)),
            namespace="keras",
        )
