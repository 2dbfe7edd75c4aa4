"""Sizes, configs and names of tasks, and random numbers by a key."""

import zlib
from typing import Any

import numpy as np

from camembert_dual.config import CamembertConfig

B, C, T, S, CACHED = 2, 4, 7, 6, 4
SIZES: dict[str, Any] = {
    "vocab_size": 101,
    "hidden_size": 24,
    "num_hidden_layers": 2,
    "num_attention_heads": 3,
    "intermediate_size": 35,
    "max_position_embeddings": 19,
    "type_vocab_size": 2,
    "num_labels": 5,
    "layer_norm_eps": 1e-5,
}
CONFIGS: dict[str, dict[str, Any]] = {
    "plain": {},
    "pad 0": {"pad_token_id": 0},
    "pad 5": {"pad_token_id": 5},
    "one token type": {"type_vocab_size": 1},
    "large epsilon": {"layer_norm_eps": 0.3},
    "gelu_new": {"hidden_act": "gelu_new"},
    "relu": {"hidden_act": "relu"},
    "silu": {"hidden_act": "silu"},
    "relative_key": {"position_embedding_type": "relative_key"},
    "relative_key_query": {"position_embedding_type": "relative_key_query"},
    "untied": {"tie_word_embeddings": False},
    "pruned": {"pruned_heads": {0: [1], 1: [0, 2]}},
    "regression": {"problem_type": "regression"},
    "single label": {"problem_type": "single_label_classification"},
    "multi label": {"problem_type": "multi_label_classification"},
    "decoder": {"is_decoder": True},
    "decoder, pad 5": {"is_decoder": True, "pad_token_id": 5},
    "decoder, relative_key": {"is_decoder": True, "position_embedding_type": "relative_key"},
    "crossed": {"is_decoder": True, "add_cross_attention": True},
    "crossed, relative_key_query": {
        "is_decoder": True,
        "add_cross_attention": True,
        "position_embedding_type": "relative_key_query",
    },
    "crossed, pruned": {
        "is_decoder": True,
        "add_cross_attention": True,
        "pruned_heads": {0: [1], 1: [0, 2]},
    },
    "everything": {
        "is_decoder": True,
        "add_cross_attention": True,
        "position_embedding_type": "relative_key",
        "pruned_heads": {1: [1, 2]},
        "tie_word_embeddings": False,
        "type_vocab_size": 1,
    },
}
BARE = "CamembertModel"
HEADS = (
    "CamembertForCausalLM",
    "CamembertForMaskedLM",
    "CamembertForSequenceClassification",
    "CamembertForMultipleChoice",
    "CamembertForTokenClassification",
    "CamembertForQuestionAnswering",
)
TASKS = (BARE, *HEADS)
DECODERS = (BARE, "CamembertForCausalLM", "CamembertForMaskedLM")


def config(name: str = "plain", **overrides: Any) -> CamembertConfig:
    """A config of the list above, with other values where given."""
    return CamembertConfig(**{**SIZES, **CONFIGS[name], **overrides})


def generator(*key: object) -> np.random.Generator:
    """Random numbers that depend on the words of ``key`` only."""
    return np.random.default_rng(zlib.crc32(repr(key).encode()))


CAUSAL, MASKED, SEQUENCE, CHOICE, TOKEN, QUESTION = HEADS
