"""Low-rank adapters (Hu et al. 2021, https://arxiv.org/abs/2106.09685): of Keras, in peft's files.

``peft`` reads what :func:`save_adapter` writes into the same model in PyTorch, and the other way
round.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import keras
from safetensors.numpy import load_file, save_file

from camembert_dual.common.errors import require, require_file
from camembert_dual.common.model_names import MODEL
from camembert_dual.parameters import BACKBONE
from camembert_dual.storage.atomic import staged_save
from camembert_dual.storage.file_names import ADAPTER, ADAPTER_CONFIG
from camembert_dual.storage.json_files import json_text, read_json
from camembert_dual.tf.naming import children_of, places_of
from camembert_dual.tf.quantization import leaves_of
from camembert_dual.tf.tensors import array_of

PREFIX = "base_model.model."
# what peft may do besides, and how it says that it does not
PLAIN = {
    "peft_type": "LORA",
    "bias": "none",
    "use_dora": False,
    "use_rslora": False,
    "rank_pattern": {},
    "alpha_pattern": {},
    "fan_in_fan_out": False,
}


def enable_lora(
    model: Any,
    rank: int = 8,
    alpha: float | None = None,
    layers: Sequence[str] = ("query", "value"),
) -> None:
    """Freeze a model but for adapters of its dense layers and the head of its task.

    Args:
        model: A model of this package.
        rank: The rank of the adapters.
        alpha: Their factor times the rank; the rank, and so a factor of 1, if None.
        layers: How names of layers end: ``query``, ``output.dense``, or a whole name.

    Raises:
        ValueError: If a layer's name ends so in no dense layer, or adapters are there already.
    """
    found = dense_layers(model)
    for end in layers:
        rule = f"layers must be ends of names of dense layers such as {next(iter(found))}"
        require(any(ends_in(name, end) for name in found), rule, end)
    chosen = [name for name in found if any(ends_in(name, end) for end in layers)]
    adapt(model, chosen, rank, rank if alpha is None else alpha)


def save_adapter(model: Any, folder: str | Path) -> None:
    """Write a model's adapters, and what else of it is trained, as ``peft`` does.

    ``model.save`` and ``save_pretrained`` write adapters merged into the weights instead.

    Args:
        model: A model after :func:`enable_lora`, or with adapters of Keras of one rank.
        folder: The folder, made if need be.

    Raises:
        OSError: If the folder cannot be written.
        ValueError: If there are no adapters, or of several ranks.
    """
    adapted = {name: one for name, one in dense_layers(model).items() if one.lora_enabled}
    kinds = {(one.lora_rank, one.lora_alpha) for one in adapted.values()}
    require(len(kinds) == 1, "A model must have adapters of one rank to save them", sorted(kinds))
    ((rank, alpha),) = kinds
    arrays = {}
    for name, one in adapted.items():
        arrays[f"{PREFIX}{name}.lora_A.weight"] = array_of(one.lora_kernel_a).T.copy()
        arrays[f"{PREFIX}{name}.lora_B.weight"] = array_of(one.lora_kernel_b).T.copy()
    heads = trained_heads(model)
    for name, head in heads.items():
        for end, place in places_of(head).items():
            array = array_of(place.variable)
            array = array.T.copy() if place.transposed else array
            arrays[f"{PREFIX}{name}.{end}"] = array
    config = PLAIN | {
        "r": rank,
        "lora_alpha": alpha,
        "lora_dropout": 0.0,
        "target_modules": sorted(adapted),
        "modules_to_save": sorted(heads) or None,
        "task_type": None,
        "base_model_name_or_path": None,
        "inference_mode": True,
    }
    with staged_save(Path(folder)) as staging:
        (staging / ADAPTER_CONFIG).write_text(json_text(config), "utf-8")
        save_file(arrays, staging / ADAPTER, metadata={"format": "pt"})


def load_adapter(model: Any, folder: str | Path) -> None:
    """Put adapters of a file into a model, as :func:`enable_lora` would, ready to be trained on.

    Args:
        model: The model that they were trained on, without adapters.
        folder: What :func:`save_adapter` or ``peft`` wrote.

    Raises:
        FileNotFoundError: If there are none.
        ValueError: If they are of another kind, or of another model.
    """
    path = Path(folder) / ADAPTER_CONFIG
    config = read_json(path)
    for key, plain in PLAIN.items():
        rule = f"{key} must be {plain!r} for Keras' adapters"
        require_file(path, (config.get(key) or plain) == plain, rule, config.get(key))
    arrays = load_file(Path(folder) / ADAPTER)
    named = {name.removeprefix(PREFIX): array for name, array in arrays.items()}
    ends = (".lora_A.weight", ".lora_B.weight")
    names = sorted({name.removesuffix(end) for name in named for end in ends if name.endswith(end)})
    unknown = [name for name in names if name not in dense_layers(model)]
    require_file(path, names and not unknown, "adapters must be of layers of the model", unknown)
    adapt(model, names, config["r"], config["lora_alpha"])
    places = {}
    for name in names:
        layer = dense_layers(model)[name]
        places |= {f"{name}{ends[0]}": (layer.lora_kernel_a, True)}
        places |= {f"{name}{ends[1]}": (layer.lora_kernel_b, True)}
    for name, head in trained_heads(model).items():
        for end, one in places_of(head).items():
            places[f"{name}.{end}"] = (one.variable, one.transposed)
    fill(path, places, named)


def fill(
    path: Path, places: Mapping[str, tuple[keras.Variable, bool]], arrays: Mapping[str, Any]
) -> None:
    """Give variables the values of a file, whose matrices may be turned round.

    Raises:
        ValueError: If the file has one that the model has not, or of another shape.
    """
    unknown = sorted(set(arrays) - set(places))
    require_file(path, not unknown, "adapters must be of weights of the model", unknown)
    turned = {name: array.T if places[name][1] else array for name, array in arrays.items()}
    for name, array in turned.items():
        shape = tuple(places[name][0].shape)
        require_file(path, array.shape == shape, f"{name} must be of shape {shape}", array.shape)
    for name, array in turned.items():
        places[name][0].assign(array)


def adapt(model: Any, names: Sequence[str], rank: int, alpha: float) -> None:
    """Freeze the network and a language model's head, and make adapters for some layers."""
    layers = dense_layers(model)
    there = [name for name, one in layers.items() if one.lora_enabled]
    require(not there, "A model must have no adapters yet", ", ".join(there[:3]))
    heads = trained_heads(model)
    for name, child in children_of(model):
        if name in heads:
            continue
        for one in child._flatten_layers():
            for variable in one._trainable_variables:
                variable.trainable = False
    for name in names:
        layers[name].enable_lora(rank, lora_alpha=alpha)


def trained_heads(model: Any) -> dict[str, keras.layers.Layer]:
    """The parts of a model that are trained whole: the head of a task."""
    return {
        name: child
        for name, child in children_of(model)
        if name not in (BACKBONE, "lm_head") and child.trainable_variables
    }


def dense_layers(model: Any) -> dict[str, Any]:
    """The dense layers of a model, by the names of PyTorch's modules."""
    prefix = f"{BACKBONE}." if model.architecture == MODEL else ""
    return {
        name.removeprefix(prefix): one
        for name, one in leaves_of(model)
        if isinstance(one, keras.layers.Dense)
    }


def ends_in(name: str, end: str) -> bool:
    """Whether the last words of a layer's name are these."""
    return f".{name}".endswith(f".{end}")
