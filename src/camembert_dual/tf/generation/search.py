"""Continue texts: the entry of ``generate``, and the way to search that a call asks for."""

import inspect
from collections.abc import Callable
from functools import partial
from typing import Any

import keras
import tensorflow as tf

from camembert_dual.common.errors import require
from camembert_dual.generation.calls import (
    Users,
    limit_of,
    own_options,
    read_keywords,
    spread,
    warn_of_positions,
)
from camembert_dual.generation.config import GenerationConfig
from camembert_dual.generation.modes import (
    ASSISTED,
    BEAM,
    BEAM_SAMPLE,
    CONSTRAINED_BEAM,
    CONTRASTIVE,
    GREEDY,
    GROUP_BEAM,
    SAMPLE,
    criteria_of,
    processors_of,
    warpers_of,
)
from camembert_dual.generation.observer import Observer
from camembert_dual.generation.outputs import OUTPUTS
from camembert_dual.generation.plan import Plan, plan_of
from camembert_dual.generation.search_methods import search_method
from camembert_dual.generation.uniforms import (
    SEEDS,
    check_draws,
    draw_uniforms,
    shape_of_draws,
)
from camembert_dual.tf.generation.assisted import search_assisted
from camembert_dual.tf.generation.beams import search_beams
from camembert_dual.tf.generation.cache import Call, Prompt, Rule
from camembert_dual.tf.generation.contrastive import search_contrastive
from camembert_dual.tf.generation.graphs import (
    compiled,
    is_fixed,
    limit_in_graph,
    uniforms_in_graph,
)
from camembert_dual.tf.generation.guidance import guided
from camembert_dual.tf.generation.loop import Found
from camembert_dual.tf.generation.prompts import longest_of, prompt_of
from camembert_dual.tf.generation.rules import ended, known_of, process
from camembert_dual.tf.generation.sampling import search_sequences
from camembert_dual.tf.layers import size_of

SEARCHES: dict[str, Callable[[Call], Found]] = {
    GREEDY: search_sequences,
    SAMPLE: search_sequences,
    CONTRASTIVE: search_contrastive,
    BEAM: search_beams,
    BEAM_SAMPLE: search_beams,
    GROUP_BEAM: search_beams,
    CONSTRAINED_BEAM: search_beams,
}


@tf.autograph.experimental.do_not_convert
def generate(
    model: Any, inputs: Any, given: GenerationConfig | None, users: Users, keywords: dict[str, Any]
) -> Any:
    """Continue prompts; see :meth:`TFCamembertForCausalLM.generate`."""
    inputs, keywords = spread(inputs, keywords)
    seed, generator = (keywords.pop(name, None) for name in ("seed", "generator"))
    model.generation_config = own_options(model.generation_config, model.config)
    options, named = read_keywords(model.generation_config, given, keywords, names_of(model))
    users = guided(model, options, users)
    warn_of_positions(named)
    plan = plan_of(model.config, options, users.assistant_model is not None)
    prompt = prompt_of(model, inputs, named, options.bos_token_id, plan)
    dtype = prompt.tokens.dtype
    prompt = prompt._replace(tokens=tf.cast(prompt.tokens, tf.int32))
    rows, columns = size_of(prompt.tokens, 0), prompt.tokens.shape[1]
    if columns is None:
        limit = limit_in_graph(options, prompt)
    else:
        limit = limit_of(model.config, options, keywords, columns, longest_of(prompt))
    uniforms = uniforms_of(plan, limit - size_of(prompt.tokens, 1), rows, seed, generator)
    observer = Observer(options, users.streamer)
    observer.chose(prompt.tokens)
    is_plain = users.are_absent and not (observer.is_needed or options.max_time or prompt.past)
    if tf.executing_eagerly() and is_plain and plan.mode != CONSTRAINED_BEAM:
        run = compiled(model, plan, prompt, search_alone)
        found = run(prompt, uniforms, tf.constant(limit))
    else:
        is_graph = not tf.executing_eagerly()
        rule = "A graph must not be asked for scores, attentions, hidden states or a streamer"
        require(not (is_graph and observer.is_needed), rule, list(observer.kept))
        rule = "A graph must not be asked for constraints or force_words_ids"
        require(not (is_graph and plan.mode == CONSTRAINED_BEAM), rule, plan.mode)
        rules = rules_of(plan, prompt, limit, users)
        call = Call(model, plan, prompt, limit, uniforms, *rules, observer, is_fixed(prompt))
        found = search(call, users.assistant_model)
    found = found._replace(tokens=tf.cast(found.tokens, dtype))
    return output_of(options, plan, found, observer)


def as_method(mode: str) -> Callable[..., Any]:
    """The method of a model that searches in one way."""
    return search_method(mode, "tf", generate)


def rules_of(plan: Plan, prompt: Prompt, limit: Any, users: Users) -> tuple[Rule, Rule, Rule]:
    """The rules of a search, each a function of scores (R, V), tokens (R, L) and their columns.

    Returns:
        What changes the scores, what leaves those that are drawn from, and which texts (R) end.
    """
    known = known_of(prompt.tokens, limit, plan.rules)
    own, allowed = users.logits_processor or (), users.prefix_allowed_tokens_fn
    guides = () if users.guide is None else (users.guide,)
    rows = (*guides, *processors_of(plan.rules, known, allowed, own))
    last = users.logits_warper or ()
    warpers = warpers_of(plan.rules, last) if plan.do_sample else last
    criteria = criteria_of(plan.rules, known, users.stopping_criteria or ())

    def stops(scores: tf.Tensor, tokens: tf.Tensor, length: Any) -> tf.Tensor:
        return ended(criteria, tokens, length, scores)

    return partial(process, rows), partial(process, warpers), stops


def names_of(model: Any) -> set[str]:
    """The inputs that a model takes, by its own call and how it prepares for it."""
    functions = (model.call, model.prepare_inputs_for_generation)
    return {name for one in functions for name in inspect.signature(one).parameters}


def seed_of(plan: Plan, seed: Any, generator: Any) -> Any:
    """The seed of the draws: the caller's, or one that the framework's generator draws.

    Raises:
        ValueError: If the generator is not one of this framework.
    """
    check_draws(seed, generator)
    if seed is not None or not plan.do_sample:
        return seed or 0
    fits = generator is None or isinstance(generator, keras.random.SeedGenerator)
    require(fits, "generator must be a keras.random.SeedGenerator", type(generator).__name__)
    return int(keras.random.randint((), 0, SEEDS, seed=generator))


def uniforms_of(plan: Plan, steps: Any, rows: Any, seed: Any, generator: Any) -> tf.Tensor:
    """The numbers that a search draws with."""
    shape = shape_of_draws(plan, steps, rows)
    if tf.executing_eagerly():
        return tf.constant(draw_uniforms(shape, seed_of(plan, seed, generator)))
    return uniforms_in_graph(shape, seed)


def search(call: Call, assistant: Any = None) -> Found:
    """Search in the way that the plan says."""
    if call.plan.mode == ASSISTED:
        return search_assisted(call, assistant)
    require(call.plan.mode in SEARCHES, "A search must be one that is known", call.plan.mode)
    return SEARCHES[call.plan.mode](call)


def search_alone(model: Any, plan: Plan, prompt: Prompt, uniforms: tf.Tensor, limit: Any) -> Found:
    """Search without anything of the user's, as a graph can."""
    rules = rules_of(plan, prompt, limit, Users())
    return search(Call(model, plan, prompt, limit, uniforms, *rules, None))


def output_of(options: GenerationConfig, plan: Plan, found: Found, observer: Observer) -> Any:
    """What ``generate`` returns: the texts (R, L), or an output object."""
    kept = observer.finished()
    texts, rows = found.tokens, found.rows
    if tf.executing_eagerly():
        texts = texts[:, : found.length]
        rows = None if rows is None else rows[:, : found.length]
    if not options.return_dict_in_generate:
        return texts
    beams = {}
    if rows is not None and options.output_scores:
        beams = {"sequences_scores": found.scores, "beam_indices": rows}
    return OUTPUTS[plan.mode](sequences=texts, **kept, **beams)
