"""Continue texts: the entry of ``generate``, and the way to search that a call asks for."""

import inspect
from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from torch import Tensor

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
from camembert_dual.pt.generation.assisted import search_assisted
from camembert_dual.pt.generation.beams import search_beams
from camembert_dual.pt.generation.cache import Call, Prompt, Rule
from camembert_dual.pt.generation.contrastive import search_contrastive
from camembert_dual.pt.generation.guidance import guided
from camembert_dual.pt.generation.loop import Found
from camembert_dual.pt.generation.prompts import longest_of, prompt_of
from camembert_dual.pt.generation.rules import ended, known_of, process
from camembert_dual.pt.generation.sampling import search_sequences
from camembert_dual.pt.layers import evaluation

SEARCHES: dict[str, Callable[[Call], Found]] = {
    GREEDY: search_sequences,
    SAMPLE: search_sequences,
    CONTRASTIVE: search_contrastive,
    BEAM: search_beams,
    BEAM_SAMPLE: search_beams,
    GROUP_BEAM: search_beams,
    CONSTRAINED_BEAM: search_beams,
}


def generate(
    model: Any, inputs: Any, given: GenerationConfig | None, users: Users, keywords: dict[str, Any]
) -> Any:
    """Continue prompts; see :meth:`CamembertForCausalLM.generate`."""
    inputs, keywords = spread(inputs, keywords)
    seed, generator = (keywords.pop(name, None) for name in ("seed", "generator"))
    model.generation_config = own_options(model.generation_config, model.config)
    options, named = read_keywords(model.generation_config, given, keywords, names_of(model))
    users = guided(model, options, users)
    warn_of_positions(named)
    plan = plan_of(model.config, options, users.assistant_model is not None)
    prompt = prompt_of(model, inputs, named, options.bos_token_id, plan)
    rows, columns = prompt.tokens.shape
    limit = limit_of(model.config, options, keywords, columns, longest_of(prompt))
    uniforms = uniforms_of(plan, limit - columns, rows, seed, generator).to(model.device)
    observer = Observer(options, users.streamer)
    observer.chose(prompt.tokens)
    rules = rules_of(plan, prompt, limit, users)
    call = Call(model, plan, prompt, limit, uniforms, *rules, observer)
    with torch.no_grad(), evaluation():
        found = search(call, users.assistant_model)
    return output_of(options, plan, found, observer)


def as_method(mode: str) -> Callable[..., Any]:
    """The method of a model that searches in one way."""
    return search_method(mode, "pt", generate)


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

    def stops(scores: Tensor, tokens: Tensor, length: Any) -> Tensor:
        return ended(criteria, tokens, length, scores)

    return partial(process, rows), partial(process, warpers), stops


def names_of(model: Any) -> set[str]:
    """The inputs that a model takes, by its own forward and how it prepares for it."""
    functions = (model.forward, model.prepare_inputs_for_generation)
    return {name for one in functions for name in inspect.signature(one).parameters}


def seed_of(plan: Plan, seed: Any, generator: Any) -> Any:
    """The seed of the draws: the caller's, or one that the framework's generator draws.

    Raises:
        ValueError: If the generator is not one of this framework.
    """
    check_draws(seed, generator)
    if seed is not None or not plan.do_sample:
        return seed or 0
    fits = generator is None or isinstance(generator, torch.Generator)
    require(fits, "generator must be a torch.Generator", type(generator).__name__)
    device = None if generator is None else generator.device
    return int(torch.randint(SEEDS, (), generator=generator, device=device))


def uniforms_of(plan: Plan, steps: Any, rows: Any, seed: Any, generator: Any) -> Tensor:
    """The numbers that a search draws with."""
    shape = shape_of_draws(plan, steps, rows)
    return torch.tensor(draw_uniforms(shape, seed_of(plan, seed, generator)))


def search(call: Call, assistant: Any = None) -> Found:
    """Search in the way that the plan says."""
    if call.plan.mode == ASSISTED:
        return search_assisted(call, assistant)
    require(call.plan.mode in SEARCHES, "A search must be one that is known", call.plan.mode)
    return SEARCHES[call.plan.mode](call)


def output_of(options: GenerationConfig, plan: Plan, found: Found, observer: Observer) -> Any:
    """What ``generate`` returns: the texts (R, L), or an output object."""
    kept = observer.finished()
    texts, rows = found.tokens[:, : found.length], found.rows
    if not options.return_dict_in_generate:
        return texts
    beams = {}
    if rows is not None and options.output_scores:
        beams = {"sequences_scores": found.scores, "beam_indices": rows[:, : found.length]}
    return OUTPUTS[plan.mode](sequences=texts, **kept, **beams)
