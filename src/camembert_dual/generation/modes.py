"""From options to the way of searching that they ask for."""

from __future__ import annotations

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
