"""Texts in graphs of the user's own: with XLA, for prompts of any length, as a SavedModel."""

import numpy as np
import pytest
import tensorflow as tf

import cases
import generation_oracle as oracle
import tree_tf as tree

LIMIT = 4
INPUTS = oracle.batch(oracle.PROMPTS, 1)
ENDS = {"max_new_tokens": LIMIT, "eos_token_id": oracle.SEVERAL}


def fresh(config="decoder"):
    config = cases.config(config, num_hidden_layers=1)
    return tree.new(oracle.TASK, config, cases.weights(config, oracle.TASK))


def filled(rows: np.ndarray) -> np.ndarray:
    """Texts filled up to their longest, as a graph gives them."""
    return np.pad(rows, [(0, 0), (0, 4 + LIMIT - rows.shape[1])], constant_values=1)


@pytest.mark.parametrize(
    ("config", "options"),
    [
        ("decoder, relative_key", {}),
        ("decoder", {"num_beams": 2, "num_return_sequences": 2, "no_repeat_ngram_size": 2}),
        ("decoder", {"use_cache": False, "do_sample": True, "seed": 3, "top_p": 0.9}),
        ("decoder", {"penalty_alpha": 0.5, "top_k": 3}),
    ],
    ids=str,
)
def test_xla_finds_the_same_texts(config, options):
    model = fresh(config)
    inputs = {name: tf.constant(value) for name, value in INPUTS.items()}
    run = tf.function(model.generate, jit_compile=True)
    found = run(**inputs, **ENDS, **options).numpy()
    expected = model.generate(**inputs, **ENDS, **options).numpy()
    np.testing.assert_array_equal(found, filled(expected))


def test_a_graph_serves_prompts_of_any_length_and_is_saved(tmp_path):
    model = fresh()

    class Writer(tf.Module):
        @tf.function(input_signature=[tf.TensorSpec([None, None], tf.int32)] * 2)
        def write(self, ids, mask):
            return model.generate(input_ids=ids, attention_mask=mask, **ENDS)

    writer = Writer()
    writer.weights = model.variables
    tf.saved_model.save(writer, str(tmp_path))
    loaded = tf.saved_model.load(str(tmp_path))
    for prompts in (oracle.PROMPTS, oracle.PROMPTS[1:]):
        given = [tf.constant(one, tf.int32) for one in oracle.batch(prompts, 1).values()]
        expected = model.generate(*given[:1], attention_mask=given[1], **ENDS).numpy()
        for one in (writer, loaded):
            found = one.write(*given).numpy()
            np.testing.assert_array_equal(found[:, : expected.shape[1]], expected)


def test_a_graph_draws_anew_each_time_or_by_its_seed():
    model = fresh()
    ids = tf.constant(INPUTS["input_ids"][:1])
    given = {"max_new_tokens": LIMIT, "eos_token_id": None, "do_sample": True, "temperature": 3.0}
    free = tf.function(lambda: model.generate(ids, **given))
    assert len({tuple(free().numpy()[0]) for _ in range(4)}) > 1
    seeded = tf.function(lambda: model.generate(ids, seed=5, **given))
    np.testing.assert_array_equal(seeded(), model.generate(ids, seed=5, **given))


def test_a_graph_is_not_asked_for_what_python_does():
    model, ids = fresh(), tf.constant(INPUTS["input_ids"])
    kept = {"return_dict_in_generate": True, "output_scores": True}
    for options in (kept, {"force_words_ids": [[3]], "num_beams": 2}):
        with pytest.raises(ValueError, match="A graph must not be asked for"):
            tf.function(lambda one=options: model.generate(ids, **ENDS, **one))()
