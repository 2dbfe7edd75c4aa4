"""Both trees continue the same prompts with the same tokens, drawn ones included."""

import numpy as np
import pytest

import cases
import generation_oracle as oracle
import tree_pt
import tree_tf

LIMIT = 9
OPTIONS = (
    {"eos_token_id": ()},
    {"num_beams": 4, "eos_token_id": oracle.SEVERAL, "length_penalty": 0.7},
    {"do_sample": True, "temperature": 1.3, "top_k": 60, "top_p": 0.95, "seed": 12},
    {"num_beams": 3, "force_words_ids": [[33, 52], [[9, 40], [61]]], "eos_token_id": [12]},
)


def rows(tree, dtype, **options):
    config = cases.config("decoder", num_hidden_layers=1)
    model = tree.new(oracle.TASK, config, cases.weights(config, oracle.TASK), dtype)
    random = cases.generator("prompts")
    prompts = [random.integers(6, config.vocab_size, 2 + row % 5).tolist() for row in range(11)]
    inputs = oracle.batch(prompts, config.pad_token_id)
    return model.generate(inputs, max_new_tokens=LIMIT, **options).numpy()


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_both_trees_continue_alike(options):
    expected = rows(tree_pt, "float64", **options)
    np.testing.assert_array_equal(rows(tree_tf, "float64", **options), expected)
    np.testing.assert_array_equal(rows(tree_pt, "float32", **options), expected)


BAD_CALLS = (
    ({}, {"num_beams": 0}),
    ({}, {"max_new_tokens": 40}),
    ({}, {"length": 3}),
    ({}, {"eos_token_id": 101}),
    ({"input_ids": np.array([[7, 1]])}, {}),
    ({"input_ids": np.array([7, 8])}, {}),
    ({"input_ids": np.array([[7, 101]])}, {}),
    ({"input_ids": np.array([[7.0, 8.0]])}, {}),
    ({"attention_mask": np.array([[1, 0]])}, {}),
    ({"attention_mask": np.array([[1, 1, 1]])}, {}),
    ({"attention_mask": np.ones((1, 2, 2), int)}, {}),
    ({"encoder_hidden_states": np.ones((1, 3, 24))}, {}),
    ({"encoder_hidden_states": np.ones((2, 3, 24)), "config": "crossed"}, {}),
    (
        {
            "encoder_hidden_states": np.ones((1, 3, 24)),
            "encoder_attention_mask": np.ones((1, 2, 3)),
            "config": "crossed",
        },
        {},
    ),
    ({"config": "plain"}, {}),
)


@pytest.mark.parametrize(("inputs", "options"), BAD_CALLS, ids=str)
def test_both_trees_refuse_a_bad_call_in_the_same_words(inputs, options):
    given = {"input_ids": np.array([[7, 8]]), **inputs}
    config = given.pop("config", "decoder")
    messages = []
    for tree in (tree_pt, tree_tf):
        with pytest.raises(ValueError, match="; received ") as caught:
            tree.built(oracle.TASK, config).generate(**given, **options)
        messages.append(str(caught.value))
    assert messages[0] == messages[1]
