"""Rules that change the scores of the next token, each as a function.

All take the scores (R, V) of R texts and V words, the texts' tokens (R, S), and how many columns
of these are written, ``length``; all give scores (R, V) and are named after the classes of
``transformers`` 4.34 whose arguments they take. What a rule forbids has the score -inf.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from camembert_dual.common.errors import require
from camembert_dual.generation.modes import as_ids, by_length

Length = int | tf.Tensor


def sequence_bias(
    scores: tf.Tensor,
    tokens: tf.Tensor,
    length: Length,
    sequence_bias: Mapping[tuple[int, ...], float],
) -> tf.Tensor:
    """Add a number to the score of the word that would complete a sequence of tokens.

    A sequence counts in texts that are at least as long as it is.
    """
    for size, sequences, biases in by_length(sequence_bias):
        words = tf.constant(sequences)  # (M, size)
        rule = f"The tokens of sequences must be below {scores.shape[1]} (vocab_size)"
        largest = max(map(max, sequences))
        require(largest < scores.shape[1], rule, largest)
        completes = tf.ones_like(words[:, 0], dtype=tf.bool)[None]  # (1, M)
        for place in range(size - 1):
            before = token_at(tokens, length - size + 1 + place)  # (R, 1)
            completes = completes & (before == words[:, place]) & (length >= size)  # (R, M)
        numbers = tf.constant(biases, dtype=scores.dtype)
        added = tf.broadcast_to(
            tf.where(completes, numbers, 0.0), [tf.shape(scores)[0], len(biases)]
        )
        scores = index_add(scores, words[:, -1], added)
    return scores


def no_bad_words(
    scores: tf.Tensor,
    tokens: tf.Tensor,
    length: Length,
    bad_words_ids: Sequence[Sequence[int]],
    eos_token_id: int | Sequence[int] | None,
) -> tf.Tensor:
    """Forbid the word that would complete a sequence, but never an end alone."""
    ends = as_ids(eos_token_id)
    bad = [tuple(word) for word in bad_words_ids if len(word) > 1 or word[0] not in ends]
    return sequence_bias(scores, tokens, length, dict.fromkeys(bad, -math.inf))


def hamming_diversity(
    scores: tf.Tensor,
    tokens: tf.Tensor,
    length: Length,
    diversity_penalty: float,
    num_beams: int,
    num_beam_groups: int,
    current_tokens: tf.Tensor,
    beam_group_idx: int,
) -> tf.Tensor:
    """Take a number from words for each beam of an earlier group that took them in this step.

    ``current_tokens`` (B num_beams) are what was taken; the scores (R, V) are those of the group's
    own beams (Vijayakumar et al. 2016, https://arxiv.org/abs/1610.02424, with Hamming's distance).
    """
    size = num_beams // num_beam_groups
    earlier = tf.reshape(current_tokens, [-1, num_beams])[:, : beam_group_idx * size]
    taken = count_tokens(earlier, tf.ones_like(earlier, dtype=tf.bool), scores.shape[1])
    return scores - diversity_penalty * tf.cast(tf.repeat(taken, size, axis=0), scores.dtype)


def encoder_repetition_penalty(
    scores: tf.Tensor,
    tokens: tf.Tensor,
    length: Length,
    penalty: float,
    encoder_input_ids: tf.Tensor,
) -> tf.Tensor:
    """Raise the scores of the prompt's words (B, T) by a penalty on all others."""
    is_there = tf.ones_like(encoder_input_ids, dtype=tf.bool)
    seen = count_tokens(encoder_input_ids, is_there, scores.shape[1]) > 0  # (B, V)
    times = tf.shape(scores)[0] // tf.shape(encoder_input_ids)[0]
    return penalised(scores, tf.repeat(seen, times, axis=0), 1 / penalty)


def repetition_penalty(
    scores: tf.Tensor, tokens: tf.Tensor, length: Length, penalty: float
) -> tf.Tensor:
    """Lower the scores of words that are there (Keskar et al. 2019, https://arxiv.org/abs/1909.05858)."""
    return penalised(
        scores, count_tokens(tokens, written(tokens, length), scores.shape[1]) > 0, penalty
    )


def no_repeat_ngram(
    scores: tf.Tensor, tokens: tf.Tensor, length: Length, ngram_size: int
) -> tf.Tensor:
    """Forbid words that would give so many tokens in a row a second time."""
    repeats = followers(tokens, written(tokens, length), tokens, length, ngram_size, scores)
    return tf.where(~repeats, scores, -math.inf)


def encoder_no_repeat_ngram(
    scores: tf.Tensor,
    tokens: tf.Tensor,
    length: Length,
    encoder_ngram_size: int,
    encoder_input_ids: tf.Tensor,
) -> tf.Tensor:
    """Forbid words that would give so many tokens in a row as they are in the prompt (B, T)."""
    prompts = tf.reshape(encoder_input_ids, [-1, tf.shape(encoder_input_ids)[-1]])
    prompts = tf.repeat(prompts, tf.shape(scores)[0] // tf.shape(prompts)[0], axis=0)  # (R, T)
    every = tf.ones_like(prompts, dtype=tf.bool) & (length >= encoder_ngram_size - 1)
    repeats = followers(prompts, every, tokens, length, encoder_ngram_size, scores)
    return tf.where(~repeats, scores, -math.inf)


def min_length(
    scores: tf.Tensor,
    tokens: tf.Tensor,
    length: Length,
    min_length: Length,
    eos_token_id: int | Sequence[int],
) -> tf.Tensor:
    """Forbid ends while the text and its prompt are shorter."""
    return forbidden(scores, eos_token_id, length < min_length)


def min_new_tokens_length(
    scores: tf.Tensor,
    tokens: tf.Tensor,
    length: Length,
    prompt_length_to_skip: int,
    min_new_tokens: int,
    eos_token_id: int | Sequence[int],
) -> tf.Tensor:
    """Forbid ends while the text without its prompt is shorter."""
    return forbidden(scores, eos_token_id, length - prompt_length_to_skip < min_new_tokens)


def prefix_constrained(
    scores: tf.Tensor,
    tokens: tf.Tensor,
    length: Length,
    prefix_allowed_tokens_fn: Callable[[int, tf.Tensor], Any],
    num_beams: int,
) -> tf.Tensor:
    """Allow the words alone that a function of the prompt's number and the text gives."""
    allowed = np.zeros(tuple(scores.shape), dtype=bool)
    for row, text in enumerate(tokens[:, :length]):
        allowed[row, list(map(int, prefix_allowed_tokens_fn(row // num_beams, text)))] = True
    return tf.where(tf.convert_to_tensor(allowed), scores, -math.inf)


def forced_bos_token(
    scores: tf.Tensor, tokens: tf.Tensor, length: Length, bos_token_id: int
) -> tf.Tensor:
    """Allow one word alone after the first token."""
    return forced(scores, bos_token_id, length == 1)


def forced_eos_token(
    scores: tf.Tensor,
    tokens: tf.Tensor,
    length: Length,
    max_length: Length,
    eos_token_id: int | Sequence[int],
) -> tf.Tensor:
    """Allow ends alone as the last token."""
    return forced(scores, eos_token_id, length == max_length - 1)


def inf_nan_remove(scores: tf.Tensor, tokens: tf.Tensor, length: Length) -> tf.Tensor:
    """Replace NaN by 0, and infinity by the largest number."""
    scores = tf.where(~tf.math.is_nan(scores), scores, 0.0)
    return tf.where(scores != math.inf, scores, scores.dtype.max)


def exponential_decay_length_penalty(
    scores: tf.Tensor,
    tokens: tf.Tensor,
    length: Length,
    exponential_decay_length_penalty: tuple[int, float],
    eos_token_id: int | Sequence[int],
    input_ids_seq_length: Length,
) -> tf.Tensor:
    """Raise the scores of ends by a factor for each token after so many new ones."""
    start, factor = exponential_decay_length_penalty
    steps = length - input_ids_seq_length - start
    growth = tf.constant(factor, dtype=scores.dtype) ** tf.cast(steps, scores.dtype) - 1
    raised = scores + tf.abs(scores) * growth
    grows = words_of(eos_token_id, scores) & (scores > -math.inf) & (steps > 0)
    return tf.where(grows, raised, scores)


def suppress_tokens(
    scores: tf.Tensor, tokens: tf.Tensor, length: Length, suppress_tokens: Sequence[int]
) -> tf.Tensor:
    """Forbid words."""
    return forbidden(scores, suppress_tokens, True)


def suppress_tokens_at_begin(
    scores: tf.Tensor,
    tokens: tf.Tensor,
    length: Length,
    begin_suppress_tokens: Sequence[int],
    begin_index: int,
) -> tf.Tensor:
    """Forbid words in one place."""
    return forbidden(scores, begin_suppress_tokens, length == begin_index)


def force_tokens(
    scores: tf.Tensor, tokens: tf.Tensor, length: Length, force_token_map: Sequence[tuple[int, int]]
) -> tf.Tensor:
    """Allow one word alone in each of some places."""
    for place, word in dict(force_token_map).items():
        scores = scores if word is None else forced(scores, word, length == place)
    return scores


def logit_normalization(scores: tf.Tensor, tokens: tf.Tensor, length: Length) -> tf.Tensor:
    """Make log-probabilities of scores."""
    return tf.nn.log_softmax(scores, axis=-1)


PROCESSORS: dict[str, Callable[..., tf.Tensor]] = {
    "SequenceBiasLogitsProcessor": sequence_bias,
    "HammingDiversityLogitsProcessor": hamming_diversity,
    "EncoderRepetitionPenaltyLogitsProcessor": encoder_repetition_penalty,
    "RepetitionPenaltyLogitsProcessor": repetition_penalty,
    "NoRepeatNGramLogitsProcessor": no_repeat_ngram,
    "EncoderNoRepeatNGramLogitsProcessor": encoder_no_repeat_ngram,
    "NoBadWordsLogitsProcessor": no_bad_words,
    "MinLengthLogitsProcessor": min_length,
    "MinNewTokensLengthLogitsProcessor": min_new_tokens_length,
    "PrefixConstrainedLogitsProcessor": prefix_constrained,
    "ForcedBOSTokenLogitsProcessor": forced_bos_token,
    "ForcedEOSTokenLogitsProcessor": forced_eos_token,
    "InfNanRemoveLogitsProcessor": inf_nan_remove,
    "ExponentialDecayLengthPenalty": exponential_decay_length_penalty,
    "SuppressTokensLogitsProcessor": suppress_tokens,
    "SuppressTokensAtBeginLogitsProcessor": suppress_tokens_at_begin,
    "ForceTokensLogitsProcessor": force_tokens,
    "LogitNormalization": logit_normalization,
}


def penalised(scores: tf.Tensor, words: tf.Tensor, penalty: float) -> tf.Tensor:
    """Lower the scores of some words (R, V): divided by the penalty, multiplied where negative."""
    return tf.where(words, tf.where(scores < 0, scores * penalty, scores / penalty), scores)


def forbidden(scores: tf.Tensor, ids: int | Sequence[int], applies: bool) -> tf.Tensor:
    """Forbid some words where the rule applies."""
    return tf.where(~(words_of(ids, scores) & applies), scores, -math.inf)


def forced(scores: tf.Tensor, ids: int | Sequence[int], applies: bool) -> tf.Tensor:
    """Allow some words alone where the rule applies, each with the score 0."""
    words = words_of(ids, scores)
    scores = tf.where(~(~words & applies), scores, -math.inf)
    return tf.where(~(words & applies), scores, 0.0)


def words_of(ids: int | Sequence[int], scores: tf.Tensor) -> tf.Tensor:
    """Which of the words are among the ids: (1, V)."""
    row = tf.constant(as_ids(ids), dtype=tf.int32, shape=[1, len(as_ids(ids))])
    return count_tokens(row, tf.ones_like(row, dtype=tf.bool), scores.shape[1]) > 0


def written(tokens: tf.Tensor, length: Length) -> tf.Tensor:
    """Which columns of the tokens (R, S) hold one: (R, S)."""
    return tf.broadcast_to(tf.range(tf.shape(tokens)[1]) < length, tf.shape(tokens))


def token_at(tokens: tf.Tensor, place: int) -> tf.Tensor:
    """The tokens (R, 1) of a column that may not be there; 0 if so."""
    is_place = tf.range(tf.shape(tokens)[1]) == place
    return tf.reduce_sum(tf.where(is_place, tokens, 0), axis=1, keepdims=True)


def followers(
    texts: tf.Tensor,
    counted: tf.Tensor,
    tokens: tf.Tensor,
    length: Length,
    size: int,
    scores: tf.Tensor,
) -> tf.Tensor:
    """Which words (R, V) follow the last ``size - 1`` tokens wherever these are in texts (R, S).

    ``counted`` (R, S) are the columns of the texts where a word may follow.
    """
    follows = counted[:, size - 1 :]  # (R, S - size + 1)
    for place in range(size - 1):
        same = texts[:, place : place + 1 - size] == token_at(tokens, length - size + 1 + place)
        follows = follows & same
    return count_tokens(texts[:, size - 1 :], follows, scores.shape[1]) > 0


def count_tokens(tokens: tf.Tensor, counted: tf.Tensor, words: int) -> tf.Tensor:
    """How often each word is in each row of tokens (R, S), where they are counted: (R, V)."""
    rows = tf.range(tf.shape(tokens)[0])[:, None] + tf.zeros_like(tokens)
    places = tf.stack([rows, tokens], axis=-1)  # (R, S, 2)
    return tf.scatter_nd(places, tf.cast(counted, tf.int32), [tf.shape(tokens)[0], words])


def index_add(scores: tf.Tensor, columns: tf.Tensor, added: tf.Tensor) -> tf.Tensor:
    """Add numbers (R, M) to M columns of the scores (R, V); a column may be named twice."""
    sums = tf.math.unsorted_segment_sum(tf.transpose(added), columns, scores.shape[1])  # (V, R)
    return scores + tf.transpose(sums)
