"""Calls that both trees must refuse in the same words: inputs in numpy, a part of the message."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from cases import BARE, CAUSAL, CHOICE, MASKED, QUESTION, SEQUENCE, TOKEN

B, C, T, S, D, V, P = 2, 4, 7, 6, 24, 101, 19


class BadCall(NamedTuple):
    """A call and why it is refused; a dict is keywords, a tuple positional arguments."""

    name: str
    inputs: Callable[[], dict[str, Any] | tuple[Any, ...]]
    message: str
    task: str = BARE
    config: str = "plain"

    def __str__(self) -> str:
        return self.name


def ids(*shape: int, value: int = 7) -> np.ndarray:
    return np.full(shape or (B, T), value)


def ones(*shape: int) -> np.ndarray:
    return np.ones(shape)


def one_at(array: np.ndarray, value: Any) -> np.ndarray:
    """The array with its last value replaced."""
    array = array.copy()
    array.flat[-1] = value
    return array


def given(**more: Any) -> Callable[[], dict[str, Any]]:
    """Good ids and one thing more."""
    return lambda: {"input_ids": ids(), **more}


def cache(
    layers: int = 2, tensors: int = 2, shape: tuple[int, ...] = (B, 3, 4, 8)
) -> tuple[tuple[np.ndarray, ...], ...]:
    return tuple(tuple(ones(*shape) for _ in range(tensors)) for _ in range(layers))


def odd(value: float, *shape: int) -> np.ndarray:
    """Ones, of which the last is another number."""
    return one_at(ones(*shape or (B, T)), value)


def crossed_cache(keys: int = S, rows: int = B) -> tuple[tuple[np.ndarray, ...], ...]:
    own, cross = ones(rows, 3, 4, 8), ones(rows, 3, keys, 8)
    return ((own, own, cross, cross),) * 2


LIMIT = "A text must have at most 17 tokens"
BAD_CALLS = (
    # which inputs, and their shapes
    BadCall("no input", dict, "either input_ids or inputs_embeds; received neither."),
    BadCall("both inputs", given(inputs_embeds=ones(B, T, D)), "received both."),
    BadCall("ids of one dimension", lambda: {"input_ids": ids(T)}, "received (7,)."),
    BadCall("ids of three dimensions", lambda: {"input_ids": ids(B, C, T)}, "received (2, 4, 7)."),
    BadCall("no token", lambda: {"input_ids": ids(B, 0)}, "at least one token; received (2, 0)."),
    BadCall("embeddings without rows", lambda: {"inputs_embeds": ones(T, D)}, "received (7, 24)."),
    BadCall(
        "embeddings of another width",
        lambda: {"inputs_embeds": ones(B, T, 25)},
        "(batch, length, 24); received (2, 7, 25).",
    ),
    BadCall("a text that is too long", lambda: {"input_ids": ids(B, 18)}, LIMIT),
    BadCall("embeddings that are too long", lambda: {"inputs_embeds": ones(1, 18, D)}, LIMIT),
    BadCall(
        "too long for pad 5", lambda: {"input_ids": ids(B, 14)}, "at most 13 tokens", config="pad 5"
    ),
    BadCall(
        "too long with the cache",
        lambda: {"input_ids": ids(B, 14), "past_key_values": cache()},
        "received 18.",
        config="decoder",
    ),
    # types and ranges
    BadCall(
        "ids that are not whole",
        lambda: {"input_ids": ones(B, T)},
        "integers (int32, int64); received float64.",
    ),
    BadCall(
        "ids that are truths",
        lambda: {"input_ids": ids() > 0},
        "integers (int32, int64); received bool.",
    ),
    BadCall(
        "an id above the vocabulary", lambda: {"input_ids": one_at(ids(), V)}, "from 7 to 101."
    ),
    BadCall("a negative id", lambda: {"input_ids": one_at(ids(), -1)}, "ids from -1 to 7."),
    BadCall(
        "an id above the vocabulary in 32 bits",
        lambda: {"input_ids": one_at(ids(), 4000).astype(np.int32)},
        "input_ids must be in [0, 101) (vocab_size); received ids from 7 to 4000.",
    ),
    BadCall(
        "a list for a tensor", given(attention_mask=[[1] * T] * B), "a numpy array; received list."
    ),
    BadCall("a word for a tensor", given(attention_mask="all"), "a numpy array; received str."),
    BadCall("ids as text", lambda: {"input_ids": "bonjour"}, "a numpy array; received str."),
    # token types and positions
    BadCall(
        "a token type without a row", given(token_type_ids=ids(value=2)), "[0, 2) (type_vocab_size)"
    ),
    BadCall(
        "a token type where there is one row",
        given(token_type_ids=ids(value=1)),
        "token_type_ids must be in [0, 1) (type_vocab_size); received ids from 1 to 1.",
        config="one token type",
    ),
    BadCall("token types of another length", given(token_type_ids=ids(B, 6, value=0)), "(2, 6)."),
    BadCall(
        "token types that are not whole", given(token_type_ids=ones(B, T)), "received float64."
    ),
    BadCall("a position without a row", given(position_ids=ids(value=P)), "ids from 19 to 19."),
    BadCall("a negative position", given(position_ids=ids(value=-1)), "ids from -1 to -1."),
    BadCall("positions of other rows", given(position_ids=ids(3, T)), "received (3, 7)."),
    # masks
    BadCall("a mask of another length", given(attention_mask=ones(B, 6)), "received (2, 6)."),
    BadCall("a mask of other rows", given(attention_mask=ones(3, T)), "received (3, 7)."),
    BadCall("a mask of one dimension", given(attention_mask=ones(T)), "received (7,)."),
    BadCall("a mask of four dimensions", given(attention_mask=ones(B, 1, 1, T)), "(2, 1, 1, 7)."),
    BadCall("a square mask of another size", given(attention_mask=ones(B, T, 6)), "(2, 7, 6)."),
    BadCall(
        "a mask that forgets the cache",
        lambda: {
            "input_ids": ids(B, 3),
            "attention_mask": ones(B, 3),
            "past_key_values": cache(),
        },
        "(2, 7) or (2, 3, 7); received (2, 3).",
        config="decoder",
    ),
    BadCall(
        "a head mask of other heads", given(head_mask=ones(4)), "(3,) or (2, 3); received (4,)."
    ),
    BadCall("a head mask of other layers", given(head_mask=ones(3, 3)), "received (3, 3)."),
    # encoder states and cache
    BadCall(
        "encoder states for an encoder",
        given(encoder_hidden_states=ones(B, S, D)),
        "is_decoder and add_cross_attention; received (False, False).",
    ),
    BadCall(
        "encoder states without cross-attention",
        given(encoder_hidden_states=ones(B, S, D)),
        "received (True, False).",
        config="decoder",
    ),
    BadCall(
        "encoder states of another width",
        given(encoder_hidden_states=ones(B, S, 25)),
        "received (2, 6, 25).",
        config="crossed",
    ),
    BadCall(
        "encoder states of other rows",
        given(encoder_hidden_states=ones(3, S, D)),
        "received (3, 6, 24).",
        config="crossed",
    ),
    BadCall(
        "an encoder mask of another length",
        given(encoder_hidden_states=ones(B, S, D), encoder_attention_mask=ones(B, T)),
        "received (2, 7).",
        config="crossed",
    ),
    BadCall(
        "a cache for an encoder", given(past_key_values=cache()), "for each layer of a decoder"
    ),
    BadCall(
        "a cache of other layers",
        given(past_key_values=cache(3)),
        "received [2, 2, 2].",
        config="decoder",
    ),
    BadCall(
        "a cache without the encoder states",
        given(past_key_values=cache(), encoder_hidden_states=ones(B, S, D)),
        "at least 4 tensors",
        config="crossed",
    ),
    # labels
    BadCall(
        "a label above the vocabulary",
        given(labels=ids(value=V)),
        "labels must be in [0, 101)",
        MASKED,
    ),
    BadCall("a negative label", given(labels=ids(value=-1)), "from -1 to -1.", MASKED),
    BadCall("labels of another length", given(labels=ids(B, 6)), "received (2, 6).", MASKED),
    BadCall(
        "causal labels of another length",
        given(labels=ids(B, 6)),
        "received (2, 6).",
        CAUSAL,
        "decoder",
    ),
    BadCall("a class above their number", given(labels=ids(B, value=5)), "[0, 5)", SEQUENCE),
    BadCall("labels for other rows", given(labels=ids(3, value=1)), "received (3,).", SEQUENCE),
    BadCall(
        "classes for single labels of other rows",
        given(labels=ids(B, 5)),
        "(2, 5).",
        SEQUENCE,
        "single label",
    ),
    BadCall(
        "too few numbers",
        given(labels=ones(B)),
        "for regression; received (2,).",
        SEQUENCE,
        "regression",
    ),
    BadCall(
        "too few labels", given(labels=ones(B, 4)), "received (2, 4).", SEQUENCE, "multi label"
    ),
    BadCall("a tag above their number", given(labels=ids(value=5)), "[0, 5)", TOKEN),
    BadCall("tags of another length", given(labels=ids(B, 6, value=1)), "received (2, 6).", TOKEN),
    BadCall(
        "a choice that is not there",
        lambda: {"input_ids": ids(B, C, T), "labels": ids(B, value=4)},
        "[0, 4)",
        CHOICE,
    ),
    BadCall("no choices", given(labels=ids(B, value=0)), "(batch, choices, length)", CHOICE),
    BadCall(
        "embeddings without choices",
        lambda: {"inputs_embeds": ones(B, T, D)},
        "(batch, choices, length)",
        CHOICE,
    ),
    BadCall("multiple choice of nothing", dict, "received neither.", CHOICE),
    BadCall(
        "starts of other rows",
        given(start_positions=ids(3, value=1), end_positions=ids(3, value=2)),
        "received (3,).",
        QUESTION,
    ),
    BadCall("labels turned round", given(labels=ids(T, B)), "(2, 7); received (7, 2).", MASKED),
    BadCall("labels in one row", given(labels=ids(B * T)), "received (14,).", TOKEN),
    BadCall(
        "numbers turned round",
        given(labels=ones(5, B)),
        "for regression; received (5, 2).",
        SEQUENCE,
        "regression",
    ),
    BadCall("a class of 7.5", given(labels=odd(7.5)), "whole numbers (bool, uint8", MASKED),
    BadCall("a class of 1.0", given(labels=ones(B, T)), "received float64.", TOKEN),
    BadCall("a real class", given(labels=ones(B)), "received float64.", SEQUENCE, "single label"),
    BadCall(
        "a real choice", lambda: {"input_ids": ids(B, C, T), "labels": ones(B)}, "whole", CHOICE
    ),
    *(
        BadCall(
            f"a target of {value}",
            given(labels=odd(value, B, 5)),
            f"labels must be within 0 and 1 for multi_label_classification; received {value}.",
            SEQUENCE,
            "multi label",
        )
        for value in (1.5, -0.1, np.nan)
    ),
    BadCall(
        "a number that is none",
        given(labels=odd(np.nan, B, 5)),
        "labels must be finite for regression; received nan.",
        SEQUENCE,
        "regression",
    ),
    BadCall(
        "starts alone",
        given(start_positions=ids(B, value=1)),
        "must come together; received start_positions alone.",
        QUESTION,
    ),
    BadCall("ends alone", given(end_positions=ids(B, value=1)), "end_positions alone.", QUESTION),
    BadCall(
        "real starts",
        given(start_positions=ones(B), end_positions=ids(B, value=2)),
        "start_positions must be whole numbers",
        QUESTION,
    ),
    # values of masks
    *(
        BadCall(
            f"a mask of {value}",
            given(attention_mask=odd(value)),
            f"(scores to be added are none: give attention_mask == 0); received {float(value)}.",
        )
        for value in (-10000.0, 0.5, np.nan, -np.inf, 2.0)
    ),
    BadCall("a mask of twos", given(attention_mask=ids(value=2)), "0 or 1, or boolean"),
    BadCall("a complex mask", given(attention_mask=ones(B, T) * 1j), "received complex128."),
    BadCall(
        "an added mask of the states",
        given(encoder_hidden_states=ones(B, S, D), encoder_attention_mask=odd(-1e4, B, S)),
        "encoder_attention_mask must be 0 or 1",
        config="crossed",
    ),
    BadCall("a head mask of nan", given(head_mask=odd(np.nan, 3)), "head_mask must be finite"),
    BadCall("embeddings of integers", lambda: {"inputs_embeds": ids(B, T, D)}, "received int64."),
    BadCall("ids of 16 bits", lambda: {"input_ids": ids().astype(np.int16)}, "received int16."),
    # states and caches
    BadCall(
        "a mask of no states",
        given(encoder_attention_mask=ones(B, S)),
        "encoder_attention_mask must come with the encoder_hidden_states",
        config="crossed",
    ),
    BadCall(
        "states without positions",
        given(encoder_hidden_states=ones(B, 0, D)),
        "at least one position; received (2, 0, 24).",
        config="crossed",
    ),
    BadCall(
        "a cache of other rows",
        given(past_key_values=cache(shape=(3, 3, 4, 8))),
        "(2, 3, 4, 8) in layer 0; received (3, 3, 4, 8).",
        config="decoder",
    ),
    BadCall(
        "a cache of other heads",
        given(past_key_values=cache(shape=(B, 4, 4, 8))),
        "received (2, 4, 4, 8).",
        config="decoder",
    ),
    BadCall(
        "a cache of other widths",
        given(past_key_values=cache(shape=(B, 3, 4, 9))),
        "received (2, 3, 4, 9).",
        config="decoder",
    ),
    BadCall(
        "a cache of two lengths",
        given(past_key_values=(cache()[0], cache(shape=(B, 3, 5, 8))[0])),
        "in layer 1; received (2, 3, 5, 8).",
        config="decoder",
    ),
    BadCall(
        "a cache of other states",
        given(encoder_hidden_states=ones(B, S, D), past_key_values=crossed_cache(5)),
        "(2, 3, 6, 8) in layer 0; received (2, 3, 5, 8).",
        config="crossed",
    ),
    BadCall(
        "a cache that is a tensor",
        given(past_key_values=ones(2, 2, B, 3)),
        "a tuple or list of tensors for each layer; received another value.",
        config="decoder",
    ),
    # switches
    *(
        BadCall(
            f"{name} as {value!r}",
            given(**{name: value}),
            f"{name} must be True, False or None; received {value!r}.",
            config="decoder",
        )
        for name, value in (
            ("use_cache", "false"),
            ("output_attentions", "false"),
            ("output_hidden_states", 1),
            ("return_dict", "no"),
        )
    ),
    BadCall(
        "labels with few logits",
        given(labels=ids(), logits_to_keep=1),
        "logits_to_keep must be an integer of at least 0, and 0 with labels; received 1.",
        CAUSAL,
        "decoder",
    ),
    BadCall("minus one logit", given(logits_to_keep=-1), "received -1.", CAUSAL, "decoder"),
    BadCall(
        "choices turned round",
        lambda: {"input_ids": ids(B, C, T), "attention_mask": ones(C, B, T)},
        "attention_mask must have (2, 4) in front, batch and choices; received (4, 2, 7).",
        CHOICE,
    ),
    BadCall(
        "distances beyond their table",
        lambda: {"input_ids": ids(B, 20), "position_ids": ids(B, 20)},
        "A text must have at most 19 tokens",
        config="relative_key",
    ),
    # the form of the call
    BadCall("an unknown keyword", given(atention_mask=ones(B, T)), "received atention_mask."),
    BadCall("an unknown name", lambda: ({"input_ids": ids(), "mask": ids()},), "received mask."),
    BadCall("a structure and more", lambda: ([ids()], ones(B, T)), "received 1 more."),
    BadCall("too many inputs", lambda: ([ids()] * 20,), "received 20."),
    BadCall("too many inputs for a head", lambda: ([None] * 20,), "received 20.", TOKEN),
)


# calls with one thing wrong, at random ----------------------------------------------------------

GOOD: dict[tuple[str, str], Callable[[], dict[str, Any]]] = {
    (MASKED, "plain"): lambda: text() | {"labels": ids()},
    (CAUSAL, "decoder"): lambda: {"input_ids": ids(B, 3), "past_key_values": cache()},
    (BARE, "crossed"): lambda: (
        text() | {"encoder_hidden_states": ones(B, S, D), "encoder_attention_mask": ones(B, S)}
    ),
    (SEQUENCE, "single label"): lambda: text() | {"labels": ids(B, value=4)},
    (SEQUENCE, "multi label"): lambda: text() | {"labels": ones(B, 5)},
    (SEQUENCE, "regression"): lambda: text() | {"labels": ones(B, 5)},
    (TOKEN, "plain"): lambda: text() | {"labels": ids(value=4)},
    (CHOICE, "plain"): lambda: {"input_ids": ids(B, C, T), "labels": ids(B, value=3)},
    (QUESTION, "plain"): lambda: (
        text() | {"start_positions": ids(B, value=1), "end_positions": ids(B, value=2)}
    ),
}
FLAGS = ("output_attentions", "output_hidden_states", "return_dict")
NO_FLAGS = ("false", "", 0, 1, 1.0, [], ())
REAL = {"inputs_embeds", "encoder_hidden_states"}
NO_IDS = {"start_positions", "end_positions"}  # which may lie beyond the text


def text() -> dict[str, Any]:
    return {
        "input_ids": ids(),
        "attention_mask": ones(B, T),
        "token_type_ids": ids(value=1),
        "position_ids": ids(value=18),
        "head_mask": ones(3),
    }


def spoilings(name: str, value: Any, number: int) -> dict[str, Any]:
    """An input with one thing wrong, in every way that its kind has; ``number`` is 1 or more."""
    if name == "past_key_values":
        other = cache(shape=(B, 3, 4 + number, 8))
        return {
            "layers": value * (1 + number),
            "tensors": (value[0][:1], value[1]),
            "length": (value[0], other[0]),
            "rows": cache(shape=(B + number, 3, 4, 8)),
            "type": (value[0], tuple(one.astype(int) for one in value[1])),
        }
    wrong = {"rows": np.concatenate([value] * (1 + number)), "axes": value[None, None]}
    if value.dtype.kind == "i":
        wrong["type"] = value.astype(float)
        if name not in NO_IDS:
            wrong |= {"large": one_at(value, 101 + number), "negative": one_at(value, -number)}
    elif name in REAL:
        wrong["type"] = value.astype(int)
    else:
        wrong |= {"type": value * 1j, "nan": one_at(value, np.nan)}
        if name != "head_mask":
            wrong["large"] = one_at(value, 1.0 + number)
    return wrong
