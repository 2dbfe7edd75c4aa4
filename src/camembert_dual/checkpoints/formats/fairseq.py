"""``model.pt`` of fairseq, without fairseq: names, the parts it lacks, and its dictionary."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from camembert_dual.checkpoints.formats.pickle_machine import Inert
from camembert_dual.checkpoints.formats.torch_pickle import Tensor
from camembert_dual.checkpoints.lazy_arrays import Arrays, Entry
from camembert_dual.common.arrays import Array
from camembert_dual.common.errors import CheckpointError, require_file, short
from camembert_dual.parameters import BACKBONE, EMBEDDINGS
from camembert_dual.storage.file_names import DICTIONARY

FORMAT = "fairseq"
MAX_LABELS = 100_000  # each is given a name
SPECIALS = ("<s>", "<pad>", "</s>", "<unk>")
TRUNK = re.compile(r"(?:decoder|encoder)\.(?:sentence_encoder\.)?(.+)")
HEAD = re.compile(r"classification_heads\.([^.]+)\.(dense|out_proj)\.(weight|bias)")
LAYER = re.compile(r"layers\.(\d{1,4})\.(.+)\.(weight|bias)")
# fairseq's modules (fairseq/models/roberta/model.py) by the published ones
IN_LAYER = {
    "self_attn.q_proj": "attention.self.query",
    "self_attn.k_proj": "attention.self.key",
    "self_attn.v_proj": "attention.self.value",
    "self_attn.out_proj": "attention.output.dense",
    "self_attn_layer_norm": "attention.output.LayerNorm",
    "fc1": "intermediate.dense",
    "fc2": "output.dense",
    "final_layer_norm": "output.LayerNorm",
}
IN_TRUNK = {
    "embed_tokens.weight": "embeddings.word_embeddings.weight",
    "embed_positions.weight": "embeddings.position_embeddings.weight",
    "emb_layer_norm.weight": "embeddings.LayerNorm.weight",
    "emb_layer_norm.bias": "embeddings.LayerNorm.bias",
    "layernorm_embedding.weight": "embeddings.LayerNorm.weight",
    "layernorm_embedding.bias": "embeddings.LayerNorm.bias",
}
IN_HEAD = {
    "lm_head.dense.weight": "lm_head.dense.weight",
    "lm_head.dense.bias": "lm_head.dense.bias",
    "lm_head.layer_norm.weight": "lm_head.layer_norm.weight",
    "lm_head.layer_norm.bias": "lm_head.layer_norm.bias",
    "lm_head.weight": "lm_head.decoder.weight",
    "lm_head.bias": "lm_head.bias",
}
BUFFERS = ("version", "embed_positions._float_tensor")
JOINED = re.compile(r"layers\.(\d{1,4})\.self_attn\.in_proj_(weight|bias)")


def is_fairseq(content: Any) -> bool:
    """Whether an object read from a torch file is a checkpoint of fairseq."""
    model = content.get("model") if isinstance(content, dict) else None
    return isinstance(model, dict) and any(
        str(name).endswith("embed_tokens.weight") for name in model
    )


def read_fairseq(
    path: Path, content: Mapping[str, Any], entry: Callable[[Tensor, str], Entry]
) -> tuple[Arrays, dict[str, Any]]:
    """Give the weights their published names.

    The token types that fairseq lacks become the one row of zeros that stands for them.

    Args:
        path: The file.
        content: The object the file holds.
        entry: Turns one of its tensors into an entry.

    Returns:
        The arrays, and the keys of a ``config.json``.

    Raises:
        CheckpointError: If it is not the checkpoint of a RoBERTa.
    """
    entries: dict[str, Entry] = {}
    dropped = []
    heads = set()
    for name, tensor in content["model"].items():
        sound = isinstance(name, str) and isinstance(tensor, Tensor)
        require_file(path, sound, "the model must be a dict of tensors", short(repr(name), 80))
        one = entry(tensor, name)
        head = HEAD.fullmatch(name)
        trunk = TRUNK.fullmatch(name)
        inner = trunk[1] if trunk else ""
        joined = JOINED.fullmatch(inner)
        if head:
            heads.add(head[1])
            entries[f"classifier.{head[2]}.{head[3]}"] = one
        elif joined:
            entries |= _split(one, joined)
        elif inner in BUFFERS:
            dropped.append((name, "a buffer, not a weight"))
        else:
            entries[_published(inner) or name] = one
    require_file(
        path, len(heads) <= 1, "there must be one classification head at most", sorted(heads)
    )
    words, *_ = EMBEDDINGS
    table = entries.get(f"{BACKBONE}.{words.name}")
    is_matrix = table is not None and len(table.shape) == 2
    require_file(path, is_matrix, "there must be an embedding table", "none")
    width = table.shape[1]  # type: ignore[union-attr]
    types = f"{BACKBONE}.{EMBEDDINGS[2].name}"
    dtype = table.dtype  # type: ignore[union-attr]
    entries[types] = Entry(
        path,
        "(none: fairseq has no token types)",
        (1, width),
        dtype,
        lambda: np.zeros((1, width), dtype),
    )
    config = _config(path, entries, _arguments(content), classifies=bool(heads))
    return Arrays(entries, FORMAT, tuple(dropped)), config


def _published(inner: str) -> str | None:
    if inner in IN_HEAD:
        return IN_HEAD[inner]
    if inner in IN_TRUNK:
        return f"{BACKBONE}.{IN_TRUNK[inner]}"
    layer = LAYER.fullmatch(inner)
    if layer and layer[2] in IN_LAYER:
        return f"{BACKBONE}.encoder.layer.{int(layer[1])}.{IN_LAYER[layer[2]]}.{layer[3]}"
    return None


def _split(joined: Entry, found: re.Match[str]) -> dict[str, Entry]:
    """Cut the joint projection of the oldest files into query, key and value."""
    rows = joined.shape[0] // 3 if joined.shape else 0
    three = joined.shape and joined.shape[0] == 3 * rows
    require_file(joined.path, three, "rows must be three parts", joined.shape)
    entries = {}
    for part, module in enumerate(("q_proj", "k_proj", "v_proj")):
        published = IN_LAYER[f"self_attn.{module}"]
        name = f"{BACKBONE}.encoder.layer.{int(found[1])}.{published}.{found[2]}"

        def read(start: int = part * rows) -> Array:
            return joined.read()[start : start + rows].copy()

        shape = (rows, *joined.shape[1:])
        entries[name] = Entry(joined.path, joined.source, shape, joined.dtype, read)
    return entries


def _arguments(content: Mapping[str, Any]) -> dict[str, str | float]:
    """The plain values among the model's arguments: ``args``, later a part of ``cfg``."""
    values = _mapping(content.get("args")) or _mapping(content.get("cfg"))
    values = _mapping(values.get("model")) or values
    return {name: one for name, one in values.items() if isinstance(one, str | int | float)}


def _mapping(value: Any) -> dict[str, Any]:
    value = value.values if isinstance(value, Inert) else value
    return value if isinstance(value, dict) else {}


def _config(
    path: Path,
    entries: Mapping[str, Entry],
    arguments: Mapping[str, str | float],
    *,
    classifies: bool,
) -> dict[str, Any]:
    """The config: sizes from the weights, the rest from the arguments of the training."""
    prefix = f"{BACKBONE}.encoder.layer."
    numbers = {
        int(name.removeprefix(prefix).split(".")[0]) for name in entries if name.startswith(prefix)
    }
    in_order = numbers == set(range(len(numbers))) and numbers
    require_file(path, in_order, "layers must be numbered on", len(numbers))
    vocabulary, width = entries[f"{BACKBONE}.{EMBEDDINGS[0].name}"].shape
    positions = entries.get(f"{BACKBONE}.{EMBEDDINGS[1].name}")
    feed_forward = entries.get(f"{prefix}0.{IN_LAYER['fc1']}.weight")
    rule = "there must be matrices of positions and of the feed-forward"
    whole = all(one is not None and len(one.shape) == 2 for one in (positions, feed_forward))
    require_file(path, whole, rule, "others")
    activation = arguments.get("activation_fn", "gelu")
    known = {"gelu": "gelu", "gelu_accurate": "gelu_new", "relu": "relu"}
    rule = f"activation_fn must be one of {', '.join(known)}"
    require_file(path, activation in known, rule, activation)
    first = arguments.get("encoder_normalize_before")
    require_file(path, not first, "layers must be normalised after, as RoBERTa's are", "before")
    config = {
        "model_type": "camembert",
        "vocab_size": vocabulary,
        "hidden_size": width,
        "num_hidden_layers": len(numbers),
        "num_attention_heads": arguments.get("encoder_attention_heads", max(1, width // 64)),
        "intermediate_size": feed_forward.shape[0],  # type: ignore[union-attr]
        "max_position_embeddings": positions.shape[0],  # type: ignore[union-attr]
        "type_vocab_size": 1,
        "hidden_act": known[str(activation)],
        "layer_norm_eps": 1e-5,
        "hidden_dropout_prob": arguments.get("dropout", 0.1),
        "attention_probs_dropout_prob": arguments.get("attention_dropout", 0.1),
        "pad_token_id": SPECIALS.index("<pad>"),
        # CamemBERT's own <s> and </s> are pieces, behind fairseq's four unused ones
        "bos_token_id": 5,
        "eos_token_id": 6,
        "architectures": ["CamembertForMaskedLM"],
    }
    labels = entries.get("classifier.out_proj.bias")
    if classifies and labels is not None:
        few = len(labels.shape) == 1 and labels.shape[0] <= MAX_LABELS
        require_file(path, few, f"a head must have at most {MAX_LABELS} labels", labels.shape)
        config["architectures"] = ["CamembertForSequenceClassification"]
        config["id2label"] = {str(n): f"LABEL_{n}" for n in range(labels.shape[0])}
    return config


def check_dictionary(folder: Path, vocabulary: int, pieces: list[str] | None) -> None:
    """Check that fairseq's dictionary numbers tokens as CamemBERT's tokenizer does.

    Args:
        folder: Where ``dict.txt`` lies.
        vocabulary: Rows of the embedding table.
        pieces: Pieces of the SentencePiece model in order; None if there is none.

    Raises:
        CheckpointError: If the numbers differ.
    """
    path = folder / DICTIONARY
    try:
        lines = path.read_text("utf-8").split("\n")
    except UnicodeDecodeError as error:
        text = f"{path}: a dictionary must be UTF-8; received {short(str(error))}."
        raise CheckpointError(text) from None
    tokens = [line.rpartition(" ")[0] for line in lines if line.strip()]
    rows = len(SPECIALS) + len(tokens) + 1
    rule = f"the dictionary, {len(SPECIALS)} special tokens and <mask> must fill {vocabulary} rows"
    require_file(path, rows == vocabulary, rule, rows)
    if pieces is not None:
        differing = [
            n for n, (one, two) in enumerate(zip(tokens, pieces, strict=False)) if one != two
        ]
        same = not differing and len(tokens) == len(pieces)
        rule = "the dictionary must list the pieces of the SentencePiece model in order"
        received = f"another order at line {differing[0] + 1}" if differing else "others"
        require_file(path, same, rule, received)
