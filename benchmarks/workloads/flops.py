"""How many multiplications and additions a pass over real tokens takes, each counted as one."""

from collections.abc import Iterable
from typing import Any


def encoder(config: Any, lengths: Iterable[int]) -> float:
    """Those of the matrix products of a forward pass over texts of given lengths in tokens."""
    size = config.hidden_size
    per_token = 2 * (4 * size * size + 2 * size * config.intermediate_size)
    total = sum(length * (per_token + 4 * size * length) for length in lengths)
    return float(config.num_hidden_layers * total)


def lm_head(config: Any, tokens: int) -> float:
    """Those of the language model's head over some tokens."""
    return 2.0 * tokens * config.hidden_size * (config.hidden_size + config.vocab_size)


def lengths_of(inputs: Any) -> list[int]:
    """The real tokens of each row."""
    return [int(one) for one in inputs["attention_mask"].sum(axis=-1)]
