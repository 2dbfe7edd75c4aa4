"""One of two processes that share a model: ``torchrun --nproc-per-node 2 FILE WAY DIR``.

Every way trains on the halves of one batch, or on all of it where layers are cut, and writes what
came out to DIR; the test compares it with one process that does the same alone.
"""

import os
import sys
from pathlib import Path

import torch
from torch import distributed
from torch.distributed import checkpoint
from torch.distributed.checkpoint.state_dict import get_model_state_dict
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import fully_shard
from torch.distributed.tensor.parallel import parallelize_module
from torch.nn.parallel import DistributedDataParallel

import cases
from camembert_dual.pt import (
    CamembertForCausalLM,
    CamembertForMaskedLM,
    save_gathered,
    tensor_parallel_plan,
)

IDS = torch.tensor([[9, 33, 71, 12, 5], [44, 7, 6, 81, 93], [3, 8, 8, 2, 60], [5, 9, 17, 22, 31]])
LABELS = IDS.flip(0)
STEPS = 3


def config(**overrides):
    sizes = {
        "hidden_dropout_prob": 0.0,
        "attention_probs_dropout_prob": 0.0,
        "num_attention_heads": 4,
    }
    return cases.config(**{**sizes, "intermediate_size": 36, "eos_token_id": None, **overrides})


def new(model_class=CamembertForMaskedLM, **overrides):
    settings = config(**overrides)
    model = model_class(settings).double()
    model.load_arrays(cases.weights(settings, model_class.architecture))
    return model.train()


def train(model, input_ids, labels):
    """Three steps; the gradients are averaged by whoever holds the model, if anyone does."""
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2, foreach=False)
    for _ in range(STEPS):
        optimizer.zero_grad()
        model(input_ids=input_ids, labels=labels).loss.backward()
        optimizer.step()
    return model


def sharded(model):
    for layer in model.roberta.encoder.layer:
        fully_shard(layer)
    fully_shard(model)
    return model


def main(way: str, folder: Path) -> None:
    distributed.init_process_group("gloo")
    rank = distributed.get_rank()
    half = slice(2 * rank, 2 * rank + 2)
    if way == "ddp":
        model = train(DistributedDataParallel(new()), IDS[half], LABELS[half])
        save_gathered(model, folder / "saved")
    elif way == "fsdp":
        model = train(sharded(new()), IDS[half], LABELS[half])
        save_gathered(model, folder / "saved")
        checkpoint.save({"model": get_model_state_dict(model)}, checkpoint_id=folder / "pieces")
    elif way == "generate":
        model = sharded(new(CamembertForCausalLM, is_decoder=True))
        found = model.generate(IDS, max_new_tokens=6)
        torch.save(found, folder / f"found-{rank}.pt")
    elif way == "tensor":
        model = new()
        mesh = init_device_mesh("cpu", (2,))
        parallelize_module(model, mesh, tensor_parallel_plan(model, 2))
        assert model.roberta.encoder.layer[0].attention.self.query.weight.to_local().shape == (
            12,
            24,
        )
        mask = torch.ones_like(IDS)
        mask[0, 3:] = 0
        torch.save(model(IDS, mask).logits.detach(), folder / f"logits-{rank}.pt")
        train(model, IDS, LABELS)
        save_gathered(model, folder / "saved")
    distributed.destroy_process_group()


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
    sys.stdout.flush()
    os._exit(0)  # gloo's threads may outlive the interpreter
