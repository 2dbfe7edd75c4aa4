"""PyTorch equals TensorFlow: every stage of every call of the matrix, in both precisions."""

import pytest

import cases
import reference
import tree_pt
import tree_tf

TOLERANCES = [("float64", 1e-10), ("float32", 1e-5)]


@pytest.mark.parametrize(("task", "case"), cases.CALLS, ids=cases.call_name)
def test_every_stage_of_a_call_is_the_same_in_both(task, case):
    pt, tf = (tree.outcome(task, case) for tree in (tree_pt, tree_tf))
    assert all(array.dtype == "float64" for array in (*pt.values(), *tf.values()))
    assert reference.first_difference(pt, tf, 1e-10) is None


@pytest.mark.parametrize(("task", "case"), cases.SINGLE_CALLS, ids=cases.call_name)
def test_every_stage_of_a_call_is_the_same_in_single_precision(task, case):
    pt, tf = (tree.outcome(task, case, "float32") for tree in (tree_pt, tree_tf))
    assert all(array.dtype == "float32" for array in (*pt.values(), *tf.values()))
    assert reference.first_difference(pt, tf, 1e-5) is None


@pytest.mark.parametrize(("dtype", "tolerance"), TOLERANCES)
@pytest.mark.parametrize("loss", cases.LOSSES, ids=str)
def test_a_loss_is_the_same_scalar_in_both(loss, dtype, tolerance):
    pt, tf = (tree.loss_outcome(str(loss), dtype) for tree in (tree_pt, tree_tf))
    assert pt["loss"].shape == tf["loss"].shape == ()
    assert reference.first_difference(pt, tf, tolerance) is None


def test_a_deep_model_is_the_same_in_both_in_single_precision():
    sizes = {"num_hidden_layers": 12, "hidden_size": 96, "num_attention_heads": 12}
    config = cases.config(**sizes, intermediate_size=384)
    arrays = cases.weights(config, cases.MASKED)
    inputs = cases.inputs(cases.MASKED, cases.case("right padding"))
    pt, tf = (
        tree.run(tree.new(cases.MASKED, config, arrays, "float32"), inputs, "float32")
        for tree in (tree_pt, tree_tf)
    )
    assert reference.first_difference(pt, tf, 1e-4) is None
