"""What each option of generation must be, and which ones go together: a row for each rule."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from camembert_dual.common.errors import is_integer, is_number, require

INFINITE = float("inf")


class Rule(NamedTuple):
    """What some options must be.

    Attributes:
        text: The rule in words.
        holds: Whether a value fits.
        names: The options; each may also be None if that is its default.
    """

    text: str
    holds: Callable[[Any], bool]
    names: tuple[str, ...]


class Relation(NamedTuple):
    """What options must be together.

    Attributes:
        text: The rule in words.
        holds: Whether the options fit.
        name: The one that is shown where they do not.
    """

    text: str
    holds: Callable[[Any], bool]
    name: str


def is_id(value: Any) -> bool:
    """Whether a value can be a token's number."""
    return is_integer(value, 0)


def is_ids(value: Any) -> bool:
    """Whether a value is a list of tokens."""
    return _is_list(value) and all(is_id(one) for one in value)


def _is_list(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str)


def is_words(value: Any) -> bool:
    """Whether a value is a list of lists of tokens, none of them empty."""
    return _is_list(value) and len(value) > 0 and all(is_ids(one) and one for one in value)


def _is_forced(value: Any) -> bool:
    alternatives = _is_list(value) and len(value) > 0
    return alternatives and all(is_words(one) or (is_ids(one) and one) for one in value)


def _is_pairs(value: Any) -> bool:
    return _is_list(value) and all(is_ids(one) and len(one) == 2 for one in value)


def is_bias(value: Any) -> bool:
    """Whether a value gives a number for each of some lists of tokens."""
    if not isinstance(value, Mapping):
        return False
    words = all(is_ids(one) and one for one in value)
    return words and all(is_number(one) for one in value.values())


def _is_share(value: Any) -> bool:
    return is_number(value) and 0 <= value <= 1


def _is_positive(value: Any) -> bool:
    return is_number(value) and 0 < value < INFINITE


def _is_decay(value: Any) -> bool:
    pair = _is_list(value) and len(value) == 2
    return pair and is_integer(value[0]) and is_number(value[1])


RULES = (
    Rule(
        "an integer of at least 1",
        lambda value: is_integer(value, 1),
        ("max_new_tokens", "num_beams", "num_beam_groups", "num_return_sequences"),
    ),
    Rule(
        "an integer of at least 0",
        lambda value: is_integer(value, 0),
        (
            "max_length",
            "min_length",
            "min_new_tokens",
            "top_k",
            "no_repeat_ngram_size",
            "encoder_no_repeat_ngram_size",
        ),
    ),
    Rule(
        "True or False",
        lambda value: isinstance(value, bool),
        (
            "do_sample",
            "use_cache",
            "low_memory",
            "renormalize_logits",
            "remove_invalid_values",
            "output_attentions",
            "output_hidden_states",
            "output_scores",
            "return_dict_in_generate",
        ),
    ),
    Rule(
        "True, False or 'never'",
        lambda value: isinstance(value, bool) or value == "never",
        ("early_stopping",),
    ),
    Rule(
        "a positive number",
        _is_positive,
        ("max_time", "repetition_penalty", "encoder_repetition_penalty"),
    ),
    Rule(
        "a number of at least 0",
        lambda value: is_number(value) and 0 <= value < INFINITE,
        ("temperature", "diversity_penalty"),
    ),
    Rule(
        "a number",
        lambda value: is_number(value) and abs(value) < INFINITE,
        ("length_penalty", "guidance_scale"),
    ),
    Rule(
        "a number in [0, 1]",
        _is_share,
        ("top_p", "typical_p", "epsilon_cutoff", "eta_cutoff", "penalty_alpha"),
    ),
    Rule("an id of a token", is_id, ("pad_token_id", "bos_token_id", "forced_bos_token_id")),
    Rule(
        "an id of a token, or a list of some",
        lambda value: is_id(value) or is_ids(value),
        ("forced_eos_token_id", "decoder_start_token_id"),
    ),
    Rule(
        "an id of a token, or a list of some (below 0 for none)",
        lambda value: is_integer(value) or (_is_list(value) and all(map(is_integer, value))),
        ("eos_token_id",),
    ),
    Rule("a list of ids", is_ids, ("suppress_tokens", "begin_suppress_tokens")),
    Rule("a list of lists of ids, none of them empty", is_words, ("bad_words_ids",)),
    Rule(
        "a list of lists of ids, or of lists of such lists, none of them empty",
        _is_forced,
        ("force_words_ids",),
    ),
    Rule("a list of pairs of a step and an id", _is_pairs, ("forced_decoder_ids",)),
    Rule("a dict of tuples of ids to numbers", is_bias, ("sequence_bias",)),
    Rule("a step and a factor", _is_decay, ("exponential_decay_length_penalty",)),
)
MAY_BE_NONE = ("max_length", "min_length", "temperature", "top_k", "top_p", "typical_p")


def _groups(options: Any) -> bool:
    return bool(options.diversity_penalty != 0 or options.num_beam_groups != 1)


def _returns_what_it_keeps(options: Any) -> bool:
    if options.num_beams > 1:
        return bool(options.num_return_sequences <= options.num_beams)
    return bool(options.num_return_sequences == 1 or options.do_sample)


def _is_constrained(options: Any) -> bool:
    return options.constraints is not None or options.force_words_ids is not None


# without these a search could not be what the options say
REQUIRED = (
    Relation(
        "must be positive with do_sample=True",
        lambda one: not one.do_sample or one.temperature is None or one.temperature > 0,
        "temperature",
    ),
    Relation(
        "must be at most num_beams, and 1 without do_sample and beams",
        _returns_what_it_keeps,
        "num_return_sequences",
    ),
    Relation(
        "must divide num_beams",
        lambda one: one.num_beams == 1 or one.num_beams % one.num_beam_groups == 0,
        "num_beam_groups",
    ),
    Relation(
        "must be False with num_beam_groups or diversity_penalty",
        lambda one: one.num_beams == 1 or not (_groups(one) and one.do_sample),
        "do_sample",
    ),
    Relation(
        "must be above 0 with num_beam_groups, or all groups find the same",
        lambda one: one.num_beams == 1 or not _groups(one) or one.diversity_penalty > 0,
        "diversity_penalty",
    ),
    Relation(
        "must be above 1 with diversity_penalty",
        lambda one: one.num_beams == 1 or one.diversity_penalty == 0 or one.num_beam_groups > 1,
        "num_beam_groups",
    ),
    Relation(
        "must be above 1 with constraints or force_words_ids",
        lambda one: not _is_constrained(one) or one.num_beams > 1,
        "num_beams",
    ),
    Relation(
        "must be False with constraints or force_words_ids",
        lambda one: not _is_constrained(one) or not one.do_sample,
        "do_sample",
    ),
    Relation(
        "must be 1 with constraints or force_words_ids",
        lambda one: not _is_constrained(one) or one.num_beam_groups == 1,
        "num_beam_groups",
    ),
)

# options that do nothing in the search that the others ask for
SAMPLING = ("temperature", "top_p", "typical_p", "top_k", "epsilon_cutoff", "eta_cutoff")
BEAMS = ("early_stopping", "num_beam_groups", "diversity_penalty", "length_penalty")


def check_values(options: Any, defaults: Mapping[str, Any]) -> None:
    """Check each option, and those that depend on each other.

    Args:
        options: An object with the options as attributes.
        defaults: Option to what it is where nothing is said.

    Raises:
        ValueError: If an option breaks its rule.
    """
    for rule in RULES:
        for name in rule.names:
            value = getattr(options, name)
            is_absent = value is None and (defaults[name] is None or name in MAY_BE_NONE)
            require(is_absent or rule.holds(value), f"{name} must be {rule.text}", repr(value))
    for relation in REQUIRED:
        rule_text = f"{relation.name} {relation.text}"
        require(relation.holds(options), rule_text, repr(getattr(options, relation.name)))


def warn_of_idle(options: Any, defaults: Mapping[str, Any], stacklevel: int) -> None:
    """Warn of each option that does nothing, in one sentence.

    Args:
        options: An object with the options as attributes.
        defaults: Option to what it is where nothing is said.
        stacklevel: Whose line is shown, counted from here.
    """
    for names, active, needed in (
        (SAMPLING, options.do_sample, "do_sample=True"),
        (BEAMS, options.num_beams > 1, "num_beams above 1"),
    ):
        for name in names:
            value = getattr(options, name)
            used = active or (name == "top_k" and options.penalty_alpha is not None)
            if not used and value is not None and value != defaults[name]:
                sentence = f"{name} does nothing without {needed}; received {value!r}."
                warnings.warn(sentence, UserWarning, stacklevel=stacklevel)
