"""Continue texts: greedily, by drawing, or by beam search; N is the number of new tokens."""

import math
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any, NamedTuple, TypeVar

import keras
import tensorflow as tf

from camembert_dual.common.errors import require
from camembert_dual.config import CamembertConfig
from camembert_dual.generation.config import GenerationOptions, check_room
from camembert_dual.generation.uniforms import SEEDS, draw_uniforms
from camembert_dual.inputs import check_shapes
from camembert_dual.tf.checks import as_tensor, check_ids
from camembert_dual.tf.generation.beams import (
    Beams,
    best_texts,
    continue_beams,
    grow_beams,
    start_beams,
)
from camembert_dual.tf.generation.cache import (
    Encoder,
    Prefix,
    ends_text,
    last_tokens,
    read,
    repeat_encoder,
    repeat_prefix,
    repeat_rows,
)


class Texts(NamedTuple):
    """One continuation of each row.

    ``new_tokens`` (B, N), at most ``limit`` of them; ``is_open`` (B), whether it has not ended.
    """

    new_tokens: tf.Tensor
    is_open: tf.Tensor
    limit: tf.Tensor
    prefix: Prefix


State = TypeVar("State", Texts, Beams)


def generate(
    model: Any,
    input_ids: Any,
    attention_mask: Any,
    encoder_hidden_states: Any,
    encoder_attention_mask: Any,
    options: GenerationOptions,
) -> tf.Tensor:
    """Continue a batch of prompts; see :meth:`TFCamembertForCausalLM.generate`."""
    inputs = {
        "input_ids": input_ids,
        "attention_mask": attention_mask,
        "encoder_hidden_states": encoder_hidden_states,
        "encoder_attention_mask": encoder_attention_mask,
    }
    inputs = {name: as_tensor(value) for name, value in inputs.items()}
    check_prompt(model.config, inputs)
    prompt, mask, encoder = prompt_of(model.config, inputs)
    longest = tf.reduce_max(tf.math.count_nonzero(mask, axis=1))
    check_room(model.config, int(longest), options.max_new_tokens)
    rule = "Every row must end in a token to continue; pad prompts on the left"
    require(bool(tf.reduce_all(mask[:, -1])), rule, mask[:, -1].numpy().tolist())
    numbers = draw_uniforms(options.max_new_tokens, prompt.shape[0], seed_of(options))
    uniforms = tf.constant(numbers)
    limit = tf.constant(options.max_new_tokens)
    run = compiled_search(model, encoder, options)
    new_tokens = run(tf.cast(prompt, tf.int32), mask, encoder, uniforms, limit)
    return tf.concat([prompt, tf.cast(new_tokens, prompt.dtype)], axis=1)  # (B, T + N)


def seed_of(options: GenerationOptions) -> int:
    """The seed of the draws: the caller's, or one that the framework's generator draws.

    Raises:
        ValueError: If the generator is not one of this framework.
    """
    if options.seed is not None or not options.do_sample:
        return options.seed or 0
    generator = options.generator
    fits = generator is None or isinstance(generator, keras.random.SeedGenerator)
    require(fits, "generator must be a keras.random.SeedGenerator", type(generator).__name__)
    return int(keras.random.randint((), 0, SEEDS, seed=generator))


def check_prompt(config: CamembertConfig, inputs: dict[str, Any]) -> None:
    """Check shapes and ids as the model does; masks for each query make no sense here.

    Raises:
        ValueError: If an input breaks its rule.
    """
    shapes = {name: tuple(value.shape) for name, value in inputs.items() if value is not None}
    check_shapes(config, shapes, 0)
    check_ids("input_ids", inputs["input_ids"], config.vocab_size, "vocab_size")
    for name in ("attention_mask", "encoder_attention_mask"):
        shape = shapes.get(name, (0, 0))
        require(len(shape) == 2, f"{name} must be of shape (batch, length) to generate", shape)


def prompt_of(
    config: CamembertConfig, inputs: dict[str, Any]
) -> tuple[tf.Tensor, tf.Tensor, Encoder]:
    """Give ids (B, T) and mask (B, T), and encoder states (B, S, D) and mask (B, S), if any."""
    prompt, mask = inputs["input_ids"], inputs["attention_mask"]
    mask = prompt != config.pad_token_id if mask is None else tf.cast(mask, tf.bool)
    states, seen = inputs["encoder_hidden_states"], inputs["encoder_attention_mask"]
    if states is None:
        return prompt, mask, ()
    seen = tf.ones_like(states[..., 0], dtype=tf.bool) if seen is None else tf.cast(seen, tf.bool)
    return prompt, mask, (states, seen)


def compiled_search(model: Any, encoder: Encoder, options: GenerationOptions) -> Callable[..., Any]:
    """Give :func:`search` as a graph, which serves any batch, length and ``max_new_tokens``.

    The model keeps its graphs, one for each set of other options, until its weights are replaced.
    They are out of sight of Keras and TensorFlow, which would save them with the model.
    """
    weights, graphs = vars(model).setdefault("_searches", (model.weights, {}))
    if [id(one) for one in weights] != [id(one) for one in model.weights]:
        graphs = {}
        vars(model)["_searches"] = (model.weights, graphs)
    options = replace(options, max_new_tokens=1, seed=None, generator=None)
    key = (options, *(one.dtype for one in encoder))
    if key not in graphs:
        ids = tf.TensorSpec([None, None], tf.int32)
        mask = tf.TensorSpec([None, None], tf.bool)
        states = tuple(tf.TensorSpec([None, None, *one.shape[2:]], one.dtype) for one in encoder)
        uniforms = tf.TensorSpec([None, None], tf.float32)
        signature = [ids, mask, states, uniforms, tf.TensorSpec([], tf.int32)]
        run = partial(search, model, options=options)
        graphs[key] = tf.function(run, input_signature=signature, autograph=False)
    return graphs[key]


def search(
    model: Any,
    prompt: tf.Tensor,
    mask: tf.Tensor,
    encoder: Encoder,
    uniforms: tf.Tensor,
    limit: tf.Tensor,
    options: GenerationOptions,
) -> tf.Tensor:
    """Give the new tokens (B, N), at most ``limit``, of a batch of prompts (B, T)."""
    logits, prefix = read(model, prompt, mask, None, encoder)
    if options.num_beams > 1:
        width = options.num_beams
        logits, prefix = repeat_rows(logits, width), repeat_prefix(prefix, width)
        encoder = repeat_encoder(encoder, width)
        beams = start_beams(prompt, mask, logits, prefix, limit, options)
        beams = grow_beams(beams, logits, prefix, options)
        beams = repeat(beams, lambda beams: continue_beams(model, beams, encoder, options))
        return best_texts(beams, options)
    texts = start_texts(prompt, prefix, limit)
    texts = grow_texts(texts, logits, prefix, uniforms, options)
    texts = repeat(texts, lambda texts: continue_texts(model, texts, encoder, uniforms, options))
    return texts.new_tokens


def repeat(state: State, step: Callable[[State], State]) -> State:
    """Take steps until all rows have ended or are as long as they may be."""
    shapes = tf.nest.map_structure(growing_shape, state)
    wrapped = tf.while_loop(
        is_unfinished, lambda state: (step(state),), (state,), shape_invariants=(shapes,)
    )
    return wrapped[0]


def growing_shape(tensor: tf.Tensor) -> tf.TensorShape:
    """What stays of a tensor's shape in the loop: H and K of the caches (B, H, S, K)."""
    kept = (1, 3) if len(tensor.shape) == 4 else ()
    return tf.TensorShape(
        [size if axis in kept else None for axis, size in enumerate(tensor.shape)]
    )


def is_unfinished(state: Texts | Beams) -> tf.Tensor:
    """Whether a row is open and may still grow."""
    return (tf.shape(state.new_tokens)[-1] < state.limit) & tf.reduce_any(state.is_open)


def start_texts(prompt: tf.Tensor, prefix: Prefix, limit: tf.Tensor) -> Texts:
    """Rows without new tokens."""
    is_open = tf.ones_like(prompt[:, 0], dtype=tf.bool)
    return Texts(prompt[:, :0], is_open, limit, prefix)


def continue_texts(
    model: Any, texts: Texts, encoder: Encoder, uniforms: tf.Tensor, options: GenerationOptions
) -> Texts:
    """Read the last tokens and choose the next ones."""
    logits, prefix = read(model, *last_tokens(texts.new_tokens), texts.prefix, encoder)
    return grow_texts(texts, logits, prefix, uniforms, options)


def grow_texts(
    texts: Texts,
    logits: tf.Tensor,
    prefix: Prefix,
    uniforms: tf.Tensor,
    options: GenerationOptions,
) -> Texts:
    """Give each open row a token by its logits (B, V), and each ended row padding."""
    chosen = choose(logits, uniforms[tf.shape(texts.new_tokens)[1]], options)
    chosen = tf.where(texts.is_open, chosen, options.padding)  # (B,)
    new_tokens = tf.concat([texts.new_tokens, chosen[:, None]], axis=1)
    is_open = texts.is_open & ~ends_text(chosen, options)
    return Texts(new_tokens, is_open, texts.limit, prefix)


def choose(logits: tf.Tensor, uniforms: tf.Tensor, options: GenerationOptions) -> tf.Tensor:
    """Choose a token for each row: the most probable one, or by a number in [0, 1).

    Args:
        logits: (B, V).
        uniforms: (B).
        options: Whether to draw, and from what.

    Returns:
        Tokens (B).
    """
    if not options.do_sample:
        return tf.argmax(logits, axis=-1, output_type=tf.int32)
    ranked, tokens = tf.math.top_k(logits / options.temperature, logits.shape[1])
    ranked = filter_top_p(filter_top_k(ranked, options.top_k), options.top_p)
    return tf.gather(tokens, draw(ranked, uniforms), batch_dims=1)


def filter_top_k(ranked: tf.Tensor, top_k: int | None) -> tf.Tensor:
    """Keep the ``top_k`` highest logits of each falling row (B, V), and those equal to the last."""
    if top_k is None or top_k >= ranked.shape[1]:
        return ranked
    lowest = tf.constant(-math.inf, ranked.dtype)
    return tf.where(ranked < ranked[:, top_k - 1 : top_k], lowest, ranked)


def filter_top_p(ranked: tf.Tensor, top_p: float | None) -> tf.Tensor:
    """Keep the first logits of each falling row (B, V) that have ``top_p`` together."""
    if top_p is None:
        return ranked
    probabilities = tf.nn.softmax(ranked, axis=-1)
    before = tf.cumsum(probabilities, axis=-1) - probabilities
    return tf.where(before < top_p, ranked, tf.constant(-math.inf, ranked.dtype))


def draw(ranked: tf.Tensor, uniforms: tf.Tensor) -> tf.Tensor:
    """Draw a column of logits (B, V): where the summed probability passes the row's number (B)."""
    sums = tf.cumsum(tf.nn.softmax(ranked, axis=-1), axis=-1)
    passed = sums <= tf.cast(uniforms[:, None], sums.dtype) * sums[:, -1:]
    return tf.reduce_sum(tf.cast(passed, tf.int32), axis=-1)
