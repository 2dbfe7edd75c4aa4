"""The rule of each value of a config, as rows of one table."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

from camembert_dual.common.errors import is_integer, is_number, require
from camembert_dual.common.model_names import FAMILIES

MODEL_TYPES = tuple(sorted(FAMILIES.values()))
ACTIVATIONS = ("gelu", "gelu_new", "relu", "silu")
POSITION_EMBEDDING_TYPES = ("absolute", "relative_key", "relative_key_query")
PROBLEM_TYPES = ("regression", "single_label_classification", "multi_label_classification")


class Rule(NamedTuple):
    """What values must be.

    Attributes:
        text: The rule, which may name other values of the config.
        holds: Whether a value, of a config, keeps it.
        names: The values that it is for.
    """

    text: str
    holds: Callable[[Any, Any], bool]
    names: tuple[str, ...]


def check(config: Any) -> None:
    """Check every value of a config.

    Raises:
        ValueError: If a value breaks its rule; the message names the value, the rule and what was
            received.
    """
    for rule in RULES:
        for name in rule.names:
            value = getattr(config, name)
            holds = rule.holds(value, config)
            text = rule.text.format_map(vars(config))
            require(holds, f"{type(config).__name__}.{name} {text}", repr(value))


def is_whole(value: object, smallest: int) -> bool:
    """Whether a value is an ``int`` of at least ``smallest``, which JSON can hold."""
    return isinstance(value, int) and is_integer(value, smallest)


def _is_real(value: object) -> bool:
    return isinstance(value, int | float) and is_number(value)


def _is_share(value: object) -> bool:
    return _is_real(value) and 0 <= value < 1  # type: ignore[operator]


def _one_of(*allowed: str | None) -> tuple[str, Callable[[Any, Any], bool]]:
    text = f"must be one of {', '.join(str(one) for one in allowed)}"
    return text, lambda value, config: value in allowed


def _is_id(value: object, config: Any) -> bool:
    return is_whole(value, 0) and value < config.vocab_size


_SHARE = "must be a number in [0, 1)"
_ID = "must be an id below vocab_size ({vocab_size})"

RULES = (
    Rule(
        "must be an integer of at least 1",
        lambda value, config: is_whole(value, 1),
        (
            "vocab_size",
            "hidden_size",
            "num_hidden_layers",
            "num_attention_heads",
            "intermediate_size",
            "max_position_embeddings",
            "type_vocab_size",
            "num_labels",
        ),
    ),
    Rule(
        "must be a multiple of num_attention_heads ({num_attention_heads})",
        lambda value, config: value % config.num_attention_heads == 0,
        ("hidden_size",),
    ),
    Rule(
        _SHARE,
        lambda value, config: _is_share(value),
        ("hidden_dropout_prob", "attention_probs_dropout_prob"),
    ),
    Rule(_SHARE, lambda value, config: value is None or _is_share(value), ("classifier_dropout",)),
    Rule(
        "must be a number of at least 0",
        lambda value, config: _is_real(value) and 0 <= value < math.inf,
        ("initializer_range",),
    ),
    Rule(
        "must be a positive number",
        lambda value, config: _is_real(value) and 0 < value < math.inf,
        ("layer_norm_eps",),
    ),
    Rule(_ID, _is_id, ("pad_token_id",)),
    Rule(
        _ID,
        lambda value, config: value is None or _is_id(value, config),
        ("bos_token_id", "eos_token_id"),
    ),
    Rule(
        "must be at least pad_token_id ({pad_token_id}) + 2, as positions start after the "
        "padding index",
        lambda value, config: config.max_sequence_length >= 1,
        ("max_position_embeddings",),
    ),
    Rule(
        f"must be a callable or one of {', '.join(ACTIVATIONS)}",
        lambda value, config: callable(value) or value in ACTIVATIONS,
        ("hidden_act",),
    ),
    Rule(*_one_of(*POSITION_EMBEDDING_TYPES), ("position_embedding_type",)),
    Rule(*_one_of(None, *PROBLEM_TYPES), ("problem_type",)),
    Rule(*_one_of(*MODEL_TYPES), ("model_type",)),
)
