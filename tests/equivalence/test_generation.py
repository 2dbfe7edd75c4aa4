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


RECORDED = {
    "return_dict_in_generate": True,
    "output_scores": True,
    "output_attentions": True,
    "output_hidden_states": True,
}
WAYS = {
    "greedy": {},
    "greedy without cache": {"use_cache": False},
    "drawn": {"do_sample": True, "seed": 3, "num_return_sequences": 2, "top_k": 40},
    "beams": {"num_beams": 3, "num_return_sequences": 2, "length_penalty": 0.7},
    "beams without cache": {"num_beams": 3, "use_cache": False},
    "drawn beams": {"do_sample": True, "seed": 3, "num_beams": 3, "temperature": 0.8},
    "groups": {"num_beams": 6, "num_beam_groups": 3, "diversity_penalty": 0.7},
    "contrast": {"penalty_alpha": 0.6, "top_k": 4},
    "forced words": {"num_beams": 3, "force_words_ids": [[33, 52], [[40, 41], [7]]]},
    "rules": {
        "num_beams": 2,
        "repetition_penalty": 1.3,
        "no_repeat_ngram_size": 2,
        "min_new_tokens": 3,
        "bad_words_ids": [[7], [8, 9]],
        "sequence_bias": {(33,): 2.0},
        "forced_eos_token_id": 9,
        "suppress_tokens": [4, 5],
    },
}


@pytest.mark.parametrize("way", WAYS)
def test_each_way_finds_the_same_texts_by_the_same_scores(way):
    """Prompts of several lengths, and what is returned of each step."""
    given = {"max_new_tokens": 6, "eos_token_id": oracle.SEVERAL, **WAYS[way], **RECORDED}
    models = [tree.built(oracle.TASK, "decoder") for tree in (tree_pt, tree_tf)]
    ours, theirs = (model.generate(oracle.batch(oracle.PROMPTS, 1), **given) for model in models)
    assert type(ours) is type(theirs)
    assert list(ours) == list(theirs)
    for name in ("sequences", "beam_indices"):
        if name in ours:
            np.testing.assert_array_equal(ours[name].numpy(), theirs[name].numpy())
    for name in ("scores", "attentions", "hidden_states"):
        assert len(ours[name]) == len(theirs[name])
        for step, other in zip(ours[name], theirs[name], strict=True):
            pairs = [(step, other)] if name == "scores" else zip(step, other, strict=True)
            for one, two in pairs:
                np.testing.assert_allclose(one.numpy(), two.numpy(), atol=1e-10)
    if "sequences_scores" in ours:
        scores = [one.sequences_scores.numpy() for one in (ours, theirs)]
        np.testing.assert_allclose(*scores, atol=1e-10)
    found = [
        model.compute_transition_scores(one.sequences, one.scores, one.get("beam_indices"))
        for model, one in zip(models, (ours, theirs), strict=True)
    ]
    np.testing.assert_allclose(*(one.numpy() for one in found), atol=1e-10)


@pytest.mark.parametrize("options", [{}, {"do_sample": True, "seed": 5}], ids=str)
def test_the_help_of_a_smaller_model_changes_no_text(options):
    given = {"max_new_tokens": 9, "eos_token_id": oracle.SEVERAL, **options}
    for tree in (tree_pt, tree_tf):
        model = tree.built(oracle.TASK, "decoder")
        other = tree.built(oracle.TASK, "decoder, relative_key")
        inputs = oracle.batch(oracle.PROMPTS[:1], 1)
        expected = model.generate(inputs, **given).numpy()
        for helper in (model, other):
            found = model.generate(inputs, assistant_model=helper, **given, **RECORDED)
            np.testing.assert_array_equal(found.sequences.numpy(), expected)
            new = expected.shape[1] - 4
            assert [len(found[name]) for name in ("scores", "attentions")] == [new, new]


BAD_CALLS = (
    ({}, {"num_beams": 0}),
    ({}, {"max_new_tokens": 40}),
    ({}, {"length": 3}),
    ({}, {"eos_token_id": 101}),
    ({"inputs": np.array([[7, 8]])}, {}),
    ({}, {"do_sample": True, "seed": -1}),
    ({}, {"synced_gpus": True}),
    ({}, {"num_return_sequences": 2}),
    ({}, {"penalty_alpha": 0.5, "use_cache": False}),
    ({"input_ids": np.array([7, 8])}, {}),
    ({"input_ids": np.array([[7, 101]])}, {}),
    ({"input_ids": np.array([[7.0, 8.0]])}, {}),
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
)


@pytest.mark.parametrize(("inputs", "options"), BAD_CALLS, ids=str)
def test_both_trees_refuse_a_bad_call_in_the_same_words(inputs, options):
    given = {"input_ids": np.array([[7, 8]]), **inputs}
    config = given.pop("config", "decoder")
    messages = []
    for tree in (tree_pt, tree_tf):
        with pytest.raises(ValueError, match="; received ") as caught:
            tree.built(oracle.TASK, config).generate(**given, **{"max_new_tokens": 3, **options})
        messages.append(str(caught.value))
    assert messages[0] == messages[1]
