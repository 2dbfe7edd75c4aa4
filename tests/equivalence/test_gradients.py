"""PyTorch equals TensorFlow: the gradient of every weight of every task."""

import pytest

import cases
import reference
import tree_pt
import tree_tf


@pytest.mark.parametrize(("dtype", "tolerance"), [("float64", 1e-10), ("float32", 1e-5)])
@pytest.mark.parametrize("training", cases.TRAININGS, ids=str)
def test_the_gradient_of_every_weight_is_the_same_in_both(training, dtype, tolerance):
    config, inputs = cases.training_call(training)
    task = training.loss.task
    arrays = cases.weights(config, task)
    found = {}
    for tree in (tree_pt, tree_tf):
        loss, gradients = tree.gradients(tree.new(task, config, arrays, dtype), inputs, dtype)
        assert set(gradients) == set(arrays)
        found[tree] = {"loss": loss, **{name: gradients[name] for name in arrays}}
    assert reference.first_difference(found[tree_pt], found[tree_tf], tolerance) is None


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
