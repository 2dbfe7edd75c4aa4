"""From options to the way of searching that they ask for, and to its rules in their order."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from camembert_dual.common.errors import require
from camembert_dual.generation.config import GenerationConfig

GREEDY = "greedy_search"
SAMPLE = "sample"
BEAM = "beam_search"
BEAM_SAMPLE = "beam_sample"
GROUP_BEAM = "group_beam_search"
CONSTRAINED_BEAM = "constrained_beam_search"
CONTRASTIVE = "contrastive_search"
ASSISTED = "assisted_decoding"


def mode_of(options: GenerationConfig, is_assisted: bool = False) -> str:
    """Tell how the options search.

    Args:
        options: The options, checked.
        is_assisted: Whether a smaller model guesses first.

    Returns:
        A word of this module.

    Raises:
        ValueError: If a model is to guess for beams or for contrastive search.
    """
    mode = _beam_mode(options) if options.num_beams > 1 else _single_mode(options)
    if not is_assisted:
        return mode
    rule = "assistant_model must go with greedy search or sampling"
    require(mode in (GREEDY, SAMPLE), rule, mode)
    return ASSISTED


def _beam_mode(options: GenerationConfig) -> str:
    if options.constraints is not None or options.force_words_ids is not None:
        return CONSTRAINED_BEAM
    if options.num_beam_groups > 1:
        return GROUP_BEAM
    return BEAM_SAMPLE if options.do_sample else BEAM


def _single_mode(options: GenerationConfig) -> str:
    if options.do_sample:
        return SAMPLE
    weighs = (options.penalty_alpha or 0) > 0 and (options.top_k or 0) > 1
    return CONTRASTIVE if weighs else GREEDY


class Processor(NamedTuple):
    """A rule on scores or on the end of the search, as data; the trees hold its function.

    Attributes:
        name: The class of ``transformers`` 4.34 that does the same, without ``TF``.
        arguments: What that class is made with, by name.
    """

    name: str
    arguments: Mapping[str, Any]


class Known(NamedTuple):
    """What a search knows when it begins; lengths are integers, or scalars of a graph.

    Attributes:
        prompt: Tokens of the prompts (B, T).
        length: Their number of columns, T.
        length_with_bos: The same, but 2 where a single token is followed by a forced first one.
        max_length: Most tokens of a text with its prompt.
        begin: The moment in seconds since 1970; None if nothing asks.
    """

    prompt: Any
    length: Any
    length_with_bos: Any
    max_length: Any
    begin: Any


def processors_of(
    options: GenerationConfig,
    known: Known,
    prefix_allowed_tokens_fn: Callable[..., Any] | None = None,
    users: Sequence[Any] = (),
) -> tuple[Any, ...]:
    """The rules on the scores of every search, in the order of ``transformers`` 4.34.

    Args:
        options: The options, checked, with ids.
        known: What the search knows.
        prefix_allowed_tokens_fn: What gives the words that may follow, or None.
        users: Callables of ids and scores.

    Returns:
        A :class:`Processor` for each rule, the callables before normalisation.

    Raises:
        ValueError: If a callable is a rule that the options ask for as well.
    """
    rows = (
        *_rows_on_repetition(options, known),
        *_rows_on_length(options, known),
        *_rows_on_places(options, known, prefix_allowed_tokens_fn),
    )
    made = tuple(Processor(name, arguments) for applies, name, arguments in rows if applies)
    asked = {row.name for row in made}
    for user in users:
        name = getattr(getattr(user, "row", None), "name", "")
        rule = "logits_processor must not hold what the options of generate ask for"
        require(name not in asked, rule, name)
    return (*made, *users, *_normalisation(options))


def warpers_of(options: GenerationConfig, users: Sequence[Any] = ()) -> tuple[Any, ...]:
    """The rules on the scores that are drawn from, in the order of ``transformers`` 4.34."""
    count = 2 if options.num_beams > 1 else 1
    kept = {"min_tokens_to_keep": count}
    top_p, typical_p = options.top_p, options.typical_p
    rows: tuple[_Row, ...] = (
        (
            options.temperature not in (None, 1.0),
            "TemperatureLogitsWarper",
            {"temperature": options.temperature},
        ),
        (bool(options.top_k), "TopKLogitsWarper", {"top_k": options.top_k, **kept}),
        (top_p is not None and top_p < 1, "TopPLogitsWarper", {"top_p": top_p, **kept}),
        (
            typical_p is not None and typical_p < 1,
            "TypicalLogitsWarper",
            {"mass": typical_p, **kept},
        ),
        (
            0 < (options.epsilon_cutoff or 0) < 1,
            "EpsilonLogitsWarper",
            {"epsilon": options.epsilon_cutoff, **kept},
        ),
        (
            0 < (options.eta_cutoff or 0) < 1,
            "EtaLogitsWarper",
            {"epsilon": options.eta_cutoff, **kept},
        ),
    )
    made = tuple(Processor(name, arguments) for applies, name, arguments in rows if applies)
    return (*made, *users, *_normalisation(options))


def criteria_of(
    options: GenerationConfig, known: Known, users: Sequence[Any] = ()
) -> tuple[Any, ...]:
    """The rules that end a search before its longest text is as long as it may be."""
    if options.max_time is None:
        return tuple(users)
    times = {"max_time": options.max_time, "initial_timestamp": known.begin}
    return (Processor("MaxTimeCriteria", times), *users)


_Row = tuple[bool, str, dict[str, Any]]  # whether it applies, its name and its arguments


def _rows_on_repetition(options: GenerationConfig, known: Known) -> Iterator[_Row]:
    yield (
        bool(options.sequence_bias),
        "SequenceBiasLogitsProcessor",
        {"sequence_bias": options.sequence_bias},
    )
    names = ("diversity_penalty", "num_beams", "num_beam_groups")
    groups = {name: getattr(options, name) for name in names}
    yield (options.diversity_penalty or 0) > 0, "HammingDiversityLogitsProcessor", groups
    penalty = options.encoder_repetition_penalty
    yield (
        penalty not in (None, 1.0),
        "EncoderRepetitionPenaltyLogitsProcessor",
        {"penalty": penalty, "encoder_input_ids": known.prompt},
    )
    penalty = options.repetition_penalty
    yield penalty not in (None, 1.0), "RepetitionPenaltyLogitsProcessor", {"penalty": penalty}
    size = options.no_repeat_ngram_size
    yield (size or 0) > 0, "NoRepeatNGramLogitsProcessor", {"ngram_size": size}
    size = options.encoder_no_repeat_ngram_size
    yield (
        (size or 0) > 0,
        "EncoderNoRepeatNGramLogitsProcessor",
        {"encoder_ngram_size": size, "encoder_input_ids": known.prompt},
    )
    yield (
        options.bad_words_ids is not None,
        "NoBadWordsLogitsProcessor",
        {"bad_words_ids": options.bad_words_ids, "eos_token_id": options.eos_token_id},
    )


def _rows_on_length(options: GenerationConfig, known: Known) -> Iterator[_Row]:
    has_ends = bool(as_ids(options.eos_token_id))
    ends = {"eos_token_id": options.eos_token_id}
    yield (
        has_ends and (options.min_length or 0) > 0,
        "MinLengthLogitsProcessor",
        {"min_length": options.min_length, **ends},
    )
    yield (
        has_ends and (options.min_new_tokens or 0) > 0,
        "MinNewTokensLengthLogitsProcessor",
        {
            "prompt_length_to_skip": known.length,
            "min_new_tokens": options.min_new_tokens,
            **ends,
        },
    )


def _rows_on_places(
    options: GenerationConfig, known: Known, prefix_allowed_tokens_fn: Callable[..., Any] | None
) -> Iterator[_Row]:
    width = options.num_beams // options.num_beam_groups
    yield (
        prefix_allowed_tokens_fn is not None,
        "PrefixConstrainedLogitsProcessor",
        {"prefix_allowed_tokens_fn": prefix_allowed_tokens_fn, "num_beams": width},
    )
    first, last = options.forced_bos_token_id, options.forced_eos_token_id
    yield first is not None, "ForcedBOSTokenLogitsProcessor", {"bos_token_id": first}
    yield (
        last is not None,
        "ForcedEOSTokenLogitsProcessor",
        {"max_length": known.max_length, "eos_token_id": last},
    )
    yield options.remove_invalid_values, "InfNanRemoveLogitsProcessor", {}
    decay = options.exponential_decay_length_penalty
    yield (
        decay is not None and bool(as_ids(options.eos_token_id)),
        "ExponentialDecayLengthPenalty",
        {
            "exponential_decay_length_penalty": decay,
            "eos_token_id": options.eos_token_id,
            "input_ids_seq_length": known.length,
        },
    )
    words = options.suppress_tokens
    yield words is not None, "SuppressTokensLogitsProcessor", {"suppress_tokens": words}
    words, forced = options.begin_suppress_tokens, options.forced_decoder_ids
    begin = known.length if first is None else known.length_with_bos
    yield (
        words is not None,
        "SuppressTokensAtBeginLogitsProcessor",
        {
            "begin_suppress_tokens": words,
            "begin_index": begin + forced[-1][0] if forced else begin,
        },
    )
    yield bool(forced), "ForceTokensLogitsProcessor", {"force_token_map": forced}


def _normalisation(options: GenerationConfig) -> tuple[Processor, ...]:
    return (Processor("LogitNormalization", {}),) if options.renormalize_logits else ()


def as_ids(ids: int | Sequence[int] | None) -> tuple[int, ...]:
    """An id, several or none, as several."""
    if ids is None:
        return ()
    return tuple(ids) if isinstance(ids, Sequence) else (ids,)


def by_length(
    sequences: Mapping[tuple[int, ...], float],
) -> list[tuple[int, list[tuple[int, ...]], list[float]]]:
    """Sort sequences with their numbers by length: the length, the sequences, the numbers."""
    sizes = sorted({len(sequence) for sequence in sequences})
    found = {size: [one for one in sequences if len(one) == size] for size in sizes}
    return [(size, some, [sequences[one] for one in some]) for size, some in found.items()]
