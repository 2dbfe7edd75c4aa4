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
from camembert_dual.generation.modes import Processor
from camembert_dual.pt.generation.rules import process

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
