"""Model outputs as tree nodes, so that PyTorch's transforms look into them."""

from functools import partial
from typing import Any

from torch.utils import _pytree as tree

from camembert_dual.outputs import OUTPUT_CLASSES, ModelOutput


def register_outputs() -> None:
    """Make every output class a node of PyTorch's trees (compile, export, data parallel)."""
    for output_class in OUTPUT_CLASSES:
        tree.register_pytree_node(
            output_class,
            flatten,
            partial(unflatten, output_class),
            serialized_type_name=f"camembert_dual.{output_class.__name__}",
        )


def flatten(output: ModelOutput) -> tuple[list[Any], list[str]]:
    """Take an output apart into values and names."""
    return list(output.values()), list(output)


def unflatten(output_class: type[ModelOutput], values: Any, names: Any) -> ModelOutput:
    """Put an output together again."""
    return output_class(zip(names, values, strict=True))
