"""Contrastive search: a probable token that is unlike what was there (Su et al. 2022).

Of the most probable tokens (R, C) each is read, and the likeness of its hidden state to those of
all earlier tokens is weighed against its probability; https://arxiv.org/abs/2202.06417.
"""

import math
from dataclasses import replace
from typing import Any, NamedTuple

import tensorflow as tf

from camembert_dual.common.errors import require
from camembert_dual.tf.generation.cache import (
    Answer,
    Call,
    appended,
    read_prompt,
    read_token,
    repeat_cache,
    repeat_prompt,
    rows_of,
    take,
    take_rows,
)
from camembert_dual.tf.generation.loop import Found, repeat
from camembert_dual.tf.generation.sampling import (
    Sequences,
    extend_sequences,
    start_sequences,
)


class Contrast(NamedTuple):
    """Texts, what the model says of them, and the ``states`` (R, S, D) of all that it read."""

    sequences: Sequences
    answer: Answer
    states: tf.Tensor

    @property
    def length(self) -> Any:
        """Columns that are written."""
        return self.sequences.length

    @property
    def is_unfinished(self) -> tf.Tensor:
        """Which texts may grow (R)."""
        return self.sequences.is_unfinished


def search_contrastive(call: Call) -> Found:
    """Continue each prompt by tokens that are probable and unlike the earlier ones.

    Raises:
        ValueError: If no cache is kept.
    """
    rule = "Contrastive search must go with is_decoder=True and use_cache=True"
    require(call.plan.use_cache, rule, call.plan.use_cache)
    call = call._replace(plan=replace(call.plan, output_hidden_states=True))
    answer = read_prompt(call)
    states = answer.hidden_states[-1]
    if call.is_fixed:
        states = tf.pad(states, [[0, 0], [call.limit - call.start, 0], [0, 0]])
    contrast = Contrast(start_sequences(call, answer), answer, states)
    contrast = grow_contrast(call, contrast)
    contrast = repeat(call, contrast, lambda one: grow_contrast(call, one))
    return Found(contrast.sequences.tokens, contrast.length)


def grow_contrast(call: Call, contrast: Contrast) -> Contrast:
    """Read all candidates, and take the best of each text."""
    sequences, answer, count = contrast.sequences, contrast.answer, call.plan.top_k
    scores = call.process(answer.logits, sequences.tokens, sequences.length)
    if call.observer is not None:
        call.observer.saw(scores=scores, **answer.internals)
    probabilities, tokens = tf.math.top_k(tf.nn.softmax(scores, axis=-1), count)  # (R, C)
    many = call._replace(prompt=repeat_prompt(call.prompt, count))
    last = tf.cast(tf.reshape(tokens, [-1, 1]), sequences.tokens.dtype)
    read = read_token(many, last, repeat_cache(answer.cache, count))  # of R C rows
    width = read.hidden_states[-1].shape[-1]
    states = tf.reshape(read.hidden_states[-1], [-1, count, width])  # (R, C, D)
    likeness = most_alike(states, contrast.states, answer.cache.mask)
    best = (1 - call.plan.penalty_alpha) * probabilities - call.plan.penalty_alpha * likeness
    index = tf.argmax(best, axis=-1, output_type=tf.int32)[:, None]  # (R, 1)
    chosen = take(tokens, index)[:, 0]
    sequences = extend_sequences(call, sequences, scores, chosen)
    answer = take_answer(read, rows_of(index, count))
    states = appended(call, contrast.states, take(states, index))
    return Contrast(sequences._replace(cache=answer.cache), answer, states)


def most_alike(states: tf.Tensor, earlier: tf.Tensor, mask: tf.Tensor) -> tf.Tensor:
    """The highest cosine (R, C) of states (R, C, D) with earlier ones (R, S, D) that are seen."""
    cosines = tf.matmul(unit(states), unit(earlier), transpose_b=True)  # (R, C, S)
    return tf.reduce_max(tf.where(mask[:, None], cosines, -math.inf), axis=-1)


def unit(states: tf.Tensor) -> tf.Tensor:
    """States (..., D) of length one."""
    return states / tf.norm(states, axis=-1, keepdims=True)


def take_answer(answer: Answer, rows: tf.Tensor) -> Answer:
    """What the model says of some rows."""
    return Answer(
        tf.gather(answer.logits, rows),
        take_rows(answer.cache, rows),
        tuple(tf.gather(one, rows) for one in answer.attentions),
        tuple(tf.gather(one, rows) for one in answer.hidden_states),
    )
