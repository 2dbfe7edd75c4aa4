"""The rules of both trees give the same scores, TensorFlow's in graphs and compiled, too."""

import pickle

import numpy as np
import pytest
import tensorflow as tf
import torch

import camembert_dual
import processor_cases as cases
from camembert_dual.generation.modes import Processor
from camembert_dual.pt.generation import rules as pt_rules
from camembert_dual.tf.generation import rules as tf_rules

IN_GRAPHS = [
    (name, arguments) for name, arguments in cases.CASES if not name.startswith("PrefixConstrained")
]


def pytorch(name, arguments, scores, tokens, length):
    arguments = {
        one: torch.tensor(value) if isinstance(value, np.ndarray) else value
        for one, value in arguments.items()
    }
    rows = [Processor(name, arguments)]
    return pt_rules.process(rows, torch.tensor(scores), torch.tensor(tokens), length).numpy()


def tensorflow(name, arguments):
    """The rule as a function of scores, tokens and length."""
    arguments = {
        one: tf.constant(value.astype("int32")) if isinstance(value, np.ndarray) else value
        for one, value in arguments.items()
    }
    rows = [Processor(name, arguments)]
    return lambda scores, tokens, length: tf_rules.process(rows, scores, tokens, length)


@pytest.mark.parametrize("how", ["growing", "compiled"])
@pytest.mark.parametrize(("name", "arguments"), IN_GRAPHS, ids=str)
def test_one_graph_gives_the_scores_of_pytorch_at_every_length(name, arguments, how):
    run = tensorflow(name, arguments)
    if how == "growing":
        specs = [
            tf.TensorSpec([None, cases.WORDS], tf.float64),
            tf.TensorSpec([None, None], tf.int32),
            tf.TensorSpec([], tf.int32),
        ]
        run = tf.function(run, input_signature=specs, autograph=False)
    else:
        run = tf.function(run, jit_compile=True, autograph=False)
    for length in range(1, cases.LENGTH + 1):
        scores, tokens = cases.draw(length, name)
        written = tokens[:, :length] if how == "growing" else tokens
        ids = tf.constant(written.astype("int32"))
        actual = run(tf.constant(scores), ids, tf.constant(length)).numpy()
        expected = pytorch(name, arguments, scores, written, length)
        np.testing.assert_allclose(actual, expected, rtol=1e-10, atol=1e-10)
    assert run.experimental_get_tracing_count() == 1


@pytest.mark.parametrize("group", [1, 2])
def test_groups_of_beams_get_the_same_scores_in_both(group):
    scores, tokens = cases.draw(group)
    scores, tokens = scores[:4], tokens[:4]
    rows = [Processor("HammingDiversityLogitsProcessor", cases.GROUPS)]
    found = []
    for rules, tensor in ((pt_rules, torch.tensor), (tf_rules, tf.constant)):
        step = {"current_tokens": tensor(cases.TAKEN.astype("int32")), "beam_group_idx": group}
        ids = tensor(tokens.astype("int32"))
        found.append(rules.process(rows, tensor(scores), ids, 9, **step).numpy())
    np.testing.assert_array_equal(*found)


def test_classes_for_tensorflow_do_what_those_for_pytorch_do():
    for name, arguments in cases.CASES:
        if f"TF{name}" not in camembert_dual.__all__:
            continue
        scores, tokens = cases.draw(3, name)
        expected = getattr(camembert_dual, name)(**arguments)(
            torch.tensor(tokens[:, :4]), torch.tensor(scores)
        )
        rule = pickle.loads(pickle.dumps(getattr(camembert_dual, f"TF{name}")(**arguments)))
        ids = tf.constant(tokens.astype("int32"))
        rules = camembert_dual.TFLogitsProcessorList([rule])
        actual = rules(ids, tf.constant(scores), 4)
        np.testing.assert_allclose(actual.numpy(), expected.numpy(), rtol=1e-10, atol=1e-10)
        mixed = tf_rules.process([rule], tf.constant(scores), ids, 4)
        np.testing.assert_array_equal(mixed.numpy(), actual.numpy())


@pytest.mark.parametrize(
    ("name", "arguments", "message"),
    [
        ("TopKLogitsWarper", {"top_k": 0}, "top_k must be an integer of at least 1; received 0."),
        ("TopPLogitsWarper", {"top_p": 1.5}, "top_p must be a number in [0, 1]; received 1.5."),
        (
            "TemperatureLogitsWarper",
            {"temperature": 0.0},
            "temperature must be a positive number; received 0.0.",
        ),
        (
            "MinLengthLogitsProcessor",
            {"min_length": -1, "eos_token_id": 2},
            "min_length must be an integer of at least 0; received -1.",
        ),
        (
            "NoBadWordsLogitsProcessor",
            {"bad_words_ids": [[]], "eos_token_id": 2},
            "bad_words_ids must be a list of lists of ids, none of them empty; received [[]].",
        ),
    ],
)
@pytest.mark.parametrize("prefix", ["", "TF"])
def test_an_argument_that_breaks_its_rule_is_refused(prefix, name, arguments, message):
    with pytest.raises(ValueError, match="must") as caught:
        getattr(camembert_dual, f"{prefix}{name}")(**arguments)
    assert str(caught.value) == message
