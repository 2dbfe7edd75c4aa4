"""Continue texts: greedily, by drawing, or by beam search; N is the number of new tokens."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any, TypeVar

import keras
import tensorflow as tf

from camembert_dual.common.errors import require
from camembert_dual.config import CamembertConfig
from camembert_dual.generation.options_old import GenerationOptions, check_room
from camembert_dual.generation.uniforms import SEEDS, draw_uniforms
from camembert_dual.tf.checks import as_tensor, check_inputs, shape_of
from camembert_dual.tf.generation.beams import (
    Beams,
    best_sequences,
    continue_beams,
    grow_beams,
    start_beams,
)
from camembert_dual.tf.generation.cache import (
    Encoder,
    next_logits,
    repeat_cache,
    repeat_encoder,
    repeat_rows,
)
from camembert_dual.tf.generation.sampling import (
    Sequences,
    continue_sequences,
    grow_sequences,
    start_sequences,
)

State = TypeVar("State", Sequences, Beams)


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
    rule = "Every row must end in a token to continue (pad prompts on the left)"
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
    """Check the inputs as the model does; masks for each query make no sense here.

    Raises:
        ValueError: If an input breaks its rule.
    """
    check_inputs(config, inputs, None)
    for name in ("attention_mask", "encoder_attention_mask"):
        shape = (0, 0) if inputs[name] is None else shape_of(inputs[name])
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
    every = tf.ones_like(states[..., 0], dtype=tf.bool)
    seen = every if seen is None else tf.cast(seen, tf.bool)
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
    logits, cache = next_logits(model, prompt, mask, None, encoder)
    if options.num_beams > 1:
        width = options.num_beams
        logits, cache = repeat_rows(logits, width), repeat_cache(cache, width)
        encoder = repeat_encoder(encoder, width)
        beams = start_beams(prompt, mask, logits, cache, limit, options)
        beams = grow_beams(beams, logits, cache, options)
        beams = repeat(beams, lambda one: continue_beams(model, one, encoder, options))
        return best_sequences(beams, options)
    sequences = start_sequences(prompt, cache, limit)
    sequences = grow_sequences(sequences, logits, cache, uniforms, options)
    sequences = repeat(
        sequences, lambda one: continue_sequences(model, one, encoder, uniforms, options)
    )
    return sequences.new_tokens


def repeat(state: State, step: Callable[[State], State]) -> State:
    """Take steps until all rows have finished or are as long as they may be."""
    shapes = tf.nest.map_structure(growing_shape, state)
    wrapped = tf.while_loop(
        any_unfinished, lambda state: (step(state),), (state,), shape_invariants=(shapes,)
    )
    return wrapped[0]


def growing_shape(tensor: tf.Tensor) -> tf.TensorShape:
    """What stays of a tensor's shape in the loop: H and K of the caches (B, H, S, K)."""
    kept = (1, 3) if len(tensor.shape) == 4 else ()
    return tf.TensorShape(
        [size if axis in kept else None for axis, size in enumerate(tensor.shape)]
    )


def any_unfinished(state: Sequences | Beams) -> tf.Tensor:
    """Whether a row is unfinished and may still grow."""
    return (tf.shape(state.new_tokens)[-1] < state.limit) & tf.reduce_any(state.is_unfinished)
