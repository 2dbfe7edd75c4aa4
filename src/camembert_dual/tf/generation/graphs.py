"""Searches as graphs: one of the model's own for each plan, or a part of a graph of the user's."""

from collections.abc import Callable
from typing import Any

import tensorflow as tf

from camembert_dual.generation.config import GenerationConfig
from camembert_dual.generation.plan import Plan
from camembert_dual.generation.uniforms import draw_uniforms
from camembert_dual.tf.generation.cache import Prompt
from camembert_dual.tf.layers import size_of


def compiled(model: Any, plan: Plan, prompt: Prompt, run: Callable[..., Any]) -> Callable[..., Any]:
    """Give a search as a graph, which serves any batch, length and ``max_new_tokens``.

    The model keeps its graphs, one for each plan, until its weights are replaced. They are out of
    sight of Keras and TensorFlow, which would save them with the model.

    Args:
        model: The model.
        plan: How to search.
        prompt: What the texts begin with.
        run: A function of model, plan, prompt, uniforms and limit.

    Returns:
        A function of prompt, uniforms and limit.
    """
    weights, graphs = vars(model).setdefault("_searches", (model.weights, {}))
    if [id(one) for one in weights] != [id(one) for one in model.weights]:
        graphs = {}
        vars(model)["_searches"] = (model.weights, graphs)
    signature = tf.nest.map_structure(spec_of, prompt)
    key = (plan, tuple(sorted((name, one.dtype) for name, one in prompt.inputs.items())))
    if key not in graphs:
        uniforms = tf.TensorSpec([None] * (3 if plan.draws_candidates else 2), tf.float32)
        graphs[key] = tf.function(
            lambda prompt, uniforms, limit: run(model, plan, prompt, uniforms, limit),
            input_signature=[signature, uniforms, tf.TensorSpec([], tf.int32)],
            autograph=False,
        )
    return graphs[key]


def spec_of(tensor: tf.Tensor) -> tf.TensorSpec:
    """Any tensor of the same rank whose states are as wide."""
    return tf.TensorSpec([None, None, *tensor.shape[2:]][: len(tensor.shape)], tensor.dtype)


def is_fixed(prompt: Prompt) -> bool:
    """Whether no shape may change: in a graph of the user's that knows the prompts' shape."""
    return not tf.executing_eagerly() and prompt.tokens.shape.is_fully_defined()


def limit_in_graph(options: GenerationConfig, prompt: Prompt) -> Any:
    """The most columns of a text in a graph that serves prompts of any length."""
    if options.max_new_tokens is not None:
        return size_of(prompt.tokens, 1) + options.max_new_tokens
    return options.max_length


def uniforms_in_graph(shape: tuple[Any, ...], seed: Any) -> tf.Tensor:
    """Numbers in [0, 1): new ones each time the graph runs, or those of a seed."""
    if seed is None:
        return tf.random.uniform(shape)
    if all(isinstance(one, int) for one in shape):
        return tf.constant(draw_uniforms(shape, seed))
    pair = (list(seed) * 2)[:2] if isinstance(seed, list | tuple) else [seed, 0]
    return tf.random.stateless_uniform(shape, pair)
