"""What a call may hold: one table of rules for both trees, and the words of a refusal.

The rules see shapes, types and, where a look costs nothing, values in NumPy: not on a GPU, where
they would wait for it, and not while a graph is traced, compiled or exported or a call is
transformed (vmap). There ids that are out of range are left to the look-up, and masks and labels
are taken as they come.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from camembert_dual.common.arrays import Array
from camembert_dual.common.errors import is_integer, refusal, require
from camembert_dual.config import CamembertConfig

IGNORE_INDEX = -100  # the label of a position that no loss and no score looks at
Shape = tuple[int | None, ...]


class Seen(NamedTuple):
    """What the rules see of a tensor.

    Attributes:
        shape: Its sizes; None where one is not known yet.
        dtype: The name of its type.
        read: Gives its values, or None where a look would cost something.
    """

    shape: Shape
    dtype: str
    read: Callable[[], Array | None]


class Types(NamedTuple):
    """Types that both trees accept, and what they are together."""

    title: str
    names: tuple[str, ...]


class Rule(NamedTuple):
    """What an input must be.

    Attributes:
        types: Its types.
        shapes: Its shapes, a letter for each size: B rows, T tokens, A cached and new tokens, S
            encoder states, D hidden, H heads, N layers, 1 for one that serves all.
        check: Checks its values, or None.
    """

    types: Types
    shapes: tuple[str, ...]
    check: Callable[[str, Array, CamembertConfig], None] | None = None


_INTEGERS = ("uint8", "int8", "int16", "int32", "int64")
_REALS = ("float16", "bfloat16", "float32", "float64")
IDS = Types("integers", ("int32", "int64"))
CLASSES = Types("whole numbers", ("bool", *_INTEGERS))
REALS = Types("real numbers", _REALS)
NUMBERS = Types("numbers", ("bool", *_INTEGERS, *_REALS))
_WORDS = {"B": "batch", "T": "length", "A": "length", "S": "length"}


def _below(limit: str) -> Callable[[str, Array, CamembertConfig], None]:
    def check(name: str, ids: Array, config: CamembertConfig) -> None:
        check_range(name, getattr(config, limit), limit, int(ids.min()), int(ids.max()))

    return check


def _zeros_and_ones(name: str, mask: Array, config: CamembertConfig) -> None:
    if mask.dtype != np.bool_:
        rule = f"{name} must be 0 or 1, or boolean (scores to be added are none: give {name} == 0)"
        check_values(rule, mask, (mask == 0) | (mask == 1))


def _finite(name: str, values: Array, config: CamembertConfig) -> None:
    check_values(f"{name} must be finite", values, np.isfinite(values))


RULES = {
    "input_ids": Rule(IDS, ("BT",), _below("vocab_size")),
    "inputs_embeds": Rule(REALS, ("BTD",)),
    "token_type_ids": Rule(IDS, ("BT", "1T"), _below("type_vocab_size")),
    "position_ids": Rule(IDS, ("BT", "1T"), _below("max_position_embeddings")),
    "attention_mask": Rule(NUMBERS, ("BA", "BTA"), _zeros_and_ones),
    "head_mask": Rule(NUMBERS, ("H", "NH"), _finite),
    "encoder_hidden_states": Rule(REALS, ("BSD",)),
    "encoder_attention_mask": Rule(NUMBERS, ("BS", "BTS"), _zeros_and_ones),
}


def check_inputs(
    config: CamembertConfig,
    inputs: Mapping[str, Seen],
    cache: Sequence[Sequence[Seen]] | None = None,
) -> None:
    """Check a model's inputs by their rules, against each other and against the config.

    Args:
        config: The model's configuration.
        inputs: The inputs that were given, by name.
        cache: The cached tensors of each layer, or None.

    Raises:
        ValueError: If a rule is broken, or the text is longer than the position table allows.
    """
    mains = [name for name in ("input_ids", "inputs_embeds") if name in inputs]
    rule = "A model must get either input_ids or inputs_embeds"
    require(len(mains) == 1, rule, "both" if mains else "neither")
    sizes: dict[str, int | None] = {
        "1": 1,
        "D": config.hidden_size,
        "H": config.num_attention_heads,
        "N": config.num_hidden_layers,
    }
    main = inputs[mains[0]]
    _check_one(config, mains[0], main, sizes)
    rows, columns = main.shape[:2]
    has_tokens = columns is None or columns > 0
    require(has_tokens, f"{mains[0]} must hold at least one token", main.shape)
    keys = _check_states(config, inputs)
    past = 0 if cache is None else _check_cache(config, cache, rows, keys)
    total = None if columns is None or past is None else columns + past
    sizes |= {"B": rows, "T": columns, "A": total, "S": keys}
    for name, seen in inputs.items():
        if name != mains[0]:
            _check_one(config, name, seen, sizes)
    _check_length(config, total, "position_ids" in inputs)


def _check_one(
    config: CamembertConfig, name: str, seen: Seen, sizes: Mapping[str, int | None]
) -> None:
    """Check type, shape and values of one input."""
    types, shapes, check = RULES[name]
    check_type(name, seen.dtype, types)
    wanted = [tuple(sizes.get(letter) for letter in shape) for shape in shapes]
    if not any(fits(seen.shape, one) for one in wanted):
        texts = [_text(zip(*pair, strict=True)) for pair in zip(wanted, shapes, strict=True)]
        raise refusal(f"{name} must be of shape {' or '.join(texts)}", f"{seen.shape}")
    values = None if check is None else seen.read()
    if check is not None and values is not None:
        check(name, values, config)


def _text(sizes: Any) -> str:
    """A shape in words: sizes that are known as numbers, the others by name."""
    parts = [_WORDS.get(letter, letter) if size is None else f"{size}" for size, letter in sizes]
    return f"({', '.join(parts)}{',' if len(parts) == 1 else ''})"


def _check_states(config: CamembertConfig, inputs: Mapping[str, Seen]) -> int | None:
    """Check that the config lets the text attend to encoder states; give their number."""
    if "encoder_hidden_states" not in inputs:
        is_alone = "encoder_attention_mask" in inputs
        rule = "encoder_attention_mask must come with the encoder_hidden_states that it is for"
        require(not is_alone, rule, "the mask alone")
        return None
    crosses = (config.is_decoder, config.add_cross_attention)
    rule = "encoder_hidden_states must be for a config with is_decoder and add_cross_attention"
    require(all(crosses), rule, crosses)
    shape = inputs["encoder_hidden_states"].shape
    keys = shape[1] if len(shape) == 3 else None
    require(keys != 0, "encoder_hidden_states must hold at least one position", shape)
    return keys


def _check_cache(
    config: CamembertConfig,
    cache: Sequence[Sequence[Seen]],
    rows: int | None,
    keys: int | None,
) -> int | None:
    """Check the cache of each layer; give the number of cached positions."""
    count, layers = (2 if keys is None else 4), config.num_hidden_layers
    rule = f"past_key_values must hold at least {count} tensors for each layer of a decoder"
    has_layers = config.is_decoder and len(cache) == layers
    is_whole = has_layers and all(len(tensors) >= count for tensors in cache)
    require(is_whole, rule, [len(tensors) for tensors in cache])
    first = cache[0][0].shape
    past = first[2] if len(first) == 4 else None
    for layer, tensors in enumerate(cache):
        own = (rows, config.kept_head_count(layer), past, config.head_size)
        cross = (rows, config.num_attention_heads, keys, config.head_size)
        for tensor, wanted in zip(tensors, (own, own, cross, cross)[:count], strict=False):
            check_type("past_key_values", tensor.dtype, REALS)
            if not fits(tensor.shape, wanted):
                shape = _text(zip(wanted, "BHAK", strict=True))
                rule = f"past_key_values must be of shape {shape} in layer {layer}"
                raise refusal(rule, f"{tensor.shape}")
    return past


def _check_length(config: CamembertConfig, total: int | None, has_positions: bool) -> None:
    """Check that the tables of positions and of distances reach as far as the text."""
    limit, numbered = config.max_sequence_length, "max_position_embeddings - pad_token_id - 1"
    if has_positions:
        limit, numbered = config.max_position_embeddings, "max_position_embeddings"
    if total is not None and total > limit:
        rule = (
            f"A text must have at most {limit} tokens, {numbered} "
            "(truncate it or split it into windows)"
        )
        is_bound = not has_positions or config.position_embedding_type != "absolute"
        if is_bound:
            raise refusal(rule, f"{total}")


def check_choices(shapes: Mapping[str, Shape]) -> str:
    """Check that all inputs of multiple choice have the same batch and choices in front.

    Returns:
        The name of the main one: ids or embedded inputs.

    Raises:
        ValueError: If one has not, or neither ids nor embedded inputs are there.
    """
    name = "inputs_embeds" if "inputs_embeds" in shapes else "input_ids"
    rule = "Multiple choice must get input_ids (batch, choices, length), or embeds with one more"
    rank = 4 if name == "inputs_embeds" else 3
    main = shapes.get(name)
    require(main is not None and len(main) == rank, rule, "neither" if main is None else main)
    front = main[:2]  # type: ignore[index]
    for other, shape in shapes.items():
        if other != "head_mask" and not fits(shape[:2], front):
            raise refusal(f"{other} must have {front} in front, batch and choices", f"{shape}")
    return name


def flag(name: str, value: object, default: bool) -> bool:
    """What a switch of a call says, or the config for None.

    Raises:
        ValueError: If it is neither True, False nor None.
    """
    is_flag = value is None or isinstance(value, bool | np.bool_)
    require(is_flag, f"{name} must be True, False or None", repr(value))
    return default if value is None else bool(value)


def check_logits_to_keep(count: object, has_labels: bool) -> None:
    """Check how many last tokens get logits: some, or all, as labels need.

    Raises:
        ValueError: If a rule is broken.
    """
    rule = "logits_to_keep must be an integer of at least 0, and 0 with labels"
    require(is_integer(count, 0) and not (has_labels and count), rule, count)


def keeps_cache(config: CamembertConfig, use_cache: bool | None) -> bool:
    """Whether a call returns its cache, which only a decoder has.

    Raises:
        ValueError: If ``use_cache`` is neither True, False nor None.
    """
    wanted = flag("use_cache", use_cache, config.use_cache)
    if use_cache and not config.is_decoder:
        warnings.warn("use_cache=True has no effect, as is_decoder is False.", stacklevel=2)
    return config.is_decoder and wanted


def check_type(name: str, dtype: str, types: Types) -> None:
    """Check that a type is one of those that both trees accept.

    Raises:
        ValueError: If it is not.
    """
    if dtype not in types.names:
        raise refusal(f"{name} must be {types.title} ({', '.join(types.names)})", dtype)


def check_range(name: str, limit: int, table: str, smallest: int, largest: int) -> None:
    """Check that ids fall into their table.

    Args:
        name: The input's name.
        limit: Rows of the table.
        table: The config's name for that number.
        smallest: Smallest id received.
        largest: Largest id received.

    Raises:
        ValueError: If an id is negative or not below ``limit``.
    """
    rule = f"{name} must be in [0, {limit}) ({table})"
    require(smallest >= 0 and largest < limit, rule, f"ids from {smallest} to {largest}")


def check_values(rule: str, values: Array, holds: Any) -> None:
    """Check that a rule holds for all values; name the first for which it does not."""
    if not np.all(holds):
        raise refusal(rule, f"{values[~holds][0]}")


def fits(shape: Shape, wanted: Shape) -> bool:
    """Whether a shape is the one wanted, as far as both are known."""
    return len(shape) == len(wanted) and all(
        size == want or size is None or want is None
        for size, want in zip(shape, wanted, strict=True)
    )


def rounded_up(count: int, multiple: int | None) -> int:
    """The least multiple of a number that is at least a count; the count itself for None.

    Raises:
        ValueError: If the number is no whole number above 0.
    """
    if multiple is None:
        return count
    is_whole = isinstance(multiple, int) and not isinstance(multiple, bool) and multiple > 0
    require(is_whole, "pad_to_multiple_of must be a whole number above 0", repr(multiple))
    return -(-count // multiple) * multiple
