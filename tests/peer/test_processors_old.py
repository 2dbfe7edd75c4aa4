"""Against transformers 4.34.0: every rule on scores, by its class and by its function."""

import inspect

import numpy as np
import pytest
import tensorflow as tf
import torch
import transformers
from transformers.generation import logits_process, tf_logits_process

import camembert_dual
import processor_cases as cases
from camembert_dual.generation.modes import Processor, processors_of, warpers_of
from camembert_dual.pt.generation.rules import known_of, process

# their rule takes the first texts for those of the prompts
TEXTS_OF_A_PROMPT = {"EncoderRepetitionPenaltyLogitsProcessor"}


def tensors(arguments):
    return {
        name: torch.tensor(value) if isinstance(value, np.ndarray) else value
        for name, value in arguments.items()
    }


def prepared(name, arguments):
    """Arguments, with the prompts of the peer one for each text where it wants so."""
    if name in TEXTS_OF_A_PROMPT:
        return {**arguments, "encoder_input_ids": cases.PROMPTS.repeat(3, axis=0)}
    return arguments


@pytest.mark.parametrize(("name", "arguments"), cases.CASES, ids=cases.NAMES)
def test_a_rule_gives_the_scores_of_the_peer(name, arguments):
    peer = getattr(logits_process, name)(**tensors(prepared(name, arguments)))
    own = getattr(camembert_dual, name)(**tensors(arguments))
    for length in range(1, cases.LENGTH + 1):
        scores, tokens = map(torch.tensor, cases.draw(length, name))
        texts = tokens[:, :length]
        expected = peer(texts.clone(), scores.clone()).numpy()
        rows = [Processor(name, tensors(arguments))]
        for actual in (process(rows, scores, tokens, length), own(texts, scores)):
            np.testing.assert_allclose(actual.numpy(), expected, rtol=1e-7, atol=1e-10)


@pytest.mark.parametrize("group", [0, 1, 2])
def test_groups_of_beams_get_the_scores_of_the_peer(group):
    name = "HammingDiversityLogitsProcessor"
    scores, tokens = map(torch.tensor, cases.draw(group))
    scores, tokens, taken = scores[:4], tokens[:4], torch.tensor(cases.TAKEN)
    expected = getattr(logits_process, name)(**cases.GROUPS)(tokens, scores.clone(), taken, group)
    actual = getattr(camembert_dual, name)(**cases.GROUPS)(tokens, scores, taken, group)
    np.testing.assert_allclose(actual.numpy(), expected.numpy(), rtol=1e-12)
    step = {"current_tokens": taken, "beam_group_idx": group}
    listed = camembert_dual.LogitsProcessorList([getattr(camembert_dual, name)(**cases.GROUPS)])
    np.testing.assert_array_equal(listed(tokens, scores, **step).numpy(), actual.numpy())


# its rules in TensorFlow take one end, forbid it too, fail without words, round a share of 1
UNKNOWN_IN_TENSORFLOW = ({"suppress_tokens": []}, {"top_p": 1.0})
BAD_WORDS = [word for word in cases.WORDS_IDS if word != [7]]
IN_TENSORFLOW = [
    (name, {**arguments, "bad_words_ids": BAD_WORDS} if "bad_words_ids" in arguments else arguments)
    for name, arguments in cases.CASES
    if hasattr(tf_logits_process, f"TF{name}")
    and isinstance(arguments.get("eos_token_id", 0), int)
    and arguments not in UNKNOWN_IN_TENSORFLOW
]


@pytest.mark.parametrize(("name", "arguments"), IN_TENSORFLOW, ids=str)
def test_a_rule_gives_the_scores_of_the_peer_in_tensorflow(name, arguments):
    peer = getattr(tf_logits_process, f"TF{name}")(**arguments)
    for length in range(2, cases.LENGTH + 1):
        scores, tokens = cases.draw(length, name)
        scores = scores.astype("float32")
        theirs = peer(tf.constant(tokens.astype("int32")), tf.constant(scores), length).numpy()
        rows = [Processor(name, arguments)]
        ours = process(rows, torch.tensor(scores), torch.tensor(tokens), length).numpy()
        theirs = np.where(theirs < -1e8, -np.inf, theirs)  # it forbids by a low number
        np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-5)


PUBLISHED = [
    name
    for name in camembert_dual.__all__
    if name.endswith(("LogitsProcessor", "LogitsWarper", "Criteria", "ProcessorList", "WarperList"))
    or name in ("ExponentialDecayLengthPenalty", "LogitNormalization", "StoppingCriteriaList")
]


@pytest.mark.parametrize("name", [one for one in PUBLISHED if not one.startswith("TF")])
def test_a_class_is_made_as_the_peers(name):
    peer, own = (getattr(module, name) for module in (transformers.generation, camembert_dual))
    wanted, given = (inspect.signature(one).parameters for one in (peer, own))
    assert list(wanted) == list(given)
    defaults = {one: wanted[one].default for one in wanted}
    assert {one: given[one].default for one in given} == defaults


def test_all_classes_of_the_peer_are_there_but_those_of_other_models():
    others = ("Whisper", "AlternatingCodebooks", "ClassifierFree", "UnbatchedClassifierFree")
    ends = ("LogitsProcessor", "LogitsWarper", "Criteria")
    wanted = {name for name in dir(transformers.generation) if name.endswith(ends)}
    wanted = {name for name in wanted if "Flax" not in name and not name.startswith(others)}
    assert wanted <= set(camembert_dual.__all__)


EVERYTHING = {
    "sequence_bias": cases.BIAS,
    "diversity_penalty": 0.5,
    "num_beams": 6,
    "num_beam_groups": 3,
    "encoder_repetition_penalty": 1.5,
    "repetition_penalty": 1.25,
    "no_repeat_ngram_size": 3,
    "bad_words_ids": [[4, 5]],
    "min_length": 4,
    "min_new_tokens": 3,
    "forced_bos_token_id": 0,
    "forced_eos_token_id": 2,
    "remove_invalid_values": True,
    "exponential_decay_length_penalty": (5, 1.5),
    "suppress_tokens": [8],
    "begin_suppress_tokens": [9],
    "forced_decoder_ids": [[1, 7], [2, 8]],
    "renormalize_logits": True,
    "eos_token_id": [2, 11],
    "max_length": 20,
}
DRAWN = {
    "do_sample": True,
    "temperature": 0.5,
    "top_k": 7,
    "top_p": 0.8,
    "typical_p": 0.7,
    "epsilon_cutoff": 0.01,
    "eta_cutoff": 0.02,
}


def test_the_rules_of_a_search_stand_in_the_order_of_the_peer():
    config = transformers.CamembertConfig(
        vocab_size=31, hidden_size=8, num_attention_heads=2, num_hidden_layers=1, is_decoder=True
    )
    peer = transformers.CamembertForCausalLM(config)
    for width in (1, 5):
        prompt = torch.ones(2, width, dtype=torch.long)
        known = known_of(prompt, 20, camembert_dual.GenerationConfig())
        for options in (
            EVERYTHING,
            {"eos_token_id": 2},
            {**EVERYTHING, "forced_bos_token_id": None},
        ):
            theirs = peer._get_logits_processor(
                transformers.GenerationConfig(**options),
                width,
                prompt,
                cases.allowed,
                transformers.LogitsProcessorList(),
            )
            options = camembert_dual.GenerationConfig(**options)
            ours = processors_of(options, known, cases.allowed)
            assert [row.name for row in ours] == [type(one).__name__ for one in theirs]
            begin = {row.name: row.arguments for row in ours}
            for one in theirs:
                if type(one).__name__ == "SuppressTokensAtBeginLogitsProcessor":
                    assert begin[type(one).__name__]["begin_index"] == one.begin_index


@pytest.mark.parametrize("beams", [1, 4])
def test_the_rules_of_drawing_stand_in_the_order_of_the_peer(beams):
    peer = transformers.CamembertForCausalLM._get_logits_warper
    options = {**DRAWN, "num_beams": beams, "renormalize_logits": True}
    theirs = peer(None, transformers.GenerationConfig(**options))
    ours = warpers_of(camembert_dual.GenerationConfig(**options))
    assert [row.name for row in ours] == [type(one).__name__ for one in theirs]
    kept = [getattr(one, "min_tokens_to_keep", None) for one in theirs]
    assert [row.arguments.get("min_tokens_to_keep") for row in ours][2:] == kept[2:]


def test_a_rule_that_the_options_ask_for_is_not_given_twice():
    options = camembert_dual.GenerationConfig(min_length=4, eos_token_id=2)
    known = known_of(torch.ones(1, 3), 20, options)
    users = [camembert_dual.MinLengthLogitsProcessor(5, 2)]
    with pytest.raises(ValueError, match=r"must not hold .*; received MinLengthLogitsProcessor\."):
        processors_of(options, known, users=users)
    options.min_length = 0
    assert processors_of(options, known, users=users) == tuple(users)
