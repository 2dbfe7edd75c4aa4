"""A model among several processes: how its layers are cut, and one folder of all parts."""

from pathlib import Path
from typing import Any

from torch import distributed

from camembert_dual.checkpoints.folder import save_checkpoint
from camembert_dual.checkpoints.loading import config_for_saving
from camembert_dual.common.errors import require
from camembert_dual.pt.saving import weights_of
from camembert_dual.pt.surgery import backbone_of
from camembert_dual.pt.tensors import array_of


def tensor_parallel_plan(model: Any, processes: int) -> dict[str, Any]:
    """How ``torch.distributed.tensor.parallel.parallelize_module`` may cut a model's layers.

    Each process gets some heads and a part of the wide half of each layer, as in Megatron-LM
    (Shoeybi et al. 2019, https://arxiv.org/abs/1909.08053); embeddings and heads of tasks stay
    whole. Attention probabilities and head masks, which are of all heads, are not to be had then.

    Args:
        model: A model of this package.
        processes: The size of the mesh.

    Returns:
        The name of a module to how it is cut.

    Raises:
        ValueError: If the heads of a layer, or the wide half, cannot be cut into equal parts.
    """
    # which costs half a second that those who run alone need not spend
    from torch.distributed.tensor.parallel import ColwiseParallel, RowwiseParallel

    config = model.config
    counts = {config.kept_head_count(layer) for layer in range(config.num_hidden_layers)}
    counts |= {config.num_attention_heads} if config.add_cross_attention else set()
    fits = all(count % processes == 0 for count in (*counts, config.intermediate_size))
    rule = f"The heads of each layer and intermediate_size must be multiples of {processes}"
    require(fits, rule, f"{sorted(counts)} and {config.intermediate_size}")
    blocks = ["attention", *(["crossattention"] if config.add_cross_attention else [])]
    projections = [f"{block}.self.{part}" for block in blocks for part in ("query", "key", "value")]
    products = [f"{block}.output.dense" for block in blocks]
    prefix = "" if backbone_of(model) is model else "roberta."
    layer = f"{prefix}encoder.layer.*."
    plan: dict[str, Any] = {}
    for name in (*projections, "intermediate.dense"):
        plan[layer + name] = ColwiseParallel()
    for name in (*products, "output.dense"):
        plan[layer + name] = RowwiseParallel()
    return plan


def save_gathered(model: Any, directory: str | Path, **options: Any) -> None:
    """Save a model whose weights lie in pieces in several processes, as one folder.

    All processes call this; the first one writes, and the others wait for it. A model in
    DistributedDataParallel is taken out of it.

    Args:
        model: The model, after ``fully_shard`` or ``parallelize_module``, or one that is whole.
        directory: The folder, made if need be.
        **options: See :func:`camembert_dual.checkpoints.folder.save_checkpoint`.

    Raises:
        OSError: If the folder cannot be written.
        ValueError: If the model is not what its config says.
    """
    model = getattr(model, "module", model)
    writes = distributed.get_rank() == 0
    arrays = {}
    for name, weight in weights_of(model).items():
        whole = weight.full_tensor() if hasattr(weight, "full_tensor") else weight
        if writes:
            arrays[name] = array_of(whole)
    if writes:
        config = config_for_saving(model.config, model.architecture)
        save_checkpoint(directory, config, arrays, **options)
    distributed.barrier()
