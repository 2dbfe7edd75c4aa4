"""Every other spelling of a weight's name: Keras' paths and files, fairseq's, old aliases.

Each is a column of a table that is read both ways. A *slot* is a row of the parameter table at its
place in a model; ``N`` stands for the number of a layer.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from camembert_dual import parameters as table
from camembert_dual.common.errors import require
from camembert_dual.parameters import BACKBONE, Row, in_backbone, in_layer

LM_BIAS = table.LM_HEAD[-1].name
DECODER = table.DECODER[0].name
DECODER_BIAS = DECODER.replace("weight", "bias")  # transformers' second name of the LM head's bias
WORD_EMBEDDINGS, POSITION_EMBEDDINGS, TOKEN_TYPES, *_ = (
    in_backbone(row).name for row in table.EMBEDDINGS
)
POOLER = f"{BACKBONE}.pooler."
CROSS = ".crossattention."  # in the names of a layer that also attends to encoder states
POSITION_IDS = f"{BACKBONE}.embeddings.position_ids"
BUFFERS = (POSITION_IDS, f"{BACKBONE}.embeddings.token_type_ids")
LM_HEAD = LM_BIAS.partition(".")[0]
NORMALISATIONS = ("layernorm", "layer_norm")  # the ends of their names, in small letters
_OLD_WORDS = {"gamma": "weight", "beta": "bias"}  # of a layer normalisation, in TF and before 2019
_BACKBONE_PARTS = ("embeddings.", "encoder.", "pooler.")
_LAYER = re.compile(r"(?<=encoder\.layer\.)\d{1,4}(?=\.)")
_PATH_LAYER = re.compile(r"(?<=encoder/layer_)(?:\._)?\d{1,4}(?=/)")


class Slot(NamedTuple):
    """A row of the parameter table, at its place in a model.

    Attributes:
        name: Published name, with the backbone's prefix.
        path: Keras path below the model's own name.
        row: The row.
    """

    name: str
    path: str
    row: Row


_IN_LAYERS = (
    *table.SELF_ATTENTION,
    *table.RELATIVE_POSITIONS,
    *table.CROSS_ATTENTION,
    *table.FEED_FORWARD,
)
_SLOTS = [
    *(Slot(row.name, row.path, row) for one in table.NETWORKS.values() for row in one.head),
    *(Slot(row.name, row.path, row) for row in table.DECODER),
    *(
        Slot(in_backbone(one).name, in_backbone(one).path, row)
        for row, one in (
            *((row, row) for row in (*table.EMBEDDINGS, *table.POOLER)),
            *((row, in_layer(row, "N")) for row in _IN_LAYERS),
        )
    ),
]
_BY_NAME = {slot.name: slot for slot in _SLOTS}
_BY_PATH = {slot.path: slot for slot in _SLOTS}
_PARTS = {slot.name.removeprefix(f"{BACKBONE}.").partition(".")[0] for slot in _SLOTS}


def canonical(name: str) -> str:
    """The table's spelling of a published name, with the backbone's prefix."""
    layer, dot, word = name.rpartition(".")
    if layer.lower().endswith(NORMALISATIONS):
        word = _OLD_WORDS.get(word, word)
    return _with_prefix(f"{layer}{dot}{word}", ".")


def slot_of_name(name: str) -> Slot | None:
    """Find the row of a published name, with or without prefix; None if there is none."""
    full = _with_prefix(name, ".")
    return _numbered(_BY_NAME.get(_LAYER.sub("N", full)), _LAYER.search(full))


def wrapper_of(names: Sequence[str]) -> str:
    """What stands before published names that a module around the model was saved with.

    ``"module."`` is of PyTorch's data parallel modules, ``"_orig_mod."`` of ``torch.compile`` and
    ``"model."`` often of Lightning.

    Args:
        names: The names of a file or of a state dict.

    Returns:
        What most of them begin with before a published name, or nothing.
    """
    for name in names:
        parts = name.split(".")
        ends = (".".join(parts[cut:]) for cut in range(len(parts)))
        known = next((end for end in ends if slot_of_name(end)), name)
        wrapper = name.removesuffix(known)
        if wrapper and sum(one.startswith(wrapper) for one in names) > len(names) // 2:
            return wrapper
    return ""


def slot_of_path(path: str) -> Slot | None:
    """Find the row of a Keras path, with or without prefix; None if there is none.

    TF files write ``layer_._N`` for layer N, and ``weight`` for word embeddings.
    """
    full = _with_prefix(re.sub(r"_embeddings/weight$", "_embeddings/embeddings", path), "/")
    return _numbered(_BY_PATH.get(_PATH_LAYER.sub("N", full)), _PATH_LAYER.search(full))


def _with_prefix(name: str, separator: str) -> str:
    parts = tuple(part.replace(".", separator) for part in _BACKBONE_PARTS)
    return f"{BACKBONE}{separator}{name}" if name.startswith(parts) else name


def _numbered(slot: Slot | None, found: re.Match[str] | None) -> Slot | None:
    """The slot with the layer's number in its names."""
    if slot is None or found is None:
        return None if slot is not None and slot.row in _IN_LAYERS else slot
    number = str(int(found[0].removeprefix("._")))
    name = slot.name.replace(".N.", f".{number}.")
    return Slot(name, slot.path.replace("layer_N/", f"layer_{number}/"), slot.row)


def part_of(name: str) -> str | None:
    """The part of a model that a published name is in, such as ``encoder``; None if in none."""
    part = name.removeprefix(f"{BACKBONE}.").partition(".")[0]
    return part if part in _PARTS else None


def keras_path(name: str) -> str:
    """The Keras path of a published name, below the model's own name.

    Raises:
        ValueError: If the table has no such name.
    """
    return _slot(name).path


def is_transposed(name: str) -> bool:
    """Whether TF files and Keras hold the transpose of a published weight.

    Raises:
        ValueError: If the table has no such name.
    """
    return _slot(name).row.transposed


def _slot(name: str) -> Slot:
    slot = slot_of_name(name)
    require(slot is not None, "A weight must have a row in the parameter table", repr(name))
    return slot  # type: ignore[return-value]


# tf_model.h5
# --------------------------------------------------------------------------------------------------


def tf_name(name: str) -> str:
    """The name of a published weight in TF's own files, below the model's own name."""
    path = keras_path(name)
    if name.endswith(table.EMBEDDINGS[0].name):
        path = path.removesuffix("embeddings") + "weight"
    return path.replace("encoder/layer_", "encoder/layer_._") + ":0"


def slot_of_tf_name(name: str) -> Slot | None:
    """Find the row of a name in TF's own files, which may begin with the names of models."""
    path = name.removesuffix(":0")
    while path:
        slot = slot_of_path(path)
        if slot is not None:
            return slot
        path = path.partition("/")[2]
    return None


def model_of_tf_name(name: str) -> str:
    """What a name in TF's own files begins with before the backbone: the names of models, or ""."""
    model, separator, rest = name.removesuffix(":0").partition(f"/{BACKBONE}/")
    return model if separator and slot_of_path(f"{BACKBONE}/{rest}") is not None else ""


OWN_WORDS = {  # of a user's own Keras layers, as PyTorch has them
    "embeddings": "weight",
    "gamma": "weight",
    "beta": "bias",
    "moving_mean": "running_mean",
    "moving_variance": "running_var",
}


# .weights.h5: Keras 3 files weights by the attributes of the objects, see keras_attributes
# --------------------------------------------------------------------------------------------------

VARIABLES = "vars"  # below each layer: its weights, numbered in the order of the table


def keras_words(layers: Sequence[str]) -> tuple[str, ...]:
    """The last words of the paths of a layer's weights, in the order in which Keras counts them."""
    _, outer, rest = "/".join(["", *layers, ""]).rpartition(f"/{BACKBONE}/")
    path = f"{BACKBONE}/{rest}" if outer else _with_prefix(rest.removeprefix("/"), "/")
    path = _PATH_LAYER.sub("N", path)
    return _WORDS.get(path.rstrip("/"), ())


def _words() -> Mapping[str, tuple[str, ...]]:
    words: dict[str, tuple[str, ...]] = {}
    for slot in _BY_PATH.values():
        layer, _, word = slot.path.rpartition("/")
        words[layer] = (*words.get(layer, ()), word)
    return words


_WORDS = _words()

# model.pt: fairseq's modules (fairseq/models/roberta/model.py) to the published ones
# --------------------------------------------------------------------------------------------------

FAIRSEQ_TRUNK = {
    "embed_tokens.weight": WORD_EMBEDDINGS,
    "embed_positions.weight": POSITION_EMBEDDINGS,
    "emb_layer_norm.weight": f"{BACKBONE}.embeddings.LayerNorm.weight",
    "emb_layer_norm.bias": f"{BACKBONE}.embeddings.LayerNorm.bias",
    "layernorm_embedding.weight": f"{BACKBONE}.embeddings.LayerNorm.weight",
    "layernorm_embedding.bias": f"{BACKBONE}.embeddings.LayerNorm.bias",
    **{row.name: row.name for row in table.LM_HEAD},
    "lm_head.weight": DECODER,
}
FAIRSEQ_LAYER = {
    "self_attn.q_proj": "attention.self.query",
    "self_attn.k_proj": "attention.self.key",
    "self_attn.v_proj": "attention.self.value",
    "self_attn.out_proj": "attention.output.dense",
    "self_attn_layer_norm": "attention.output.LayerNorm",
    "fc1": "intermediate.dense",
    "fc2": "output.dense",
    "final_layer_norm": "output.LayerNorm",
}
FAIRSEQ_PROJECTIONS = ("q_proj", "k_proj", "v_proj")  # in one matrix in the oldest files
FAIRSEQ_BUFFERS = ("version", "embed_positions._float_tensor")
FAIRSEQ_WORDS = "embed_tokens.weight"  # the sign of a model of fairseq
_FAIRSEQ_TRUNK = re.compile(r"(?:decoder|encoder)\.(?:sentence_encoder\.)?(.+)")
_FAIRSEQ_HEAD = re.compile(r"classification_heads\.([^.]+)\.(dense|out_proj)\.(weight|bias)")
_FAIRSEQ_LAYER = re.compile(r"layers\.(\d{1,4})\.(.+)\.(weight|bias)")
_FAIRSEQ_JOINED = re.compile(r"layers\.(\d{1,4})\.self_attn\.in_proj_(weight|bias)")


def layer_name(layer: int, rest: str) -> str:
    """The published name of a weight of a layer."""
    return f"{BACKBONE}.encoder.layer.{layer}.{rest}"


def layer_number(name: str) -> int | None:
    """The number of the layer that a published name is in; None if it is in none."""
    found = _LAYER.search(name)
    return int(found[0]) if found else None


class FairseqName(NamedTuple):
    """What fairseq's name of a weight means.

    Attributes:
        names: Its published names, three for the joined projections; none for a buffer or unknown.
        head: The name of the classification head it belongs to, or "".
        is_buffer: Whether it is no weight.
    """

    names: tuple[str, ...]
    head: str = ""
    is_buffer: bool = False


def read_fairseq_name(name: str) -> FairseqName:
    """Take a name of fairseq's apart."""
    head = _FAIRSEQ_HEAD.fullmatch(name)
    if head:
        return FairseqName((f"classifier.{head[2]}.{head[3]}",), head[1])
    trunk = _FAIRSEQ_TRUNK.fullmatch(name)
    inner = trunk[1] if trunk else ""
    joined = _FAIRSEQ_JOINED.fullmatch(inner)
    if joined:
        modules = (FAIRSEQ_LAYER[f"self_attn.{one}"] for one in FAIRSEQ_PROJECTIONS)
        return FairseqName(tuple(layer_name(int(joined[1]), f"{m}.{joined[2]}") for m in modules))
    layer = _FAIRSEQ_LAYER.fullmatch(inner)
    if layer and layer[2] in FAIRSEQ_LAYER:
        rest = f"{FAIRSEQ_LAYER[layer[2]]}.{layer[3]}"
        return FairseqName((layer_name(int(layer[1]), rest),))
    known = FAIRSEQ_TRUNK.get(inner)
    return FairseqName((known,) if known else (), is_buffer=inner in FAIRSEQ_BUFFERS)
