"""Ways to make the inputs of a call."""

from collections.abc import Callable
from typing import Any

import numpy as np

from camembert_dual.config import CamembertConfig
from cases.configs import CACHED, S, T

Inputs = dict[str, Any]
Make = Callable[[CamembertConfig, np.random.Generator, int], Inputs]


def ids(config: CamembertConfig, random: np.random.Generator, rows: int, length: int = T):
    """Token ids without padding."""
    tokens = [token for token in range(config.vocab_size) if token != config.pad_token_id]
    return random.choice(tokens, (rows, length))


def padded(
    config: CamembertConfig, random: np.random.Generator, rows: int, kept: np.ndarray
) -> Inputs:
    """Ids with padding where ``kept`` (rows of zeros and ones) is zero, and the mask."""
    mask = np.resize(kept, (rows, kept.shape[1]))
    tokens = ids(config, random, rows, kept.shape[1])
    return {
        "input_ids": np.where(mask == 1, tokens, config.pad_token_id),
        "attention_mask": mask,
    }


RIGHT = np.array([[1, 1, 1, 1, 1, 0, 0], [1, 1, 1, 0, 0, 0, 0]])
LEFT = np.array([[0, 0, 1, 1, 1, 1, 1], [0, 0, 0, 0, 1, 1, 1]])
INNER = np.array([[1, 0, 1, 1, 0, 1, 1], [0, 1, 1, 0, 0, 1, 0]])
NOTHING = np.array([[1, 1, 1, 1, 0, 0, 0], [0, 0, 0, 0, 0, 0, 0]])


def only_ids(config, random, rows):
    return {"input_ids": ids(config, random, rows)}


def with_padding(kept: np.ndarray) -> Make:
    return lambda config, random, rows: padded(config, random, rows, kept)


def pads_without_mask(config, random, rows):
    return {"input_ids": padded(config, random, rows, INNER)["input_ids"]}


def one_token(config, random, rows):
    return {"input_ids": ids(config, random, rows, 1)}


def longest(config, random, rows):
    return {
        "input_ids": ids(
            config, random, rows, config.max_position_embeddings - config.pad_token_id - 1
        )
    }


def given_positions(config, random, rows):
    places = random.integers(0, config.max_position_embeddings, (rows, T))
    return padded(config, random, rows, RIGHT) | {"position_ids": places}


def token_types(config, random, rows):
    types = random.integers(0, config.type_vocab_size, (rows, T))
    return padded(config, random, rows, RIGHT) | {"token_type_ids": types}


def embedded(config, random, rows):
    return {"inputs_embeds": random.normal(0, 1, (rows, T, config.hidden_size))}


def embedded_with_all(config, random, rows):
    given = token_types(config, random, rows) | given_positions(config, random, rows)
    del given["input_ids"]
    return given | embedded(config, random, rows)


def three_dimensional(config, random, rows):
    mask = random.integers(0, 2, (rows, T, T))
    mask[0, 3] = 0  # one query that sees nothing
    mask[1] |= np.eye(T, dtype=int)
    return {"input_ids": ids(config, random, rows), "attention_mask": mask}


def head_mask(shape: str) -> Make:
    def make(config, random, rows):
        layers, heads = config.num_hidden_layers, config.num_attention_heads
        factors = random.uniform(0.2, 1.5, (layers, heads) if shape == "2-D" else (heads,))
        factors[..., 1] = 0
        return padded(config, random, rows, RIGHT) | {"head_mask": factors}

    return make


def crossed(mask: str, kept: np.ndarray = RIGHT) -> Make:
    def make(config, random, rows):
        given = padded(config, random, rows, kept)
        given["encoder_hidden_states"] = random.normal(0, 1, (rows, S, config.hidden_size))
        if mask == "2-D":
            seen = np.array([[1, 1, 0, 1, 1, 0], [0, 0, 1, 1, 1, 1]])
            given["encoder_attention_mask"] = np.resize(seen, (rows, S))
        elif mask == "3-D":
            given["encoder_attention_mask"] = random.integers(0, 2, (rows, T, S))
        return given

    return make


def with_factors(make: Make) -> Make:
    return lambda config, random, rows: {
        **make(config, random, rows),
        "head_mask": random.uniform(
            0.2, 1.5, (config.num_hidden_layers, config.num_attention_heads)
        ),
    }


def cached(tokens: int, kept: np.ndarray | None = None, states: bool = False) -> Make:
    """A random cache of ``CACHED`` positions before ``tokens`` new ones."""

    def make(config, random, rows):
        heads, size = config.num_attention_heads, config.head_size
        given = {"input_ids": ids(config, random, rows, tokens)}
        lengths = [CACHED, CACHED, *((S, S) if states else ())]
        given["past_key_values"] = tuple(
            tuple(
                random.normal(0, 1, (rows, heads - len(pruned) * (index < 2), length, size))
                for index, length in enumerate(lengths)
            )
            for pruned in (
                config.pruned_heads.get(layer, ()) for layer in range(config.num_hidden_layers)
            )
        )
        if kept is not None:
            given["attention_mask"] = np.resize(kept, (rows, CACHED + tokens))
        if states:
            given["encoder_hidden_states"] = random.normal(0, 1, (rows, S, config.hidden_size))
        return given

    return make


CACHE_MASK = np.array([[0, 1, 1, 1, 1, 1, 1], [0, 0, 0, 1, 1, 1, 1]])  # CACHED + 3 columns
