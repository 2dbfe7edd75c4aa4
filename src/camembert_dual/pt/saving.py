"""The weights of a model as its forward uses them, or why they cannot be saved."""

from copy import deepcopy
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize

from camembert_dual.checkpoints.saving import REMEDY, check_kind, check_weights
from camembert_dual.common.errors import require
from camembert_dual.parameters import computed_name
from camembert_dual.pt.tying import DECODER, second_names, shares

KINDS: dict[str, type[nn.Module]] = {  # by the word at the end of a path of the parameter table
    "kernel": nn.Linear,
    "embeddings": nn.Embedding,
    "gamma": nn.LayerNorm,
}


def weights_of(model: Any) -> dict[str, Tensor]:
    """Give the weights of a model by published name, parametrised ones as they are computed.

    Raises:
        ValueError: If the model is not what its config says.
    """
    expected = model.expected_parameters()
    own = {one.name for one in expected if one.own}  # as they are stored
    again = second_names(model) - {one.name for one in expected} if own else set()
    names = [
        name for name in model.state_dict() if name in own or (is_plain(name) and name not in again)
    ]
    for path, module in model.named_modules():
        if parametrize.is_parametrized(module):
            computed = [f"{path}.{name}" for name in module.parametrizations]
            names += [name for name in computed if not own & set(sources(model, name))]
    weights = {name: used(model, name) for name in names}
    for name, (_, owner) in shares(model).items():
        second = weights.pop(f"{DECODER}{name}", None)
        if second is not None:
            check_tie(f"{DECODER}{name}", second, used(owner, name))
    check_weights(expected, {name: tuple(weight.shape) for name, weight in weights.items()})
    for one in expected:
        wanted = KINDS.get(one.path.rpartition("/")[2])
        holder = model.get_submodule(one.name.rpartition(".")[0])
        if wanted is not None and not one.name.startswith(DECODER):
            is_kept = type(holder).forward is wanted.forward
            check_kind(one.name, is_kept, wanted.__name__, type(holder).__name__)
        is_there = weights[one.name].device.type != "meta"
        require(is_there, f"{one.name} must be in memory to be saved", "a weight without values")
    return {one.name: weights[one.name] for one in expected}


def is_plain(name: str) -> bool:
    """Whether a name of a state dict is that of a weight itself."""
    return computed_name(name) == name


def sources(model: nn.Module, name: str) -> list[str]:
    """What a parametrised weight is computed from."""
    return [one for one in model.state_dict() if not is_plain(one) and computed_name(one) == name]


def used(model: nn.Module, name: str) -> Tensor:
    """The weight of a name that a forward uses, in evaluation.

    What computes it may take a step of its own in training, as a spectral norm does: so a copy is
    asked.
    """
    path, _, word = name.rpartition(".")
    holder = model.get_submodule(path)
    if parametrize.is_parametrized(holder, word):
        lists: Any = holder.parametrizations
        return deepcopy(lists[word]).eval()()
    return getattr(holder, word)


def check_tie(name: str, second: Tensor, first: Tensor) -> None:
    """Check that a weight which is not saved, being tied, has the values of the one that is.

    Raises:
        ValueError: If it has not.
    """
    is_same = second.shape == first.shape and torch.equal(second, first)
    require(is_same, f"{name} must be tied, as the config says, {REMEDY}", "other values")


def export(model: Any, path: Path | None) -> None:
    """Refuse a SavedModel.

    Raises:
        ValueError: If one is asked for.
    """
    require(path is None, "saved_model must be False, as a SavedModel is TensorFlow's", True)
