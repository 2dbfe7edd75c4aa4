"""``model.pt`` of fairseq, without fairseq: names, the parts it lacks, and its dictionary."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from camembert_dual.checkpoints.formats.base import Content, Format
from camembert_dual.checkpoints.formats.pickle_machine import Inert
from camembert_dual.checkpoints.formats.torch_pickle import Tensor, TorchFile
from camembert_dual.checkpoints.formats.torch_stream import is_torch_stream, open_stream
from camembert_dual.checkpoints.formats.torch_zip import is_torch_zip, open_zip
from camembert_dual.checkpoints.lazy_arrays import LazyArray, LazyArrays
from camembert_dual.checkpoints.raw_file import RawFile
from camembert_dual.common.arrays import Array
from camembert_dual.common.errors import file_error, require_file, short
from camembert_dual.common.id_layout import BOS_ID, EOS_ID, FAIRSEQ_SPECIALS, PAD_ID
from camembert_dual.common.model_names import FAMILIES, FAMILY, MASKED_LM, SEQUENCE_CLASSIFICATION
from camembert_dual.config import ARCHITECTURES, NORM_EPSILON, CamembertConfig
from camembert_dual.config_attributes import label_names
from camembert_dual.parameter_names import (
    FAIRSEQ_WORDS,
    POSITION_EMBEDDINGS,
    TOKEN_TYPES,
    WORD_EMBEDDINGS,
    layer_name,
    layer_number,
    read_fairseq_name,
)
from camembert_dual.storage.file_names import DICTIONARY, FAIRSEQ, SENTENCEPIECE, TOKENIZER_FILES
from camembert_dual.tokenization import CamembertTokenizer

TITLE = "fairseq"
MAX_LABELS = 100_000  # each is given a name
HEAD_SIZE = 64  # of every published model, where a file does not say it
ACTIVATIONS = {"gelu": "gelu", "gelu_accurate": "gelu_new", "relu": "relu"}


def _open(path: Path, head: bytes) -> TorchFile | None:
    if is_torch_zip(path, head):
        return open_zip(path)
    return open_stream(path) if is_torch_stream(path, head) else None


def _matches(path: Path, head: bytes) -> bool:
    """Whether a file of torch holds a model of fairseq."""
    file = _open(path, head)
    content = None if file is None else file.content
    model = content.get("model") if isinstance(content, dict) else None
    return isinstance(model, dict) and any(str(name).endswith(FAIRSEQ_WORDS) for name in model)


def _read(path: Path) -> Content:
    """Give the weights their published names, and make a config.

    The token types that fairseq lacks become the one row of zeros that stands for them.

    Raises:
        CheckpointError: If it is not the checkpoint of a RoBERTa.
    """
    file = _open(path, RawFile(path).read(0, 4))
    if file is None:
        raise file_error(path, "a model of fairseq must lie in a file of torch", "another file")
    found = _read_names(path, file)
    table = found.lazy.get(WORD_EMBEDDINGS)
    is_matrix = table is not None and len(table.shape) == 2
    require_file(path, is_matrix, "there must be an embedding table", "none")
    width, dtype = table.shape[1], table.dtype  # type: ignore[union-attr]
    found.lazy[TOKEN_TYPES] = LazyArray(
        path,
        "(none: fairseq has no token types)",
        (1, width),
        dtype,
        lambda: np.zeros((1, width), dtype),
    )
    arguments = _arguments(file.content)
    config = {
        **_sizes(path, found.lazy, arguments),
        **_settings(path, arguments),
        **_labels(path, found),
    }
    return Content(LazyArrays(found.lazy, TITLE, tuple(found.dropped)), config)


class _Found(NamedTuple):
    """The weights of a file by published name, what it holds besides, and its heads' names."""

    lazy: dict[str, LazyArray]
    dropped: list[tuple[str, str]]
    heads: set[str]


def _read_names(path: Path, file: TorchFile) -> _Found:
    found = _Found({}, [], set())
    for name, tensor in file.content["model"].items():
        sound = isinstance(name, str) and isinstance(tensor, Tensor)
        require_file(path, sound, "the model must be a dict of tensors", short(repr(name), 80))
        one = file.lazy(tensor, name)
        meant = read_fairseq_name(name)
        if meant.head:
            found.heads.add(meant.head)
        if meant.is_buffer:
            found.dropped.append((name, "a buffer, not a weight"))
        elif len(meant.names) > 1:
            found.lazy.update(_split(one, meant.names))
        else:
            found.lazy[meant.names[0] if meant.names else name] = one
    rule = "there must be one classification head at most"
    require_file(path, len(found.heads) <= 1, rule, sorted(found.heads))
    return found


def _split(joined: LazyArray, names: tuple[str, ...]) -> dict[str, LazyArray]:
    """Cut the joint projection of the oldest files into query, key and value."""
    rows = joined.shape[0] // 3 if joined.shape else 0
    three = joined.shape and joined.shape[0] == 3 * rows
    require_file(joined.path, three, "rows must be three parts", joined.shape)
    lazy = {}
    for part, name in enumerate(names):

        def read(start: int = part * rows) -> Array:
            return joined.read()[start : start + rows].copy()

        shape = (rows, *joined.shape[1:])
        lazy[name] = LazyArray(joined.path, joined.stored_name, shape, joined.dtype, read)
    return lazy


# the config
# --------------------------------------------------------------------------------------------------


def _arguments(content: Mapping[str, Any]) -> dict[str, str | float]:
    """The plain values among the model's arguments: ``args``, later a part of ``cfg``."""
    values = _mapping(content.get("args")) or _mapping(content.get("cfg"))
    values = _mapping(values.get("model")) or values
    return {name: one for name, one in values.items() if isinstance(one, str | int | float)}


def _mapping(value: Any) -> dict[str, Any]:
    value = value.values if isinstance(value, Inert) else value
    return value if isinstance(value, dict) else {}


def _sizes(
    path: Path, lazy: Mapping[str, LazyArray], arguments: Mapping[str, str | float]
) -> dict[str, Any]:
    """The sizes, from the weights."""
    numbers = {layer_number(name) for name in lazy} - {None}
    in_order = numbers == set(range(len(numbers))) and numbers
    require_file(path, in_order, "layers must be numbered on", len(numbers))
    vocabulary, width = lazy[WORD_EMBEDDINGS].shape
    positions = lazy.get(POSITION_EMBEDDINGS)
    feed_forward = lazy.get(layer_name(0, "intermediate.dense.weight"))
    rule = "there must be matrices of positions and of the feed-forward"
    whole = all(one is not None and len(one.shape) == 2 for one in (positions, feed_forward))
    require_file(path, whole, rule, "others")
    return {
        "vocab_size": vocabulary,
        "hidden_size": width,
        "num_hidden_layers": len(numbers),
        "num_attention_heads": arguments.get("encoder_attention_heads", max(1, width // HEAD_SIZE)),
        "intermediate_size": feed_forward.shape[0],  # type: ignore[union-attr]
        "max_position_embeddings": positions.shape[0],  # type: ignore[union-attr]
        "type_vocab_size": 1,
    }


def _settings(path: Path, arguments: Mapping[str, str | float]) -> dict[str, Any]:
    """The rest, from the arguments of the training."""
    activation = arguments.get("activation_fn", "gelu")
    rule = f"activation_fn must be one of {', '.join(ACTIVATIONS)}"
    require_file(path, activation in ACTIVATIONS, rule, activation)
    first = arguments.get("encoder_normalize_before")
    require_file(path, not first, "layers must be normalised after, as RoBERTa's are", "before")
    family = FAMILIES[FAMILY]
    return {
        "model_type": family,
        "hidden_act": ACTIVATIONS[str(activation)],
        "layer_norm_eps": NORM_EPSILON[family],
        "hidden_dropout_prob": arguments.get("dropout", 0.1),
        "attention_probs_dropout_prob": arguments.get("attention_dropout", 0.1),
        "pad_token_id": PAD_ID,
        # CamemBERT's own <s> and </s> are pieces, behind fairseq's four unused ones
        "bos_token_id": BOS_ID,
        "eos_token_id": EOS_ID,
        ARCHITECTURES: [MASKED_LM],
    }


def _labels(path: Path, found: _Found) -> dict[str, Any]:
    labels = found.lazy.get("classifier.out_proj.bias") if found.heads else None
    if labels is None:
        return {}
    few = len(labels.shape) == 1 and labels.shape[0] <= MAX_LABELS
    require_file(path, few, f"a head must have at most {MAX_LABELS} labels", labels.shape)
    return {
        ARCHITECTURES: [SEQUENCE_CLASSIFICATION],
        "id2label": {str(n): name for n, name in label_names(labels.shape[0]).items()},
    }


# the tokenizer
# --------------------------------------------------------------------------------------------------


def _write_tokenizer(folder: Path, target: Path, config: CamembertConfig) -> None:
    """Make the files of a tokenizer from the SentencePiece model, and check them by dict.txt.

    Raises:
        CheckpointError: If the dictionary numbers tokens in another way.
    """
    held = [name for name in TOKENIZER_FILES if (folder / name).is_file()]
    tokenizer = CamembertTokenizer(folder / SENTENCEPIECE) if held == [SENTENCEPIECE] else None
    model = tokenizer.sp_model if tokenizer is not None else None
    pieces = [model.id_to_piece(n) for n in range(model.get_piece_size())] if model else None
    if (folder / DICTIONARY).is_file():
        _check_dictionary(folder / DICTIONARY, config.vocab_size, pieces)
    if tokenizer is not None:
        tokenizer.save_pretrained(target)


def _check_dictionary(path: Path, vocabulary: int, pieces: list[str] | None) -> None:
    """Check that fairseq's dictionary numbers tokens as CamemBERT's tokenizer does.

    Args:
        path: ``dict.txt``.
        vocabulary: Rows of the embedding table.
        pieces: Pieces of the SentencePiece model in order; None if there is none.

    Raises:
        CheckpointError: If the numbers differ.
    """
    try:
        lines = path.read_text("utf-8").split("\n")
    except UnicodeDecodeError as error:
        raise file_error(path, "a dictionary must be UTF-8", str(error)) from None
    tokens = [line.rpartition(" ")[0] for line in lines if line.strip()]
    specials = len(FAIRSEQ_SPECIALS)
    rows = specials + len(tokens) + 1
    rule = f"the dictionary, {specials} special tokens and <mask> must fill {vocabulary} rows"
    require_file(path, rows == vocabulary, rule, rows)
    if pieces is not None:
        differing = [
            n for n, (one, two) in enumerate(zip(tokens, pieces, strict=False)) if one != two
        ]
        same = not differing and len(tokens) == len(pieces)
        rule = "the dictionary must list the pieces of the SentencePiece model in order"
        received = f"another order at line {differing[0] + 1}" if differing else "others"
        require_file(path, same, rule, received)


FORMAT = Format("fairseq", TITLE, FAIRSEQ, _matches, _read, write_tokenizer=_write_tokenizer)
