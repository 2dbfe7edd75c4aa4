"""Drive the PyTorch tree from the neutral cases: build, call, differentiate."""

import functools
from typing import Any

import numpy as np
import torch
from torch.utils._python_dispatch import TorchDispatchMode

import camembert_dual.pt as tree
import cases
from camembert_dual.generation.modes import warpers_of
from camembert_dual.pt import attention as attention
from camembert_dual.pt import masks, surgery
from camembert_dual.pt.generation import rules as rules
from camembert_dual.pt.generation import sampling

NAME = "pt"
DTYPES = {"float64": torch.float64, "float32": torch.float32}


ID_TYPE = torch.int64
SINGLE = torch.float32
HALVES = {  # how to halve, and the largest difference in units of a stage
    "bfloat16": 4e-2,
    "float16": 6e-3,
    "autocast bfloat16": 4e-2,
    "autocast float16": 6e-3,
}
relu = torch.relu
tensor = torch.tensor
next_tokens = sampling.next_tokens
backbone_of = surgery.backbone_of


def model_class(task: str) -> type:
    return getattr(tree, task)


def forward_of(task: str):
    """The function that a call of a model runs."""
    return model_class(task).forward


def causal_mask(queries: int, keys: int) -> torch.Tensor:
    return masks.causal_mask(queries, keys, torch.device("cpu"))


def stored(row: Any) -> tuple[str, tuple[int, ...]]:
    """Where a row of the table lies in a model, and its shape there."""
    return row.name, row.shape


def shapes(model: Any) -> dict[str, tuple[int, ...]]:
    """What a model stores; nothing but parameters."""
    arrays = model.state_dict()
    assert {name for name, _ in model.named_parameters()} == set(arrays)
    return {name: tuple(array.shape) for name, array in arrays.items()}


def new(
    task: str, config: Any, arrays: dict[str, np.ndarray], dtype: str = "float64", **options: Any
):
    """A model in evaluation mode with the given weights."""
    model = model_class(task)(config, **options).to(DTYPES[dtype])
    model.load_arrays({name: array.astype(dtype) for name, array in arrays.items()})
    return model.eval()


@functools.cache
def built(task: str, config_name: str, dtype: str = "float64"):
    """The model of a task and a config of the matrix with its weights; shared, never changed."""
    config = cases.config(config_name)
    return new(task, config, cases.weights(config, task), dtype)


def as_tensor(value: Any, dtype: str) -> Any:
    """Numpy to tensors, structures included; real numbers in the model's type."""
    if isinstance(value, tuple | list):
        return tuple(as_tensor(one, dtype) for one in value)
    if not isinstance(value, np.ndarray):
        return value
    return torch.tensor(value.astype(dtype) if value.dtype.kind == "f" else value)


def as_array(tensor: torch.Tensor) -> np.ndarray:
    return tensor.detach().numpy()


def call(model: Any, *args: Any, **keywords: Any):
    """The output of a call, without gradients."""
    with torch.no_grad():
        return model(*args, **keywords)


def run(model: Any, inputs: dict[str, Any], dtype: str = "float64", **switches: Any):
    """Every stage that a call returns, by name."""
    given = {name: as_tensor(value, dtype) for name, value in inputs.items()}
    output = call(model, **given, **(switches or cases.ALL_OUTPUTS))
    return cases.stages(output, as_array)


def search_without_graphs(patch: Any) -> None:
    """As PyTorch always does."""


def warped(scores: Any, options: Any) -> Any:
    """Scores as they are drawn from."""
    return rules.process(
        warpers_of(options), scores, torch.zeros_like(scores, dtype=torch.int64), 1
    )


def generate(model: Any, inputs: dict[str, Any], **options: Any) -> np.ndarray:
    given = {name: as_tensor(value, "float64") for name, value in inputs.items()}
    return model.generate(**given, **options).numpy()


def gradients(model: Any, inputs: dict[str, Any], dtype: str = "float64"):
    """The loss and the gradient of every weight, by published name."""
    given = {name: as_tensor(value, dtype) for name, value in inputs.items()}
    model.zero_grad()
    loss = model(**given).loss
    loss.backward()
    arrays = {
        # a position table that relative positions leave unused has no gradient at all
        name: as_array(torch.zeros_like(weight) if weight.grad is None else weight.grad)
        for name, weight in model.named_parameters()  # a shared one by its first name
    }
    return as_array(loss), arrays


def in_half(kind: str, task: str, config: Any, arrays: dict[str, np.ndarray]):
    """A model that computes in half precision: as a whole, or where ``mixing`` has it."""
    model = new(task, config, arrays, "float32")
    return model if kind.startswith("autocast") else model.to(getattr(torch, kind))


def mixing(kind: str):
    dtype = getattr(torch, kind.removeprefix("autocast "))
    return torch.autocast("cpu", dtype, enabled=kind.startswith("autocast"))


def as_single(tensor: torch.Tensor) -> np.ndarray:
    return tensor.detach().float().numpy()


def half_gradients(kind: str, model: Any, inputs: dict[str, np.ndarray], **switches: Any):
    """The output of a call and the gradients of its loss, in single precision."""
    with mixing(kind):
        output = model(**inputs, **switches)
    output.loss.backward()
    return output, [as_single(weight.grad) for weight in model.parameters()]


@functools.cache
def outcome(task: str, case: cases.Case, dtype: str = "float64"):
    """Every stage of a call of the matrix, computed once."""
    return run(built(task, case.config, dtype), cases.inputs(task, case), dtype)


@functools.cache
def loss_outcome(name: str, dtype: str = "float64"):
    """The stages of a loss of the cases, by its name, computed once."""
    loss = next(one for one in cases.LOSSES if str(one) == name)
    config, inputs = cases.loss_call(loss)
    model = new(loss.task, config, cases.weights(config, loss.task), dtype)
    return run(model, inputs, dtype, return_dict=True)


@functools.cache
def training_outcome(name: str, dtype: str = "float64"):
    """The loss and the gradients of a training of the cases, by its name, computed once."""
    training = next(one for one in cases.TRAININGS if one.name == name)
    config, inputs = cases.training_call(training)
    task = training.loss.task
    return gradients(new(task, config, cases.weights(config, task), dtype), inputs, dtype)


class Sizes(TorchDispatchMode):
    """The numbers in each new tensor; views are of the size of what they look into."""

    def __init__(self) -> None:
        super().__init__()
        self.found: set[int] = set()

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        result = function(*args, **(kwargs or {}))
        known = {one.data_ptr() for one in args if isinstance(one, torch.Tensor)}
        for one in result if isinstance(result, tuple | list) else [result]:
            if isinstance(one, torch.Tensor) and one.data_ptr() not in known:
                self.found.add(one.numel())
        return result


def sizes_of_a_step(task: str, config, rows: int, length: int) -> set[int]:
    """The numbers in every tensor that a loss and its gradients make."""
    model = new(task, config, cases.weights(config, task))
    ids = cases.generator("sizes").integers(6, config.vocab_size, (rows, length))
    with Sizes() as sizes:
        gradients(model, {"input_ids": ids, "labels": ids})
    return sizes.found


def add_layer(model: Any) -> None:
    """Give a model a layer that its config does not know."""
    model.extra = torch.nn.Linear(3, 3)
