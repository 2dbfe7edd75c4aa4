"""The rules of generation for one text at a time, in NumPy and plain Python, from their papers."""

import math

import numpy as np

LOWEST = -np.inf


def several(ids):
    return [] if ids is None else list(np.atleast_1d(ids))


def softmax(scores):
    powers = np.exp(scores - scores.max())
    return powers / powers.sum()


def only(scores, words):
    return np.where(np.isin(np.arange(len(scores)), words), 0.0, LOWEST)


def without(scores, words):
    return np.where(np.isin(np.arange(len(scores)), words), LOWEST, scores)


def sequence_bias(scores, text, row, sequence_bias):
    scores = scores.copy()
    for sequence, number in sequence_bias.items():
        *before, last = sequence
        ends = len(before) == 0 or text[-len(before) :] == before
        if ends and (len(sequence) == 1 or len(sequence) <= len(text)):
            scores[last] += number
    return scores


def no_bad_words(scores, text, row, bad_words_ids, eos_token_id):
    ends = several(eos_token_id)
    bad = {tuple(word): LOWEST for word in bad_words_ids if len(word) > 1 or word[0] not in ends}
    return sequence_bias(scores, text, row, bad)


def repetition(scores, text, row, penalty):
    scores = scores.copy()
    for word in set(text):
        scores[word] *= penalty if scores[word] < 0 else 1 / penalty
    return scores


def encoder_repetition(scores, text, row, penalty, encoder_input_ids):
    return repetition(scores, encoder_input_ids[row // 3].tolist(), row, 1 / penalty)


def windows(text, size):
    return [text[start : start + size] for start in range(len(text) - size + 1)]


def no_repeat(scores, text, row, ngram_size, source=None):
    last = text[len(text) - ngram_size + 1 :] if len(text) + 1 >= ngram_size else None
    source = text if source is None else source
    return without(scores, [one[-1] for one in windows(source, ngram_size) if one[:-1] == last])


def encoder_no_repeat(scores, text, row, encoder_ngram_size, encoder_input_ids):
    source = encoder_input_ids[row // 3].tolist()
    return no_repeat(scores, text, row, encoder_ngram_size, source)


def min_length(scores, text, row, min_length, eos_token_id):
    return without(scores, several(eos_token_id)) if len(text) < min_length else scores


def min_new_tokens(scores, text, row, prompt_length_to_skip, min_new_tokens, eos_token_id):
    return min_length(scores, text, row, prompt_length_to_skip + min_new_tokens, eos_token_id)


def prefix(scores, text, row, prefix_allowed_tokens_fn, num_beams):
    words = prefix_allowed_tokens_fn(row // num_beams, text)
    return np.where(np.isin(np.arange(len(scores)), words), scores, LOWEST)


def forced_bos(scores, text, row, bos_token_id):
    return only(scores, [bos_token_id]) if len(text) == 1 else scores


def forced_eos(scores, text, row, max_length, eos_token_id):
    return only(scores, several(eos_token_id)) if len(text) == max_length - 1 else scores


def inf_nan(scores, text, row):
    return np.nan_to_num(scores, nan=0.0, posinf=np.finfo(scores.dtype).max, neginf=LOWEST)


def decay(scores, text, row, exponential_decay_length_penalty, eos_token_id, input_ids_seq_length):
    start, factor = exponential_decay_length_penalty
    steps = len(text) - start - input_ids_seq_length
    scores = scores.copy()
    for word in several(eos_token_id) if steps > 0 else ():
        scores[word] += abs(scores[word]) * (factor**steps - 1)
    return scores


def suppress(scores, text, row, suppress_tokens):
    return without(scores, suppress_tokens)


def suppress_at_begin(scores, text, row, begin_suppress_tokens, begin_index):
    return without(scores, begin_suppress_tokens) if len(text) == begin_index else scores


def force(scores, text, row, force_token_map):
    words = [word for place, word in force_token_map if place == len(text)]
    return only(scores, words) if words else scores


def normalise(scores, text, row):
    return scores - scores.max() - math.log(np.exp(scores - scores.max()).sum())


def temperature(scores, text, row, temperature):
    return scores / temperature


def keep(scores, kept, filter_value=LOWEST, min_tokens_to_keep=1, order=None):
    order = np.argsort(-scores) if order is None else order
    kept = set(kept) | set(order[:min_tokens_to_keep])
    return np.where(np.isin(np.arange(len(scores)), list(kept)), scores, filter_value)


def top_k(scores, text, row, top_k, **options):
    return keep(scores, np.argsort(-scores)[:top_k], **options)


def top_p(scores, text, row, top_p, **options):
    order, kept, mass = np.argsort(-scores), [], 0.0
    for word in order:
        if mass < top_p:
            kept.append(word)
        mass += softmax(scores)[word]
    return keep(scores, kept, **options)


def entropy(probabilities):
    some = probabilities[probabilities > 0]
    return -(some * np.log(some)).sum()


def typical(scores, text, row, mass=0.9, **options):
    probabilities = softmax(scores)
    with np.errstate(divide="ignore"):
        distance = abs(-np.log(probabilities) - entropy(probabilities))
    order = np.argsort(distance)
    count = np.count_nonzero(np.cumsum(probabilities[order]) < mass) + 1
    return keep(scores, order[:count], order=order, **options)


def epsilon(scores, text, row, epsilon, **options):
    return keep(scores, np.flatnonzero(softmax(scores) >= epsilon), **options)


def eta(scores, text, row, epsilon, **options):
    probabilities = softmax(scores)
    bound = min(epsilon, math.sqrt(epsilon) * math.exp(-entropy(probabilities)))
    return keep(scores, np.flatnonzero(probabilities >= bound), **options)


RULES = {
    "SequenceBiasLogitsProcessor": sequence_bias,
    "NoBadWordsLogitsProcessor": no_bad_words,
    "RepetitionPenaltyLogitsProcessor": repetition,
    "EncoderRepetitionPenaltyLogitsProcessor": encoder_repetition,
    "NoRepeatNGramLogitsProcessor": no_repeat,
    "EncoderNoRepeatNGramLogitsProcessor": encoder_no_repeat,
    "MinLengthLogitsProcessor": min_length,
    "MinNewTokensLengthLogitsProcessor": min_new_tokens,
    "PrefixConstrainedLogitsProcessor": prefix,
    "ForcedBOSTokenLogitsProcessor": forced_bos,
    "ForcedEOSTokenLogitsProcessor": forced_eos,
    "InfNanRemoveLogitsProcessor": inf_nan,
    "ExponentialDecayLengthPenalty": decay,
    "SuppressTokensLogitsProcessor": suppress,
    "SuppressTokensAtBeginLogitsProcessor": suppress_at_begin,
    "ForceTokensLogitsProcessor": force,
    "LogitNormalization": normalise,
    "TemperatureLogitsWarper": temperature,
    "TopKLogitsWarper": top_k,
    "TopPLogitsWarper": top_p,
    "TypicalLogitsWarper": typical,
    "EpsilonLogitsWarper": epsilon,
    "EtaLogitsWarper": eta,
}


def apply(name, arguments, scores, tokens):
    """Scores (R, V) after a rule, for the tokens (R, S)."""
    return np.stack(
        [
            RULES[name](row, text.tolist(), index, **arguments)
            for index, (row, text) in enumerate(zip(scores, tokens, strict=True))
        ]
    )
