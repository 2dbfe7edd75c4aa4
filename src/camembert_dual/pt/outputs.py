"""Model outputs as tree nodes, so that PyTorch's transforms look into them."""

from torch.utils import _pytree as tree

from camembert_dual.outputs import OUTPUT_CLASSES


def register_outputs() -> None:
    """Make every output class a node of PyTorch's trees (compile, export, data parallel)."""
    for output_class in OUTPUT_CLASSES:
        tree.register_pytree_node(
            output_class,
            lambda output: (list(output.values()), list(output)),
            lambda values, names, make=output_class: make(zip(names, values, strict=True)),
            serialized_type_name=f"camembert_dual.{output_class.__name__}",
        )
