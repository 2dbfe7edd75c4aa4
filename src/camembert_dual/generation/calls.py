"""From the keywords of one call of ``generate`` to options, inputs and the room for a text."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

from camembert_dual.common.errors import require
from camembert_dual.config import CamembertConfig
from camembert_dual.generation.config import DEFAULTS, GenerationConfig

POSITIONAL = ("input_ids", "attention_mask", "encoder_hidden_states", "encoder_attention_mask")
NO_INPUTS = (
    "self",
    "labels",
    "return_dict",
    "training",
    "logits_to_keep",
)


class Users(NamedTuple):
    """Functions and objects of the user's that take part in a search; None where there is none.

    Attributes:
        logits_processor: Functions of ids and scores to scores.
        stopping_criteria: Functions of ids and scores that say whether to stop.
        prefix_allowed_tokens_fn: A function of a row's number and its ids to the ids that may come.
        assistant_model: A smaller model that guesses first.
        streamer: What is told of tokens as they come.
        logits_warper: Functions of ids and scores, applied before tokens are chosen.
        guide: A function of ids and scores that is applied before all rules.
        negative_prompt_ids: Tokens of the prompts that a guide leads away from.
        negative_prompt_attention_mask: Which of them are no padding.
    """

    logits_processor: Any = None
    stopping_criteria: Any = None
    prefix_allowed_tokens_fn: Any = None
    assistant_model: Any = None
    streamer: Any = None
    logits_warper: Any = None
    guide: Any = None
    negative_prompt_ids: Any = None
    negative_prompt_attention_mask: Any = None

    @property
    def are_absent(self) -> bool:
        """Whether nothing takes part."""
        parts = self[: self._fields.index("negative_prompt_ids")]
        return not any(one is not None and one != [] for one in parts)


def spread(inputs: Any, keywords: Mapping[str, Any]) -> tuple[Any, dict[str, Any]]:
    """Read a dict or a list of inputs that was given in the place of the first one.

    Args:
        inputs: Ids, or a structure of inputs.
        keywords: What the call says besides.

    Returns:
        The ids, if any, and all keywords.

    Raises:
        ValueError: If an input is given twice, or a list holds too many.
    """
    if isinstance(inputs, list | tuple):
        rule = f"A list of inputs must hold at most {len(POSITIONAL)}, {', '.join(POSITIONAL)}"
        require(len(inputs) <= len(POSITIONAL), rule, f"{len(inputs)}")
        inputs = dict(zip(POSITIONAL, inputs, strict=False))
    if not isinstance(inputs, Mapping):
        return inputs, dict(keywords)
    twice = [name for name in inputs if name in keywords]
    require(not twice, "An input must be given once", f"{', '.join(twice)} twice")
    return None, {**inputs, **keywords}


def own_options(current: GenerationConfig, config: CamembertConfig) -> GenerationConfig:
    """The options that a model generates with where a call says nothing.

    Those that nobody chose follow the model's config, when that was changed later.

    Args:
        current: The model's options.
        config: The model's configuration.
    """
    if not current.is_derived:
        return current
    derived = GenerationConfig.from_model_config(config)
    return current if derived == current else derived


def read_keywords(
    own: GenerationConfig,
    given: GenerationConfig | None,
    keywords: Mapping[str, Any],
    names: Collection[str],
) -> tuple[GenerationConfig, dict[str, Any]]:
    """Sort the keywords of a call into options and inputs of the model.

    Args:
        own: The model's options.
        given: Options that the call gives instead, or None.
        keywords: What the call says besides, which goes before both.
        names: The inputs that the model takes.

    Returns:
        The options, checked, and the inputs that are there.

    Raises:
        ValueError: If a keyword is neither, or an option breaks its rule.
    """
    rule = "generation_config must be a GenerationConfig"
    is_one = given is None or isinstance(given, GenerationConfig)
    require(is_one, rule, type(given).__name__)
    options = copy.deepcopy(own if given is None else given)
    inputs = options.update(**keywords)
    options.validate()
    inputs = {name: value for name, value in inputs.items() if value is not None}
    allowed = set(names) - set(NO_INPUTS) - set(DEFAULTS)
    unknown = [name for name in inputs if name not in allowed]
    rule = (
        "The keywords of generate must be options of GenerationConfig, seed, generator, or among "
        f"{', '.join(sorted(allowed))}"
    )
    require(not unknown, rule, ", ".join(unknown))
    return options, inputs


def warn_of_positions(inputs: dict[str, Any]) -> None:
    """Take positions out of the inputs of a call, with a warning: they are counted."""
    if inputs.pop("position_ids", None) is not None:
        text = "position_ids does nothing in generate: the positions of a text are counted."
        warnings.warn(text, UserWarning, stacklevel=4)


def check_past(past: Any, length: int | None) -> None:
    """Check that a cache, if there is one, has read fewer tokens than the prompts have.

    Args:
        past: A pair of states (R, H, S, K) for each layer, or nothing.
        length: Tokens of the prompts; None in a graph that takes any.

    Raises:
        ValueError: If nothing is left to read.
    """
    columns = past[0][0].shape[2] if past else None
    if columns is not None and length is not None:
        rule = f"past_key_values must have read fewer than the {length} tokens of input_ids"
        require(columns < length, rule, columns)


def limit_of(
    config: CamembertConfig,
    options: GenerationConfig,
    keywords: Mapping[str, Any],
    columns: int,
    longest: int | None,
) -> int:
    """The most columns that a text may have, its prompt included.

    Args:
        config: The model's configuration.
        options: The options.
        keywords: What the call says itself, to know which lengths somebody chose.
        columns: Tokens of the prompts, padding included.
        longest: Tokens of the longest prompt, padding not counted; None if not known.

    Raises:
        ValueError: If the texts would outgrow the table of positions.
    """
    chosen = keywords.get("max_length") is not None
    longest = columns if longest is None else longest
    room = max(config.max_sequence_length - longest, 1)
    if options.max_new_tokens is not None:
        if chosen:
            _warn("max_new_tokens goes before max_length.")
        limit = columns + options.max_new_tokens
    else:
        limit = columns + room if options.max_length is None else options.max_length
        if not chosen and limit == DEFAULTS["max_length"]:
            _warn(f"max_length has its default, {limit}; set max_new_tokens to choose.")
    if columns >= limit:
        _warn(f"The prompt has {columns} tokens and max_length is {limit}: one token is added.")
        limit = columns + 1
    _warn_of_minimum(options, columns, limit)
    check_room(config, longest, limit - columns)
    return limit


def _warn_of_minimum(options: GenerationConfig, columns: int, limit: int) -> None:
    """Warn of a least length beyond the greatest."""
    for name, length in (
        ("min_length", options.min_length or 0),
        ("min_new_tokens", columns + (options.min_new_tokens or 0)),
    ):
        if length > limit:
            _warn(f"{name} asks for {length} tokens, but a text ends at {limit}.")


def _warn(text: str) -> None:
    warnings.warn(text, UserWarning, stacklevel=5)


def check_room(config: CamembertConfig, longest: int, max_new_tokens: int) -> None:
    """Check that the longest prompt and what it gets fit into the position table.

    Args:
        config: The model's configuration.
        longest: Tokens of the longest prompt, padding not counted.
        max_new_tokens: Tokens to add.

    Raises:
        ValueError: If they do not.
    """
    limit = config.max_sequence_length
    rule = (
        f"A prompt and max_new_tokens must have at most {limit} tokens together "
        "(max_position_embeddings - pad_token_id - 1)"
    )
    total = longest + max_new_tokens
    require(total <= limit, rule, f"{longest} + {max_new_tokens} = {total}")
