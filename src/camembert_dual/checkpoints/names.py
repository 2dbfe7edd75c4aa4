"""How checkpoint files are called; what they are is judged by their bytes."""

from __future__ import annotations

import re

CONFIG = "config.json"
INDEX_SUFFIX = ".index.json"  # of all but Keras, which calls an index of its own .weights.json
# in the order in which a folder with several is read
WEIGHTS = (
    "model.safetensors",
    "model.safetensors.index.json",
    "pytorch_model.bin",
    "pytorch_model.bin.index.json",
    "tf_model.h5",
    "tf_model.h5.index.json",
    "tf_model.safetensors",
    "model.weights.h5",
    "model.weights.json",
    "model.keras",
    "model.pt",
)
CARD = "README.md"
VOCABULARY = "sentencepiece.bpe.model"
TOKENIZER_FILES = (
    VOCABULARY,
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "added_tokens.json",
    "vocab.txt",
)
DICTIONARY = "dict.txt"  # of fairseq
# what a checkpoint's folder holds beside its config and weights
COMPANIONS = (*TOKENIZER_FILES, DICTIONARY, CARD)


def files_of(weights: str) -> str:
    """A pattern of the names of one set of weights, in one file or in several with an index."""
    stem, dot, kind = weights.partition(".")
    return rf"{stem}(-\d{{5}}-of-\d{{5}})?{re.escape(dot + kind)}({re.escape(INDEX_SUFFIX)})?"
