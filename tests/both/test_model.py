"""A tree against the NumPy oracle: every stage of every call of the matrix."""

import numpy as np
import pytest

import cases
import reference
import reference_losses
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


@pytest.mark.parametrize("task", [cases.CAUSAL, cases.MASKED, cases.TOKEN])
def test_a_reduction_sees_the_loss_of_each_label_where_the_label_stands(task):
    generator = cases.generator("labels that stand somewhere")
    logits, labels = generator.normal(size=(2, 5, 11)), generator.integers(0, 11, (2, 5))
    labels[1, 3] = -100
    seen = []

    def reduction(losses, is_valid):
        seen.append((np.asarray(losses), np.asarray(is_valid)))
        return losses[0, 0]

    tree.built(task, "plain").head_loss(tree.tensor(labels), tree.tensor(logits), reduction)
    ((losses, is_valid),) = seen
    scores = reference_losses.log_softmax(logits)
    for row, place in np.ndindex(2, 5):
        before = place - (task == cases.CAUSAL)
        counts = before >= 0 and labels[row, place] != -100
        assert is_valid[row, place] == counts
        if counts:
            expected = -scores[row, before, labels[row, place]]
            np.testing.assert_allclose(losses[row, place], expected, rtol=0, atol=1e-10)


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
