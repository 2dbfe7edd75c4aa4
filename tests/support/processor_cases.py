"""Rules of generation with arguments, and texts and scores to apply them to."""

import numpy as np

ROWS, WORDS, LENGTH = 6, 31, 9
PROMPTS = np.random.default_rng(5).integers(0, 4, (2, 5))  # of three texts each
TAKEN = np.array([3, 3, 8, 1, 30, 9, 4, 4, 4, 2, 0, 1])  # two rows of six beams in three groups
BIAS = {(3,): 1.5, (30,): -2.25, (1, 2): 4.0, (2, 2): -8.0, (0, 1, 3): 2.5, (1, 1, 1): -0.5}
WORDS_IDS = [[4], [7], [1, 2], [2, 3], [0, 1, 2], [9, 9, 9, 9, 9, 9, 9, 9, 9, 9]]


def allowed(number, text):
    """A user's function of the number of a prompt and its text so far."""
    return [number, 7 + int(text[-1]), 20 + len(text)]


CASES = [
    ("SequenceBiasLogitsProcessor", {"sequence_bias": BIAS}),
    ("SequenceBiasLogitsProcessor", {"sequence_bias": {(6,): float("-inf")}}),
    ("NoBadWordsLogitsProcessor", {"bad_words_ids": WORDS_IDS, "eos_token_id": 7}),
    ("NoBadWordsLogitsProcessor", {"bad_words_ids": WORDS_IDS, "eos_token_id": [8, 4]}),
    ("NoBadWordsLogitsProcessor", {"bad_words_ids": WORDS_IDS, "eos_token_id": None}),
    ("RepetitionPenaltyLogitsProcessor", {"penalty": 1.75}),
    ("RepetitionPenaltyLogitsProcessor", {"penalty": 0.5}),
    ("EncoderRepetitionPenaltyLogitsProcessor", {"penalty": 1.5, "encoder_input_ids": PROMPTS}),
    *(("NoRepeatNGramLogitsProcessor", {"ngram_size": size}) for size in (1, 2, 3, 12)),
    *(
        (
            "EncoderNoRepeatNGramLogitsProcessor",
            {"encoder_ngram_size": size, "encoder_input_ids": PROMPTS},
        )
        for size in (1, 2, 3, 6, 9)
    ),
    *(
        ("MinLengthLogitsProcessor", {"min_length": size, "eos_token_id": ends})
        for size, ends in ((0, 2), (4, 30), (7, [2, 11]))
    ),
    *(
        (
            "MinNewTokensLengthLogitsProcessor",
            {"prompt_length_to_skip": 3, "min_new_tokens": size, "eos_token_id": ends},
        )
        for size, ends in ((1, 2), (4, [2, 11]))
    ),
    ("PrefixConstrainedLogitsProcessor", {"prefix_allowed_tokens_fn": allowed, "num_beams": 3}),
    ("ForcedBOSTokenLogitsProcessor", {"bos_token_id": 5}),
    ("ForcedEOSTokenLogitsProcessor", {"max_length": 7, "eos_token_id": 2}),
    ("ForcedEOSTokenLogitsProcessor", {"max_length": 3, "eos_token_id": [2, 11]}),
    ("InfNanRemoveLogitsProcessor", {}),
    *(
        (
            "ExponentialDecayLengthPenalty",
            {
                "exponential_decay_length_penalty": (start, factor),
                "eos_token_id": ends,
                "input_ids_seq_length": 2,
            },
        )
        for start, factor, ends in ((0, 1.5, 2), (3, 1.1, [2, 11]), (2, 0.5, 4))
    ),
    ("SuppressTokensLogitsProcessor", {"suppress_tokens": [0, 7, 30]}),
    ("SuppressTokensLogitsProcessor", {"suppress_tokens": []}),
    (
        "SuppressTokensAtBeginLogitsProcessor",
        {"begin_suppress_tokens": [0, 7, 30], "begin_index": 4},
    ),
    ("ForceTokensLogitsProcessor", {"force_token_map": [[1, 9], [4, 0], [6, 30]]}),
    ("LogitNormalization", {}),
    ("TemperatureLogitsWarper", {"temperature": 0.7}),
    *(("TopKLogitsWarper", {"top_k": count}) for count in (1, 5, 31, 90)),
    ("TopKLogitsWarper", {"top_k": 1, "filter_value": 0.0, "min_tokens_to_keep": 3}),
    *(("TopPLogitsWarper", {"top_p": mass}) for mass in (0.0, 0.3, 0.9, 1.0)),
    ("TopPLogitsWarper", {"top_p": 0.1, "min_tokens_to_keep": 4}),
    *(("TypicalLogitsWarper", {"mass": mass}) for mass in (0.05, 0.5, 0.95)),
    ("TypicalLogitsWarper", {"mass": 0.1, "filter_value": -9.0, "min_tokens_to_keep": 4}),
    *(("EpsilonLogitsWarper", {"epsilon": bound}) for bound in (0.001, 0.03, 0.9)),
    ("EpsilonLogitsWarper", {"epsilon": 0.5, "min_tokens_to_keep": 3}),
    *(("EtaLogitsWarper", {"epsilon": bound}) for bound in (0.001, 0.0625, 0.5)),
    ("EtaLogitsWarper", {"epsilon": 0.5, "min_tokens_to_keep": 3}),
]
GROUPS = {"diversity_penalty": 1.25, "num_beams": 6, "num_beam_groups": 3}
NAMES = [f"{name}-{index}" for index, (name, _) in enumerate(CASES)]


def draw(seed: int, name: str = "") -> tuple[np.ndarray, np.ndarray]:
    """Scores (R, V), all different, and tokens (R, S) of few kinds, so that they repeat."""
    random = np.random.default_rng(seed)
    scores = random.normal(size=(ROWS, WORDS)) * 3
    tokens = random.integers(0, 4, (ROWS, LENGTH))
    if name in ("InfNanRemoveLogitsProcessor",):
        scores[1, 4], scores[2, 5], scores[3, 6] = np.nan, np.inf, -np.inf
    if name.endswith("Warper"):
        scores[:, 17] = -np.inf  # forbidden by an earlier rule
    return scores, tokens
