"""The oracle itself: known values, and a comparison that catches what it must."""

import math

import numpy as np
import pytest

import cases
import reference


@pytest.mark.parametrize("row", cases.NUMBERINGS, ids=str)
def test_the_oracle_numbers_tokens_as_written_by_hand(row):
    found = reference.positions(np.array([row.ids]), row.pad, row.past)
    assert found.tolist() == [row.positions]


def test_the_exact_gelu_is_x_times_the_normal_distribution():
    # Phi(1) from the tables of the normal distribution
    assert reference.gelu(np.array(1.0)) == pytest.approx(0.841344746, abs=1e-9)
    assert reference.gelu(np.array(-1.0)) == pytest.approx(-0.158655254, abs=1e-9)


def test_the_tanh_form_is_close_to_the_exact_gelu_but_not_the_same():
    x = np.linspace(-3, 3, 31)
    difference = np.abs(reference.ACTIVATIONS["gelu_new"](x) - reference.gelu(x)).max()
    assert 1e-5 < difference < 1e-3


def test_uniform_logits_lose_the_logarithm_of_the_number_of_classes():
    loss = reference.cross_entropy(np.zeros((2, 7)), np.array([3, -100]))
    assert loss == pytest.approx(math.log(7))


def test_a_query_that_sees_nothing_takes_the_mean():
    value = cases.generator("mean").normal(size=(1, 1, 4, 3))
    sees = np.zeros((1, 4, 4), bool)
    context, probabilities = reference.attend(value, value, value, sees)
    assert np.allclose(context, value.mean(axis=2, keepdims=True))
    assert np.allclose(probabilities, 1 / 4)


def test_a_pruned_head_is_a_head_masked_with_zero():
    full, pruned = cases.config(), cases.config("pruned")
    arrays = cases.weights(full, cases.BARE)
    kept = {}
    for name, array in arrays.items():
        if name.startswith("encoder.layer.") and ".attention." in name and "LayerNorm" not in name:
            layer = int(name.split(".")[2])
            heads = [head for head in range(3) if head not in pruned.pruned_heads[layer]]
            columns = np.concatenate([np.arange(8 * head, 8 * head + 8) for head in heads])
            if ".self." in name:
                array = array[columns]
            elif name.endswith("weight"):
                array = array[:, columns]
        kept[name] = array
    inputs = cases.inputs(cases.BARE, cases.case("right padding"))
    mask = np.array([[1, 0, 1], [0, 1, 0]])
    masked = reference.forward(full, arrays, cases.BARE, {**inputs, "head_mask": mask})
    without = reference.forward(pruned, kept, cases.BARE, inputs)
    names = ("hidden_states.1", "hidden_states.2", "pooler_output")
    expected, actual = ({name: one[name] for name in names} for one in (masked, without))
    assert reference.first_difference(expected, actual, 1e-12) is None


STAGES = {"first": np.ones((2, 3)), "second": np.full((2, 3), 2.0)}


def test_equal_stages_have_no_difference():
    assert reference.first_difference(STAGES, dict(STAGES), 0.0) is None


def test_the_first_stage_that_differs_is_named():
    moved = {name: array + 1e-6 for name, array in STAGES.items()}
    assert reference.first_difference(STAGES, moved, 1e-7).startswith("first: differs by 1e-06")
    moved["first"] = STAGES["first"]
    assert reference.first_difference(STAGES, moved, 1e-7).startswith("second: differs")


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_a_number_that_is_not_finite_is_a_difference_even_when_both_have_it(bad):
    broken = {"first": np.array([[1.0, bad, 1.0], [1.0, 1.0, 1.0]]), "second": STAGES["second"]}
    assert reference.first_difference(STAGES, broken, 1.0) == "first: not finite"
    assert reference.first_difference(broken, broken, 1.0) == "first: not finite"


def test_a_missing_stage_is_a_difference():
    assert "missing ['second']" in reference.first_difference(STAGES, {"first": STAGES["first"]}, 1)


def test_a_shape_that_would_broadcast_is_a_difference():
    flat = {**STAGES, "first": np.ones((3,))}
    assert reference.first_difference(STAGES, flat, 1.0) == "first: shape (3,) instead of (2, 3)"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("layer_norm_eps", 2e-5),
        ("hidden_act", "gelu_new"),
        ("pad_token_id", 0),
        ("position_embedding_type", "relative_key"),
        ("is_decoder", True),
    ],
)
def test_a_change_of_one_setting_shows_far_above_the_tolerance(field, value):
    config = cases.config()
    changed = cases.config(**{field: value})
    arrays = cases.weights(changed, cases.BARE)
    inputs = cases.inputs(cases.BARE, cases.case("right padding"))
    one, two = (
        reference.forward(settings, arrays, cases.BARE, inputs) for settings in (config, changed)
    )
    difference = np.abs(one["last_hidden_state"] - two["last_hidden_state"]).max()
    assert difference > 1e-6
