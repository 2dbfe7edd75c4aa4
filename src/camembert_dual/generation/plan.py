"""What a search does, as data that can be compared: one graph serves all calls of one plan."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from camembert_dual.common.errors import is_integer, require
from camembert_dual.config import CamembertConfig
from camembert_dual.generation.config import DEFAULTS, GenerationConfig
from camembert_dual.generation.modes import mode_of

UNRULED = (
    "max_length",
    "max_new_tokens",
    "num_return_sequences",
    "use_cache",
    "output_attentions",
    "output_hidden_states",
    "output_scores",
    "return_dict_in_generate",
    "pad_token_id",
    "bos_token_id",
)


@dataclass(frozen=True)
class Plan:
    """The options of a search, read for one model.

    Attributes:
        mode: How to search, a word of :mod:`camembert_dual.generation.modes`.
        ends: The ids that end a text.
        padding: The id that fills an ended text.
        do_sample: Whether tokens are drawn.
        num_beams: Texts searched for each row.
        num_groups: Groups of them that are kept different.
        num_returned: Texts returned for each row.
        length_penalty: Power of the length that divides a text's log-probability.
        early_stopping: When a row of ended texts is complete.
        diversity_penalty: Taken from tokens of earlier groups.
        penalty_alpha: Weight of the likeness to earlier tokens.
        top_k: Candidates of contrastive search.
        use_cache: Whether the model keeps what it has read.
        output_attentions: Whether the model is asked for attentions.
        output_hidden_states: Whether the model is asked for hidden states.
        rules: The options that change scores, without how long the texts may be.
    """

    mode: str
    ends: tuple[int, ...]
    padding: int
    rules: GenerationConfig
    do_sample: bool = False
    num_beams: int = 1
    num_groups: int = 1
    num_returned: int = 1
    length_penalty: float = 1.0
    early_stopping: bool | str = False
    diversity_penalty: float = 0.0
    penalty_alpha: float = 0.0
    top_k: int = 0
    use_cache: bool = True
    output_attentions: bool = False
    output_hidden_states: bool = False

    @property
    def group_width(self) -> int:
        """Beams of one group."""
        return self.num_beams // self.num_groups

    @property
    def draws_candidates(self) -> bool:
        """Whether several continuations of a row are drawn together."""
        return self.do_sample and self.num_beams > 1

    @property
    def num_candidates(self) -> int:
        """Continuations of a group that are looked at: enough that its beams do not all end."""
        return max(2, 1 + len(self.ends)) * self.group_width


def plan_of(config: CamembertConfig, options: GenerationConfig, is_assisted: bool = False) -> Plan:
    """Read the options of a call for a model.

    Args:
        config: The model's configuration.
        options: The options, checked.
        is_assisted: Whether a smaller model guesses first.

    Returns:
        The plan, with the ids that fill and end a text.

    Raises:
        ValueError: If an id is no word of the model, or a smaller model cannot help.
    """
    ends = tuple(one for one in as_ids(options.eos_token_id) if one >= 0)
    padding = config.pad_token_id if options.pad_token_id is None else options.pad_token_id
    for name, ids in (("eos_token_id", ends), ("pad_token_id", (padding,))):
        fits = all(is_integer(one, 0) and one < config.vocab_size for one in ids)
        rule = f"{name} must be in [0, {config.vocab_size}) (vocab_size)"
        require(fits, rule, list(ids))
    if not config.is_decoder:
        text = "The config should have is_decoder=True to generate, or attention is not causal."
        warnings.warn(text, UserWarning, stacklevel=4)
    return Plan(
        mode=mode_of(options, is_assisted),
        ends=ends,
        padding=padding,
        do_sample=options.do_sample,
        num_beams=options.num_beams,
        num_groups=options.num_beam_groups if options.num_beams > 1 else 1,
        num_returned=options.num_return_sequences,
        length_penalty=options.length_penalty,
        early_stopping=options.early_stopping,
        diversity_penalty=options.diversity_penalty,
        penalty_alpha=options.penalty_alpha or 0.0,
        top_k=min(options.top_k or 0, config.vocab_size),
        use_cache=options.use_cache and config.is_decoder,
        output_attentions=options.output_attentions,
        output_hidden_states=options.output_hidden_states,
        rules=_rules(options, ends),
    )


def _rules(options: GenerationConfig, ends: tuple[int, ...]) -> GenerationConfig:
    """The options, but what the rules on scores do not look at is as in any other call."""
    rules = copy.deepcopy(options)
    for name in UNRULED:
        setattr(rules, name, DEFAULTS[name])
    rules.eos_token_id = list(ends) or None
    return rules


def as_ids(ids: Any) -> tuple[int, ...]:
    """An id, several or None as a tuple."""
    if ids is None:
        return ()
    return tuple(int(one) for one in ids) if isinstance(ids, Sequence) else (int(ids),)
