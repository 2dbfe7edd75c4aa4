"""The ways to search as methods of a model: ``greedy_search`` and the others of 4.34, as rows.

A method takes rules on scores and criteria as objects. Of the model's own options it takes the ids
that fill and end a text, and what is returned.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from camembert_dual.common.errors import require
from camembert_dual.generation.calls import Users
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
)

IDS = ("pad_token_id", "eos_token_id")
KEPT = ("output_attentions", "output_hidden_states", "output_scores", "return_dict_in_generate")
ROWS = (  # inputs that have a row for each beam
    *("attention_mask", "token_type_ids", "encoder_hidden_states", "encoder_attention_mask"),
    "inputs_embeds",
)
# what each method takes after ``input_ids``, in the order of its places
_RULES = ("logits_processor", "stopping_criteria")
_ENDS = ("max_length", *IDS, *KEPT, "synced_gpus")
PARAMETERS = {
    "pt": {
        GREEDY: (*_RULES, *_ENDS, "streamer"),
        SAMPLE: (*_RULES, "logits_warper", *_ENDS, "streamer"),
        BEAM: ("beam_scorer", *_RULES, *_ENDS),
        BEAM_SAMPLE: ("beam_scorer", *_RULES, "logits_warper", *_ENDS),
        GROUP_BEAM: ("beam_scorer", *_RULES, *_ENDS),
        CONSTRAINED_BEAM: ("constrained_beam_scorer", *_RULES, *_ENDS),
        CONTRASTIVE: (
            *("top_k", "penalty_alpha", "logits_processor", "logits_warper", "stopping_criteria"),
            *(*_ENDS[1:], "streamer", "sequential"),
        ),
        ASSISTED: (
            *("assistant_model", "do_sample", "logits_processor", "logits_warper"),
            *("stopping_criteria", *_ENDS[1:], "streamer"),
        ),
    },
    "tf": {
        GREEDY: ("max_length", *IDS, "logits_processor", *KEPT),
        SAMPLE: ("logits_processor", "logits_warper", "max_length", *IDS, "seed", *KEPT),
        BEAM: (
            *("do_sample", "max_length", *IDS, "length_penalty", "early_stopping"),
            *("logits_processor", "logits_warper", "num_return_sequences", *KEPT),
        ),
        CONTRASTIVE: (
            *("top_k", "penalty_alpha", "logits_processor", "logits_warper", "max_length"),
            *(*IDS, *KEPT),
        ),
    },
}
Search = Callable[[Any, Any, GenerationConfig, Users, dict[str, Any]], Any]


class Reading(NamedTuple):
    """A call of a method, as ``generate`` takes it."""

    inputs: Any
    options: GenerationConfig
    users: Users
    keywords: dict[str, Any]


def search_method(mode: str, backend: str, search: Search) -> Callable[..., Any]:
    """Make the method of a way to search.

    Args:
        mode: A word of :mod:`camembert_dual.generation.modes`.
        backend: A key of :data:`PARAMETERS`.
        search: What ``generate`` of the tree runs.
    """
    names = PARAMETERS[backend][mode]

    def method(self: Any, input_ids: Any, *values: Any, **keywords: Any) -> Any:
        rule = f"{mode} must be given at most {len(names)} values after input_ids by place"
        require(len(values) <= len(names), rule, len(values))
        placed = dict(zip(names, values, strict=False))
        twice = ", ".join(name for name in placed if name in keywords)
        require(not twice, "A value must be given once", f"{twice} twice")
        return search(self, *reading(self, mode, input_ids, {**placed, **keywords}))

    method.__name__ = mode
    method.__doc__ = f"""Continue texts by the method of this name of ``transformers`` 4.34.

    See ``generate``, which chooses the method by its options; what this takes besides the ids of
    the prompts is {", ".join(names)}, and inputs of the model.
    """
    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    first = [inspect.Parameter(name, kind) for name in ("self", "input_ids")]
    others = [inspect.Parameter(name, kind, default=None) for name in names]
    last = inspect.Parameter("model_kwargs", inspect.Parameter.VAR_KEYWORD)
    vars(method)["__signature__"] = inspect.Signature([*first, *others, last])
    return method


def reading(model: Any, mode: str, input_ids: Any, given: Mapping[str, Any]) -> Reading:
    """Read a call of a method.

    Args:
        model: The model.
        mode: How to search.
        input_ids: Prompts (R, T), one for each beam; in TensorFlow (B, W, T) of beams.
        given: What else the call says.

    Raises:
        ValueError: If several processes are to search together, or an option breaks its rule.
    """
    keywords = {name: value for name, value in given.items() if value is not None}
    require(not keywords.pop("synced_gpus", False), "synced_gpus must be False or None", True)
    scorer = keywords.pop("beam_scorer", None) or keywords.pop("constrained_beam_scorer", None)
    processors = list(keywords.pop("logits_processor", ()))
    criteria = list(keywords.pop("stopping_criteria", ()))
    warpers = list(keywords.pop("logits_warper", ()))
    options = options_of(model.generation_config, mode, keywords)
    if scorer is None:
        input_ids, keywords, options.num_beams = beams_in_axis(input_ids, keywords)
    else:
        for name, value in of_scorer(scorer, processors).items():
            setattr(options, name, value)
        processors = [one for one in processors if not is_diversity(one)]
        input_ids = input_ids[:: scorer.num_beams]
        keywords |= {name: keywords[name][:: scorer.num_beams] for name in ROWS if name in keywords}
    if "max_length" not in keywords:
        options.max_length = min(lengths_of(criteria), default=None)
        keywords |= {} if options.max_length is None else {"max_length": options.max_length}
    helpers = {name: keywords.pop(name, None) for name in ("assistant_model", "streamer")}
    users = Users(processors, criteria, logits_warper=warpers, **helpers)
    return Reading(input_ids, options, users, keywords)


def options_of(own: GenerationConfig, mode: str, keywords: dict[str, Any]) -> GenerationConfig:
    """The options of a method: the ids and what is returned of the model's, nothing else."""
    chosen = {name: keywords.pop(name, getattr(own, name)) for name in (*IDS, *KEPT)}
    asked = ("penalty_alpha", "top_k", "length_penalty", "early_stopping", "num_return_sequences")
    options = GenerationConfig(**chosen)
    options.top_k = None
    options.do_sample = keywords.pop("do_sample", mode in (SAMPLE, BEAM_SAMPLE))
    options.low_memory = keywords.pop("sequential", None)
    for name in asked:
        setattr(options, name, keywords.pop(name, getattr(options, name)))
    return options


def of_scorer(scorer: Any, processors: Sequence[Any]) -> dict[str, Any]:
    """The options that an object says, and the diversity that is among the rules."""
    groups = [one for one in processors if is_diversity(one)]
    return {
        "num_beams": scorer.num_beams,
        "num_beam_groups": scorer.num_beam_groups,
        "num_return_sequences": scorer.num_beam_hyps_to_keep,
        "length_penalty": scorer.length_penalty,
        "early_stopping": scorer.do_early_stopping,
        "constraints": scorer.constraints,
        "diversity_penalty": groups[0].diversity_penalty if groups else 0.0,
    }


def is_diversity(rule: Any) -> bool:
    """Whether a rule keeps groups of beams different, which the search does itself."""
    return getattr(getattr(rule, "row", None), "name", "") == "HammingDiversityLogitsProcessor"


def beams_in_axis(ids: Any, keywords: dict[str, Any]) -> tuple[Any, dict[str, Any], int]:
    """The first of the beams that ids (B, W, T) have in an axis of their own, and their number."""
    if len(ids.shape) == 2:
        return ids, keywords, 1
    firsts = {name: keywords[name][:, 0] for name in ROWS if name in keywords}
    return ids[:, 0], {**keywords, **firsts}, ids.shape[1]


def lengths_of(criteria: Sequence[Any]) -> list[int]:
    """The longest texts that criteria allow."""
    return [one.max_length for one in criteria if hasattr(one, "max_length")]
