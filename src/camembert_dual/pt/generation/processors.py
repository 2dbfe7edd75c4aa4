"""Rules that change the scores of the next token, each as a function.

All take the scores (R, V) of R texts and V words, the texts' tokens (R, S), and how many columns
of these are written, ``length``; all give scores (R, V) and are named after the classes of
``transformers`` 4.34 whose arguments they take. What a rule forbids has the score -inf.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from camembert_dual.common.errors import require
from camembert_dual.generation.modes import as_ids, by_length


def sequence_bias(
    scores: Tensor, tokens: Tensor, length: int, sequence_bias: Mapping[tuple[int, ...], float]
) -> Tensor:
    """Add a number to the score of the word that would complete a sequence of tokens.

    A sequence counts in texts that are at least as long as it is.
    """
    for size, sequences, biases in by_length(sequence_bias):
        words = torch.tensor(sequences, device=scores.device)  # (M, size)
        rule = f"The tokens of sequences must be below {scores.shape[1]} (vocab_size)"
        largest = max(map(max, sequences))
        require(largest < scores.shape[1], rule, largest)
        completes = torch.ones_like(words[:, 0], dtype=torch.bool)[None]  # (1, M)
        for place in range(size - 1):
            before = token_at(tokens, length - size + 1 + place)  # (R, 1)
            completes = completes & (before == words[:, place]) & (length >= size)  # (R, M)
        numbers = torch.tensor(biases, dtype=scores.dtype, device=scores.device)
        added = torch.where(completes, numbers, 0.0).expand(scores.shape[0], len(biases))
        scores = scores.index_add(1, words[:, -1], added)
    return scores


def no_bad_words(
    scores: Tensor,
    tokens: Tensor,
    length: int,
    bad_words_ids: Sequence[Sequence[int]],
    eos_token_id: int | Sequence[int] | None,
) -> Tensor:
    """Forbid the word that would complete a sequence, but never an end alone."""
    ends = as_ids(eos_token_id)
    bad = [tuple(word) for word in bad_words_ids if len(word) > 1 or word[0] not in ends]
    return sequence_bias(scores, tokens, length, dict.fromkeys(bad, -math.inf))


def hamming_diversity(
    scores: Tensor,
    tokens: Tensor,
    length: int,
    diversity_penalty: float,
    num_beams: int,
    num_beam_groups: int,
    current_tokens: Tensor,
    beam_group_idx: int,
) -> Tensor:
    """Take a number from words for each beam of an earlier group that took them in this step.

    ``current_tokens`` (B num_beams) are what was taken; the scores (R, V) are those of the group's
    own beams (Vijayakumar et al. 2016, https://arxiv.org/abs/1610.02424, with Hamming's distance).
    """
    size = num_beams // num_beam_groups
    earlier = current_tokens.reshape(-1, num_beams)[:, : beam_group_idx * size]
    taken = count_tokens(earlier, torch.ones_like(earlier, dtype=torch.bool), scores.shape[1])
    return scores - diversity_penalty * taken.repeat_interleave(size, dim=0).to(scores.dtype)


def encoder_repetition_penalty(
    scores: Tensor, tokens: Tensor, length: int, penalty: float, encoder_input_ids: Tensor
) -> Tensor:
    """Raise the scores of the prompt's words (B, T) by a penalty on all others."""
    is_there = torch.ones_like(encoder_input_ids, dtype=torch.bool)
    seen = count_tokens(encoder_input_ids, is_there, scores.shape[1]) > 0  # (B, V)
    times = scores.shape[0] // encoder_input_ids.shape[0]
    return penalised(scores, seen.repeat_interleave(times, dim=0), 1 / penalty)


def repetition_penalty(scores: Tensor, tokens: Tensor, length: int, penalty: float) -> Tensor:
    """Lower the scores of words that are there (Keskar et al. 2019, https://arxiv.org/abs/1909.05858)."""
    return penalised(
        scores, count_tokens(tokens, written(tokens, length), scores.shape[1]) > 0, penalty
    )


def no_repeat_ngram(scores: Tensor, tokens: Tensor, length: int, ngram_size: int) -> Tensor:
    """Forbid words that would give so many tokens in a row a second time."""
    repeats = followers(tokens, written(tokens, length), tokens, length, ngram_size, scores)
    return torch.where(~repeats, scores, -math.inf)


def encoder_no_repeat_ngram(
    scores: Tensor,
    tokens: Tensor,
    length: int,
    encoder_ngram_size: int,
    encoder_input_ids: Tensor,
) -> Tensor:
    """Forbid words that would give so many tokens in a row as they are in the prompt (B, T)."""
    prompts = encoder_input_ids.reshape(-1, encoder_input_ids.shape[-1])
    prompts = prompts.repeat_interleave(scores.shape[0] // prompts.shape[0], dim=0)  # (R, T)
    every = torch.ones_like(prompts, dtype=torch.bool) & (length >= encoder_ngram_size - 1)
    repeats = followers(prompts, every, tokens, length, encoder_ngram_size, scores)
    return torch.where(~repeats, scores, -math.inf)


def min_length(
    scores: Tensor, tokens: Tensor, length: int, min_length: int, eos_token_id: int | Sequence[int]
) -> Tensor:
    """Forbid ends while the text and its prompt are shorter."""
    return forbidden(scores, eos_token_id, length < min_length)


def min_new_tokens_length(
    scores: Tensor,
    tokens: Tensor,
    length: int,
    prompt_length_to_skip: int,
    min_new_tokens: int,
    eos_token_id: int | Sequence[int],
) -> Tensor:
    """Forbid ends while the text without its prompt is shorter."""
    return forbidden(scores, eos_token_id, length - prompt_length_to_skip < min_new_tokens)


def prefix_constrained(
    scores: Tensor,
    tokens: Tensor,
    length: int,
    prefix_allowed_tokens_fn: Callable[[int, Tensor], Any],
    num_beams: int,
) -> Tensor:
    """Allow the words alone that a function of the prompt's number and the text gives."""
    allowed = np.zeros(tuple(scores.shape), dtype=bool)
    for row, text in enumerate(tokens[:, :length]):
        allowed[row, list(map(int, prefix_allowed_tokens_fn(row // num_beams, text)))] = True
    return torch.where(torch.as_tensor(allowed, device=scores.device), scores, -math.inf)


def forced_bos_token(scores: Tensor, tokens: Tensor, length: int, bos_token_id: int) -> Tensor:
    """Allow one word alone after the first token."""
    return forced(scores, bos_token_id, length == 1)


def forced_eos_token(
    scores: Tensor, tokens: Tensor, length: int, max_length: int, eos_token_id: int | Sequence[int]
) -> Tensor:
    """Allow ends alone as the last token."""
    return forced(scores, eos_token_id, length == max_length - 1)


def inf_nan_remove(scores: Tensor, tokens: Tensor, length: int) -> Tensor:
    """Replace NaN by 0, and infinity by the largest number."""
    scores = torch.where(~torch.isnan(scores), scores, 0.0)
    return torch.where(scores != math.inf, scores, torch.finfo(scores.dtype).max)


def exponential_decay_length_penalty(
    scores: Tensor,
    tokens: Tensor,
    length: int,
    exponential_decay_length_penalty: tuple[int, float],
    eos_token_id: int | Sequence[int],
    input_ids_seq_length: int,
) -> Tensor:
    """Raise the scores of ends by a factor for each token after so many new ones."""
    start, factor = exponential_decay_length_penalty
    steps = length - input_ids_seq_length - start
    growth = torch.tensor(factor, dtype=scores.dtype) ** steps - 1
    raised = scores + torch.abs(scores) * growth
    grows = words_of(eos_token_id, scores) & (scores > -math.inf) & (steps > 0)
    return torch.where(grows, raised, scores)


def suppress_tokens(
    scores: Tensor, tokens: Tensor, length: int, suppress_tokens: Sequence[int]
) -> Tensor:
    """Forbid words."""
    return forbidden(scores, suppress_tokens, True)


def suppress_tokens_at_begin(
    scores: Tensor,
    tokens: Tensor,
    length: int,
    begin_suppress_tokens: Sequence[int],
    begin_index: int,
) -> Tensor:
    """Forbid words in one place."""
    return forbidden(scores, begin_suppress_tokens, length == begin_index)


def force_tokens(
    scores: Tensor, tokens: Tensor, length: int, force_token_map: Sequence[tuple[int, int]]
) -> Tensor:
    """Allow one word alone in each of some places."""
    for place, word in dict(force_token_map).items():
        scores = scores if word is None else forced(scores, word, length == place)
    return scores


def logit_normalization(scores: Tensor, tokens: Tensor, length: int) -> Tensor:
    """Make log-probabilities of scores."""
    return torch.log_softmax(scores, dim=-1)


PROCESSORS: dict[str, Callable[..., Tensor]] = {
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


def penalised(scores: Tensor, words: Tensor, penalty: float) -> Tensor:
    """Lower the scores of some words (R, V): divided by the penalty, multiplied where negative."""
    return torch.where(words, torch.where(scores < 0, scores * penalty, scores / penalty), scores)


def forbidden(scores: Tensor, ids: int | Sequence[int], applies: bool) -> Tensor:
    """Forbid some words where the rule applies."""
    return torch.where(~(words_of(ids, scores) & applies), scores, -math.inf)


def forced(scores: Tensor, ids: int | Sequence[int], applies: bool) -> Tensor:
    """Allow some words alone where the rule applies, each with the score 0."""
    words = words_of(ids, scores)
    scores = torch.where(~(~words & applies), scores, -math.inf)
    return torch.where(~(words & applies), scores, 0.0)


def words_of(ids: int | Sequence[int], scores: Tensor) -> Tensor:
    """Which of the words are among the ids: (1, V)."""
    row = torch.tensor(as_ids(ids), dtype=torch.int64, device=scores.device)[None]
    return count_tokens(row, torch.ones_like(row, dtype=torch.bool), scores.shape[1]) > 0


def written(tokens: Tensor, length: int) -> Tensor:
    """Which columns of the tokens (R, S) hold one: (R, S)."""
    return (torch.arange(tokens.shape[1], device=tokens.device) < length).expand(tokens.shape)


def token_at(tokens: Tensor, place: int) -> Tensor:
    """The tokens (R, 1) of a column that may not be there; 0 if so."""
    is_place = torch.arange(tokens.shape[1], device=tokens.device) == place
    return torch.where(is_place, tokens, 0).sum(dim=1, keepdim=True)


def followers(
    texts: Tensor, counted: Tensor, tokens: Tensor, length: int, size: int, scores: Tensor
) -> Tensor:
    """Which words (R, V) follow the last ``size - 1`` tokens wherever these are in texts (R, S).

    ``counted`` (R, S) are the columns of the texts where a word may follow.
    """
    follows = counted[:, size - 1 :]  # (R, S - size + 1)
    for place in range(size - 1):
        same = texts[:, place : place + 1 - size] == token_at(tokens, length - size + 1 + place)
        follows = follows & same
    return count_tokens(texts[:, size - 1 :], follows, scores.shape[1]) > 0


def count_tokens(tokens: Tensor, counted: Tensor, words: int) -> Tensor:
    """How often each word is in each row of tokens (R, S), where they are counted: (R, V)."""
    counts = torch.zeros(tokens.shape[0], words, dtype=torch.int64, device=tokens.device)
    return counts.scatter_add(1, tokens.to(torch.int64), counted.to(torch.int64))
