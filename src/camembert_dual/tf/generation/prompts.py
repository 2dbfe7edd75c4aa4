"""What a call of ``generate`` gives a model to begin with."""

import warnings
from typing import Any

import tensorflow as tf

from camembert_dual import inputs as rules
from camembert_dual.common.errors import require
from camembert_dual.generation.calls import check_past
from camembert_dual.generation.plan import Plan
from camembert_dual.tf.checks import as_tensor, check_inputs, shape_of
from camembert_dual.tf.generation.cache import Prompt


def prompt_of(
    model: Any, inputs: Any, given: dict[str, Any], bos: int | None, plan: Plan
) -> Prompt:
    """Read the inputs of a call.

    Args:
        model: The model.
        inputs: Ids of prompts, or None.
        given: Inputs of the model by name.
        bos: What a text without prompt begins with.
        plan: What ends and fills a text.

    Returns:
        The prompts; one of a single token for each row where none is given.

    Raises:
        ValueError: If an input breaks its rule, or nothing says how to begin.
    """
    named, past = given.pop("input_ids", None), given.pop("past_key_values", None) or ()
    require(inputs is None or named is None, "inputs and input_ids must not be given both", "both")
    tokens: Any = as_tensor(named if inputs is None else inputs)
    given = {name: as_tensor(value) for name, value in given.items()}
    embeds = given.get("inputs_embeds")
    if tokens is None and embeds is None:
        tokens = first_tokens(model, given, bos)
    check_prompt(model, {"input_ids": tokens if embeds is None else None, **given})
    mask = given.pop("attention_mask", None)
    if embeds is not None:
        rule = "inputs_embeds must go with is_decoder=True and use_cache=True"
        require(plan.use_cache, rule, plan.use_cache)
        tokens = tf.zeros_like(embeds[:, :0, 0], dtype=tf.int32)
    if mask is None:
        mask = mask_of(tokens, model.config.pad_token_id, plan)
        mask = mask if embeds is None else tf.ones_like(embeds[..., 0])
    mask = tf.cast(mask, tf.bool)
    warn_of_padding_behind(mask)
    check_past(past, tokens.shape[1])
    return Prompt(tokens, mask, given, tuple(tuple(layer) for layer in past))


def first_tokens(model: Any, given: dict[str, Any], bos: Any) -> tf.Tensor:
    """Begin each text with one token; the other inputs say how many texts there are."""
    rule = "bos_token_id must be given where there is no prompt"
    require(bos is not None, rule, "neither inputs nor bos_token_id")
    rows = [value.shape[0] for name, value in given.items() if name != "head_mask"]
    return tf.fill([rows[0] if rows else 1, 1], bos)


def check_prompt(model: Any, inputs: dict[str, Any]) -> None:
    """Check the inputs as the model does; masks for each query make no sense here.

    Raises:
        ValueError: If an input breaks its rule.
    """
    known = {name: value for name, value in inputs.items() if name in rules.RULES}
    check_inputs(model.config, known, None)
    for name in ("attention_mask", "encoder_attention_mask"):
        shape = (0, 0) if inputs.get(name) is None else shape_of(inputs[name])
        require(len(shape) == 2, f"{name} must be of shape (batch, length) to generate", shape)


def mask_of(tokens: tf.Tensor, padding: int, plan: Plan) -> tf.Tensor:
    """Which tokens (R, T) are no padding: neither the model's nor what fills an ended text."""
    mask = tokens != padding
    return mask if plan.padding in plan.ends else mask & (tokens != plan.padding)


def longest_of(prompt: Prompt) -> int | None:
    """Tokens of the longest prompt, padding not counted; None in a graph."""
    if not tf.executing_eagerly():
        return None
    return int(tf.reduce_max(tf.math.count_nonzero(prompt.mask, axis=1)))


def warn_of_padding_behind(mask: tf.Tensor) -> None:
    """Warn of rows of a mask (R, T) that do not end in a token to continue."""
    if tf.executing_eagerly() and not bool(tf.reduce_all(mask[:, -1])):
        text = "A prompt ends in padding, and is continued after it: pad prompts on the left."
        warnings.warn(text, UserWarning, stacklevel=5)
