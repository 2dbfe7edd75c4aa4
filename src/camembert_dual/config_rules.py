"""The rule of each value of a config, as rows of one table."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence, Set
from typing import Any, NamedTuple

from camembert_dual.common.errors import is_integer, is_number, require, short
from camembert_dual.common.model_names import FAMILIES

MODEL_TYPES = tuple(sorted(FAMILIES.values()))
ACTIVATIONS = ("gelu", "gelu_new", "relu", "silu")
POSITION_EMBEDDING_TYPES = ("absolute", "relative_key", "relative_key_query")
# ways to attend in PyTorch
ATTENTION = ("eager", "sdpa", "flex_attention", "flash_attention_2")
PROBLEM_TYPES = ("regression", "single_label_classification", "multi_label_classification")


MAX_NUMBER = 10**9
MAX_UNNAMED_LABELS = 100_000  # more have to be named, so that a number costs no memory


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
            require(holds, f"{_SUBJECT}.{name} {text}", repr(value))


def check_label_count(count: object) -> None:
    """Check a number of classes that nobody named.

    Raises:
        ValueError: If it is none, or so large that they have to be named.
    """
    name = f"{_SUBJECT}.num_labels"
    require(is_whole(count, 1), f"{name} must be an integer of at least 1", repr(count))
    rule = f"{name} must be at most {MAX_UNNAMED_LABELS:,} where id2label does not name as many"
    require(count <= MAX_UNNAMED_LABELS, rule, count)  # type: ignore[operator]


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


def read_labels(names: Any, numbers: Any) -> tuple[dict[int, str], dict[str, int]]:
    """Bring the names of classes, as JSON or a user has them, to number and name, both ways.

    Args:
        names: Number to name; the numbers may be texts, as JSON has them.
        numbers: Name to number, or None.

    Raises:
        ValueError: If the numbers do not count from 0, one is there twice, or the two disagree.
    """
    rule = f"{_SUBJECT}.id2label must name the classes 0, 1, 2, ... by texts, each once"
    found = _by_number(names)
    counted = found is not None and sorted(found) == list(range(len(found))) and found
    require(counted and all(isinstance(one, str) for one in found.values()), rule, names)  # type: ignore[union-attr]
    named: dict[int, str] = dict(sorted(found.items()))  # type: ignore[union-attr]
    back = {name: index for index, name in named.items()}
    if numbers is None:
        return named, back
    agrees = isinstance(numbers, Mapping) and set(numbers) == set(back)
    agrees = agrees and all(is_whole(n, 0) and named.get(n) == one for one, n in numbers.items())
    rule = f"{_SUBJECT}.label2id must be the reverse of id2label"
    require(agrees, rule, f"{short(numbers, 120)} for {short(names, 120)}")
    return named, dict(numbers)


def read_pruned_heads(heads: Any) -> dict[int, list[int]]:
    """Bring the heads that each layer lacks, as JSON or a user has them, to numbers.

    Raises:
        ValueError: If they are none.
    """
    found = _by_number(heads, -MAX_NUMBER)
    lists = found is not None and all(
        isinstance(one, Sequence | Set) and all(is_whole(head, 0) for head in one)
        for one in found.values()
    )
    rule = f"{_SUBJECT}.pruned_heads must map numbers of layers to lists of numbers of heads"
    require(lists, rule, heads)
    return {layer: sorted(set(one)) for layer, one in found.items()}  # type: ignore[union-attr]


def _by_number(values: Any, smallest: int = 0) -> dict[int, Any] | None:
    """A mapping by numbers, whose keys may be texts of them; None if it is none."""
    if not isinstance(values, Mapping):
        return None
    found = {}
    for key, value in values.items():
        is_text = isinstance(key, str) and re.fullmatch("0|-?[1-9][0-9]{0,8}", key)
        if (not is_text and not is_whole(key, smallest)) or int(key) < smallest:
            return None
        found[int(key)] = value
    return found if len(found) == len(values) else None


_SUBJECT = "CamembertConfig"
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
        ),
    ),
    Rule(
        "must be True or False",
        lambda value, config: isinstance(value, bool),
        (
            "use_cache",
            "is_decoder",
            "add_cross_attention",
            "tie_word_embeddings",
            "output_attentions",
            "output_hidden_states",
            "return_dict",
            "torchscript",
            "is_encoder_decoder",
        ),
    ),
    Rule(
        "must be False: a loss is a mean over the labels, as in PyTorch",
        lambda value, config: value is False,
        ("tf_legacy_loss",),
    ),
    Rule(
        "must be an integer of at least 0",
        lambda value, config: is_whole(value, 0),
        ("chunk_size_feed_forward",),
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
    Rule(
        f"must be one of {', '.join(MODEL_TYPES)}, or a class's own",
        lambda value, config: value in (*MODEL_TYPES, type(config).model_type),
        ("model_type",),
    ),
    Rule(*_one_of(None, *ATTENTION), ("attn_implementation",)),
)
