"""How files are called, all of them; what a file is, is judged by its bytes."""

from __future__ import annotations

import re

CONFIG = "config.json"
GENERATION_CONFIG = "generation_config.json"
INDEX_SUFFIX = ".index.json"  # of all but Keras, which calls an index of its own .weights.json
SAFETENSORS = "model.safetensors"
TORCH_BIN = "pytorch_model.bin"
TF_H5 = "tf_model.h5"
TF_SAFETENSORS = "tf_model.safetensors"
KERAS_WEIGHTS = "model.weights.h5"
KERAS_INDEX = "model.weights.json"
KERAS_MODEL = "model.keras"
FAIRSEQ = "model.pt"
ONNX = "model.onnx"
ONNX_INT8 = "model_quantized.onnx"
ONNX_FILES = (ONNX, f"{ONNX}.data", ONNX_INT8)  # the second: weights that are too many for one file
# in the order in which a folder with several is read
WEIGHTS = (
    SAFETENSORS,
    f"{SAFETENSORS}{INDEX_SUFFIX}",
    TORCH_BIN,
    f"{TORCH_BIN}{INDEX_SUFFIX}",
    TF_H5,
    f"{TF_H5}{INDEX_SUFFIX}",
    TF_SAFETENSORS,
    KERAS_WEIGHTS,
    KERAS_INDEX,
    KERAS_MODEL,
    FAIRSEQ,
)
# TensorFlow's own: a checkpoint is called as its user likes, in a SavedModel always so
TF_INDEX = ".index"
SAVED_MODEL = "saved_model.pb"
SAVED_VARIABLES = ("variables", "variables.index")
KERAS_METADATA = "keras_metadata.pb"
VARIANT = "[A-Za-z0-9_]+"  # what a variant may be called
# a model of Keras may be called as its user likes
KERAS_INDICES = "*.weights.json"
KERAS_FILES = ("*.weights.h5", "*.keras")
OLD_KERAS_FILES = ("*.h5", f"*{TF_INDEX}")
SENTENCE_MODULES = "modules.json"  # of sentence-transformers
SENTENCE_SETTINGS = "sentence_bert_config.json"
ADAPTER_CONFIG = "adapter_config.json"  # of peft
ADAPTER = "adapter_model.safetensors"
CARD = "README.md"
CONVERSION_REPORT = "conversion_report.json"
TRAINING_STATE = "training_state.safetensors"
TRAINING_SETTINGS = "training_settings.json"
TRAINING_HISTORY = "training_history.json"
TASK = "task.json"  # what a model was trained for, and how its data is read
SENTENCEPIECE = "sentencepiece.bpe.model"
TOKENIZER_JSON = "tokenizer.json"
TOKENIZER_CONFIG = "tokenizer_config.json"
SPECIAL_TOKENS = "special_tokens_map.json"
ADDED_TOKENS = "added_tokens.json"
WORDPIECE = "vocab.txt"  # of CamemBERTv2's first releases
VOCAB_JSON, MERGES = "vocab.json", "merges.txt"  # of RoBERTa
TOKENIZER_FILES = (
    SENTENCEPIECE,
    TOKENIZER_JSON,
    TOKENIZER_CONFIG,
    SPECIAL_TOKENS,
    ADDED_TOKENS,
    WORDPIECE,
    VOCAB_JSON,
    MERGES,
)
DICTIONARY = "dict.txt"  # of fairseq
# what a checkpoint's folder holds beside its config and weights
COMPANIONS = (*TOKENIZER_FILES, GENERATION_CONFIG, DICTIONARY, CARD, TASK)


def variant_of(name: str, variant: str | None) -> str:
    """The name of a file in a variant, such as ``model.fp16.safetensors``."""
    stem, dot, kind = name.rpartition(".")
    return name if variant is None else f"{stem}.{variant}{dot}{kind}"


def files_of(weights: str, variant: str | None = None) -> str:
    """A pattern of the names of one set of weights, in one file or in several with an index.

    Args:
        weights: The name of the file.
        variant: A variant, or a pattern of several.
    """
    stem, dot, kind = weights.partition(".")
    file, number, index = re.escape(dot + kind), r"(-\d{5}-of-\d{5})?", re.escape(INDEX_SUFFIX)
    if variant is None:
        return rf"{stem}{number}{file}({index})?"
    return rf"{stem}\.{variant}{number}{file}|{stem}{file}\.index\.{variant}\.json"


def is_own(name: str) -> bool:
    """Whether a file in a checkpoint's folder may be one that this package wrote."""
    kinds = [files_of(one) for one in WEIGHTS if not one.endswith(INDEX_SUFFIX)]
    kinds += [files_of(one, VARIANT) for one in (SAFETENSORS, TORCH_BIN)]
    own = name in (CONFIG, CONVERSION_REPORT, ADAPTER_CONFIG, ADAPTER, *COMPANIONS, *ONNX_FILES)
    prefixed = name.endswith(tuple(f"-{one}" for one in TOKENIZER_FILES))  # as a user asked for
    return own or prefixed or any(re.fullmatch(kind, name) for kind in kinds)


def tf_data_name(stem: str, number: int, count: int) -> str:
    """The name of one of the files of a checkpoint of TensorFlow; the first is number 0."""
    return f"{stem}.data-{number:05d}-of-{count:05d}"


def shard_name(weights: str, number: int, count: int) -> str:
    """The name of one of several files of a set of weights; the first is number 1."""
    stem, dot, kind = weights.rpartition(".")
    return f"{stem}-{number:05d}-of-{count:05d}{dot}{kind}"
