"""Half precision, whole and mixed: finite everywhere, close to single precision."""

import numpy as np
import pytest

import cases
from backend import tree

PLACES = ("right padding", "left padding", "a row that is all padding")
ASKED = {"asked for": True, "not asked for": False}  # PyTorch's fused attention keeps none


def in_half(kind, config, arrays):
    single = {name: array.astype("float32") for name, array in arrays.items()}
    return tree.in_half(kind, cases.MASKED, config, single)


@pytest.mark.parametrize("attentions", ASKED)
@pytest.mark.parametrize("kind", tree.HALVES)
@pytest.mark.parametrize("config_name", ["plain", "decoder", "relative_key_query"])
def test_half_precision_is_finite_and_close(config_name, kind, attentions):
    config = cases.config(config_name)
    arrays = cases.weights(config, cases.MASKED)
    single = tree.new(cases.MASKED, config, arrays, "float32")
    half = in_half(kind, config, arrays)
    asked = {"output_attentions": ASKED[attentions], "output_hidden_states": True}
    for place in PLACES:
        inputs = cases.inputs(cases.MASKED, cases.case(place))
        expected = tree.run(single, inputs, "float32", **asked)
        with tree.mixing(kind):
            output = tree.call(half, **inputs, **asked)
        actual = cases.stages(output, tree.as_single)
        for name, wanted in expected.items():
            assert np.isfinite(actual[name]).all(), (place, name)
            difference = np.abs(actual[name] - wanted).max() / np.abs(wanted).max()
            assert difference < tree.HALVES[kind], (place, name)


@pytest.mark.parametrize("attentions", ASKED)
@pytest.mark.parametrize("kind", tree.HALVES)
def test_strong_scores_and_a_fully_masked_row_stay_finite_with_their_gradients(kind, attentions):
    config, inputs = cases.loss_call(cases.LOSSES[0], cases.NOTHING)
    arrays = cases.weights(config, cases.MASKED)
    strong = {
        name: array * (12 if ".query." in name or ".key." in name else 1)
        for name, array in arrays.items()
    }
    model = in_half(kind, config, strong)
    output, gradients = tree.half_gradients(
        kind, model, inputs, output_attentions=ASKED[attentions]
    )
    assert np.isfinite(tree.as_single(output.logits)).all()
    assert all(np.isfinite(gradient).all() for gradient in gradients)
    assert any(gradient.any() for gradient in gradients)


@pytest.mark.parametrize("kind", tree.HALVES)
def test_the_loss_is_taken_in_single_precision(kind):
    config, inputs = cases.loss_call(cases.LOSSES[0])
    model = in_half(kind, config, cases.weights(config, cases.MASKED))
    with tree.mixing(kind):
        output = tree.call(model, **inputs)
    assert output.loss.dtype == tree.SINGLE


def test_embedded_inputs_and_encoder_states_may_be_of_another_precision():
    config = cases.config("crossed")
    model = tree.new(cases.CAUSAL, config, cases.weights(config, cases.CAUSAL), "float32")
    random = np.random.default_rng(3)
    wide = {
        "inputs_embeds": random.normal(size=(2, 5, config.hidden_size)),
        "encoder_hidden_states": random.normal(size=(2, 7, config.hidden_size)),
    }
    expected = tree.run(model, wide, "float32", return_dict=True)["logits"]
    actual = tree.run(model, wide, "float64", return_dict=True)["logits"]
    assert actual.dtype == np.float32
    np.testing.assert_allclose(actual, expected, atol=1e-5)
