"""The rules of a search, applied in their order."""

from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from camembert_dual.generation.config import GenerationConfig
from camembert_dual.generation.modes import Known, Processor
from camembert_dual.generation.published import STEP, LogitsProcessorList
from camembert_dual.tf.generation.processors import PROCESSORS, Length
from camembert_dual.tf.generation.stopping import CRITERIA, all_or_none, now
from camembert_dual.tf.generation.warpers import WARPERS

FUNCTIONS = {**PROCESSORS, **WARPERS}


def known_of(prompt: tf.Tensor, max_length: Length, options: GenerationConfig) -> Known:
    """What a search of prompts (B, T) knows when it begins."""
    length = tf.shape(prompt)[1]
    begin = None if options.max_time is None else now()
    return Known(prompt, length, tf.maximum(length, 2), max_length, begin)


def process(
    rules: Sequence[Any], scores: tf.Tensor, tokens: tf.Tensor, length: Length, **step: Any
) -> tf.Tensor:
    """Change scores by rules, one after the other.

    Args:
        rules: Each a row, an object that has one, or a callable of ids and scores.
        scores: (R, V).
        tokens: The texts (R, S).
        length: How many of the columns are written.
        **step: ``current_tokens`` and ``beam_group_idx`` for groups of beams.
    """
    for one in rules:
        rule = getattr(one, "row", one)
        if isinstance(rule, Processor):
            function = FUNCTIONS[rule.name]
            asked = step if set(STEP) <= set(function.__annotations__) else {}
            scores = function(scores, tokens, length, **rule.arguments, **asked)
        else:
            scores = LogitsProcessorList([rule])(tokens[:, :length], scores, cur_len=length, **step)
    return scores


def ended(rules: Sequence[Any], tokens: tf.Tensor, length: Length, scores: Any) -> tf.Tensor:
    """Which of the texts (R, S) end by rules, each a row or a callable of ids and scores: (R,)."""
    ends = all_or_none(tokens, False)
    for rule in rules:
        if isinstance(rule, Processor):
            ends = ends | CRITERIA[rule.name](tokens, length, scores, **rule.arguments)
        else:
            ends = ends | rule(tokens[:, :length], scores)
    return ends
