"""A tree against the NumPy oracle: every stage of every call of the matrix."""

import numpy as np
import pytest

import cases
import reference
from backend import tree


@pytest.mark.parametrize(("task", "case"), cases.CALLS, ids=cases.call_name)
def test_every_stage_of_a_call_equals_the_oracle(task, case):
    config, inputs = cases.config(case.config), cases.inputs(task, case)
    expected = reference.forward(config, cases.weights(config, task), task, inputs)
    actual = tree.outcome(task, case)
    assert reference.first_difference(expected, actual, 1e-10) is None


@pytest.mark.parametrize(("task", "case"), cases.CALLS, ids=cases.call_name)
def test_a_call_that_asks_for_less_gives_the_same_answer(task, case):
    """In PyTorch: the fused attention, which keeps no probabilities."""
    full = tree.outcome(task, case)
    less = tree.run(tree.built(task, case.config), cases.inputs(task, case), return_dict=True)
    kept = {name: full[name] for name in less}
    assert reference.first_difference(kept, less, 1e-10) is None


@pytest.mark.parametrize("loss", cases.LOSSES, ids=str)
def test_a_loss_equals_the_oracle(loss):
    config, inputs = cases.loss_call(loss)
    arrays = cases.weights(config, loss.task)
    expected = reference.forward(config, arrays, loss.task, inputs)["loss"]
    actual = tree.loss_outcome(str(loss))["loss"]
    assert reference.first_difference({"loss": expected}, {"loss": actual}, 1e-10) is None


def test_a_callable_activation_is_applied():
    config = cases.config("relu")
    inputs = cases.inputs(cases.BARE, cases.case("ids alone"))
    arrays = cases.weights(config, cases.BARE)
    expected = reference.forward(config, arrays, cases.BARE, inputs)
    config.hidden_act = tree.relu
    actual = tree.run(tree.new(cases.BARE, config, arrays), inputs)
    assert reference.first_difference(expected, actual, 1e-10) is None


def test_a_model_without_pooler_gives_the_same_states_and_no_pooled_one():
    config = cases.config()
    arrays = cases.weights(config, cases.BARE, pooler=False)
    inputs = cases.inputs(cases.BARE, cases.case("right padding"))
    expected = reference.forward(config, arrays, cases.BARE, inputs, pooler=False)
    actual = tree.run(tree.new(cases.BARE, config, arrays, add_pooling_layer=False), inputs)
    assert reference.first_difference(expected, actual, 1e-10) is None


@pytest.mark.parametrize("dtype", [np.int32, np.int64])
def test_numpy_inputs_of_both_integer_types_are_accepted(dtype):
    inputs = cases.inputs(cases.BARE, cases.case("right padding"))
    model = tree.built(cases.BARE, "plain")
    output = tree.call(model, **{name: value.astype(dtype) for name, value in inputs.items()})
    expected = tree.run(model, inputs, return_dict=True)
    actual = cases.stages(output, tree.as_array)
    assert reference.first_difference(expected, actual, 1e-14) is None
