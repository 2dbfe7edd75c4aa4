"""PyTorch equals TensorFlow: the gradient of every weight of every task."""

import pytest

import cases
import reference
import tree_pt
import tree_tf


def check(training, dtype, tolerance):
    found = []
    for tree in (tree_pt, tree_tf):
        loss, gradients = tree.training_outcome(training.name, dtype)
        found.append({"loss": loss, **dict(sorted(gradients.items()))})
    assert reference.first_difference(*found, tolerance) is None


@pytest.mark.parametrize("training", cases.TRAININGS, ids=str)
def test_the_gradient_of_every_weight_is_the_same_in_both(training):
    check(training, "float64", 1e-10)


@pytest.mark.parametrize("training", cases.TRAININGS[:3], ids=str)
def test_gradients_are_the_same_in_single_precision(training):
    check(training, "float32", 1e-5)


@pytest.mark.parametrize("name", ["left", "inner", "nothing"])
def test_gradients_on_odd_padding_are_the_same_in_both(name):
    kept = {"left": cases.LEFT, "inner": cases.INNER, "nothing": cases.NOTHING}[name]
    config, inputs = cases.loss_call(cases.LOSSES[0], kept)
    arrays = cases.weights(config, cases.MASKED)
    pt, tf = (
        tree.gradients(tree.new(cases.MASKED, config, arrays), inputs)[1]
        for tree in (tree_pt, tree_tf)
    )
    assert reference.first_difference(pt, {name: tf[name] for name in pt}, 1e-10) is None
