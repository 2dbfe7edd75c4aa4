"""The matrix of calls: config, inputs and tasks of each."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

from cases.configs import BARE, DECODERS, HEADS, TASKS, B, C, T, config, generator
from cases.texts import (
    CACHE_MASK,
    INNER,
    LEFT,
    NOTHING,
    RIGHT,
    Inputs,
    Make,
    cached,
    crossed,
    embedded,
    embedded_with_all,
    given_positions,
    head_mask,
    longest,
    one_token,
    only_ids,
    pads_without_mask,
    three_dimensional,
    token_types,
    with_factors,
    with_padding,
)


class Case(NamedTuple):
    """One way to call a model: ``make(config, random, rows)`` gives its inputs."""

    name: str
    make: Make
    config: str = "plain"
    tasks: tuple[str, ...] = TASKS

    def __str__(self) -> str:
        return self.name


CASES = (
    Case("ids alone", only_ids),
    Case("a full mask", with_padding(np.ones((2, T), int))),
    Case("right padding", with_padding(RIGHT)),
    Case("left padding", with_padding(LEFT)),
    Case("inner padding", with_padding(INNER)),
    Case("a row that is all padding", with_padding(NOTHING)),
    Case("padding without a mask", pads_without_mask),
    Case("one token", one_token),
    Case("the longest text", longest),
    Case("given positions", given_positions),
    Case("token types", token_types),
    Case("embedded inputs", embedded),
    Case("embedded inputs with everything", embedded_with_all),
    Case("a mask for every query", three_dimensional),
    Case("a head mask", head_mask("1-D")),
    Case("a head mask for every layer", head_mask("2-D")),
    *(
        Case(f"{place} padding with pad {pad}", with_padding(kept), f"pad {pad}", (BARE,))
        for pad in (0, 5)
        for place, kept in (("left", LEFT), ("inner", INNER), ("full", NOTHING))
    ),
    Case("embedded inputs with pad 5", embedded, "pad 5", (BARE,)),
    Case("one row of token types", with_padding(RIGHT), "one token type", (BARE,)),
    Case("a large epsilon", with_padding(RIGHT), "large epsilon"),
    *(
        Case(f"activation {name}", with_padding(RIGHT), name, (BARE, "CamembertForMaskedLM"))
        for name in ("gelu_new", "relu", "silu")
    ),
    *(
        Case(f"{kind}, {name}", make, kind, (BARE,))
        for kind in ("relative_key", "relative_key_query")
        for name, make in (
            ("left padding", with_padding(LEFT)),
            ("head mask", head_mask("2-D")),
            ("embedded", embedded),
            ("given positions", given_positions),
            ("longest text", longest),
        )
    ),
    Case("an untied decoder", with_padding(RIGHT), "untied", ("CamembertForMaskedLM", HEADS[0])),
    Case("pruned heads", with_padding(RIGHT), "pruned"),
    Case("pruned heads and a head mask", head_mask("2-D"), "pruned", (BARE,)),
    Case("pruned heads and a flat head mask", head_mask("1-D"), "pruned", (BARE,)),
    Case("causal", only_ids, "decoder", DECODERS),
    Case("causal, right padding", with_padding(RIGHT), "decoder", DECODERS),
    Case("causal, left padding", with_padding(LEFT), "decoder", DECODERS),
    Case("causal, inner padding", with_padding(INNER), "decoder", (BARE,)),
    Case("causal, a row that is all padding", with_padding(NOTHING), "decoder", (BARE,)),
    Case("causal, a mask for every query", three_dimensional, "decoder", (BARE,)),
    Case("causal, embedded", embedded, "decoder", (BARE,)),
    Case("causal, pad 5", with_padding(LEFT), "decoder, pad 5", (BARE,)),
    Case("causal, relative_key", with_padding(LEFT), "decoder, relative_key", (BARE,)),
    Case("crossed without states", with_padding(RIGHT), "crossed", (BARE,)),
    Case("crossed", crossed("none"), "crossed", DECODERS),
    Case("crossed, masked states", crossed("2-D", LEFT), "crossed", DECODERS),
    Case("crossed, a mask for every query", crossed("3-D"), "crossed", (BARE,)),
    Case("crossed, head mask", with_factors(crossed("2-D")), "crossed", (BARE,)),
    Case("crossed, relative", crossed("2-D"), "crossed, relative_key_query", (BARE,)),
    Case("crossed, pruned", with_factors(crossed("2-D")), "crossed, pruned", (BARE,)),
    Case("cached, one token", cached(1), "decoder", (BARE, HEADS[0])),
    Case("cached, three tokens", cached(3), "decoder", (BARE, HEADS[0])),
    Case("cached, padding", cached(3, CACHE_MASK), "decoder", (BARE, HEADS[0])),
    Case("cached, pad 5", cached(3, CACHE_MASK), "decoder, pad 5", (BARE,)),
    Case("cached, relative_key", cached(3, CACHE_MASK), "decoder, relative_key", (BARE,)),
    Case(
        "cached, relative_key, one", cached(1, CACHE_MASK[:, 2:]), "decoder, relative_key", (BARE,)
    ),
    Case("cached, crossed", cached(3, CACHE_MASK, states=True), "crossed", (BARE, HEADS[0])),
    Case("cached, pruned", cached(3, states=True), "crossed, pruned", (BARE,)),
)


# what the parameter table is held against: each kind of weight alone, and all kinds in every task
LAYOUTS = (
    *((task, name) for task in TASKS for name in ("plain", "everything")),
    *((BARE, name) for name in ("relative_key", "pruned", "crossed", "one token type")),
    *((task, "untied") for task in HEADS[:2]),
)
CALLS = tuple((task, case) for task in TASKS for case in CASES if task in case.tasks)
# single precision: the bare model on everything, the heads on what reaches their own weights
SINGLE_NAMES = {"right padding", "embedded inputs", "an untied decoder", "cached, crossed"}
SINGLE_CALLS = tuple(
    (task, case) for task, case in CALLS if task == BARE or case.name in SINGLE_NAMES
)


def case(name: str) -> Case:
    """A case of the matrix by its name."""
    return next(one for one in CASES if one.name == name)


def call_name(value: object) -> str:
    """The identifier of a parameter."""
    return str(value)


def inputs(task: str, case: Case) -> Inputs:
    """The inputs of a call; for multiple choice each row is C choices."""
    settings = config(case.config)
    random = generator(task, case.name)
    if task != "CamembertForMultipleChoice":
        return case.make(settings, random, B)
    flat = case.make(settings, random, B * C)
    return {
        name: value if name == "head_mask" else value.reshape(B, C, *value.shape[1:])
        for name, value in flat.items()
    }


def stages(
    output: Mapping[str, Any], as_array: Callable[[Any], np.ndarray]
) -> dict[str, np.ndarray]:
    """Flatten a model's output: ``hidden_states.0``, ``past_key_values.1.0``, ``logits``..."""
    flat = {}

    def walk(name: str, value: Any) -> None:
        if isinstance(value, tuple | list):
            for index, one in enumerate(value):
                walk(f"{name}.{index}", one)
        else:
            flat[name] = as_array(value)

    for name, value in output.items():
        walk(name, value)
    return flat


ALL_OUTPUTS = {"output_attentions": True, "output_hidden_states": True, "return_dict": True}
