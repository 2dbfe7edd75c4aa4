"""Half precision and mixed policies: finite everywhere, close to single precision."""

import numpy as np
import pytest
import tensorflow as tf

import cases
import tree_tf as tree

HALVES = {
    "bfloat16": 4e-2,
    "float16": 6e-3,
    "mixed_bfloat16": 4e-2,
    "mixed_float16": 6e-3,
}
PLACES = ("right padding", "left padding", "a row that is all padding")


def made(config, arrays, policy):
    model = tree.tree.TFCamembertForMaskedLM(config, dtype=policy)
    model.load_arrays({name: array.astype("float32") for name, array in arrays.items()})
    return model


@pytest.mark.parametrize("policy", HALVES)
@pytest.mark.parametrize("config_name", ["plain", "decoder", "relative_key_query"])
def test_half_precision_is_finite_and_close(config_name, policy):
    config = cases.config(config_name)
    arrays = cases.weights(config, cases.MASKED)
    single, half = made(config, arrays, "float32"), made(config, arrays, policy)
    for place in PLACES:
        inputs = cases.inputs(cases.MASKED, cases.case(place))
        expected = tree.run(single, inputs, "float32")
        output = half(**inputs, **cases.ALL_OUTPUTS)
        actual = cases.stages(output, lambda tensor: tf.cast(tensor, "float32").numpy())
        for name, wanted in expected.items():
            assert np.isfinite(actual[name]).all(), (place, name)
            difference = np.abs(actual[name] - wanted).max() / np.abs(wanted).max()
            assert difference < HALVES[policy], (place, name)


@pytest.mark.parametrize("policy", HALVES)
def test_strong_scores_and_a_fully_masked_row_stay_finite_with_their_gradients(policy):
    config, inputs = cases.loss_call(cases.LOSSES[0], cases.NOTHING)
    arrays = cases.weights(config, cases.MASKED)
    strong = {
        name: array * (12 if ".query." in name or ".key." in name else 1)
        for name, array in arrays.items()
    }
    model = made(config, strong, policy)
    given = {name: tf.constant(value) for name, value in inputs.items()}
    with tf.GradientTape() as tape:
        output = model(**given)
    gradients = tape.gradient(output.loss, [weight.value for weight in model.trainable_variables])
    assert np.isfinite(tf.cast(output.logits, "float32").numpy()).all()
    for gradient in gradients:
        dense = tf.cast(tf.convert_to_tensor(gradient), "float32")
        assert np.isfinite(dense.numpy()).all()


@pytest.mark.parametrize("policy", HALVES)
def test_the_loss_is_taken_in_single_precision(policy):
    config, inputs = cases.loss_call(cases.LOSSES[0])
    model = made(config, cases.weights(config, cases.MASKED), policy)
    assert model(**inputs).loss.dtype == tf.float32
