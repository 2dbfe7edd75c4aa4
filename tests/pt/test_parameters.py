"""The table, the published names and the PyTorch modules say the same."""

import pytest

import camembert_dual.pt as tree
import cases
from camembert_dual.parameters import parameters


@pytest.mark.parametrize(("task", "config_name"), cases.LAYOUTS)
def test_the_weights_of_a_model_are_the_rows_of_the_table(task, config_name):
    config = cases.config(config_name)
    model = getattr(tree, task)(config)
    expected = {row.name: row.shape for row in parameters(config, task)}
    actual = {name: tuple(array.shape) for name, array in model.state_dict().items()}
    assert actual == expected
    assert {name for name, _ in model.named_parameters()} == set(expected)


def test_a_model_without_pooler_has_the_rows_without_pooler():
    config = cases.config()
    model = tree.CamembertModel(config, add_pooling_layer=False)
    expected = {row.name: row.shape for row in parameters(config, cases.BARE, pooler=False)}
    assert {name: tuple(one.shape) for name, one in model.state_dict().items()} == expected


@pytest.mark.parametrize("task", cases.TASKS)
def test_weights_go_in_and_come_out_unchanged(task):
    config = cases.config()
    arrays = {name: one.astype("float32") for name, one in cases.weights(config, task).items()}
    model = getattr(tree, task)(config)
    model.load_arrays(arrays)
    found = model.to_arrays()
    assert set(found) == set(arrays)
    assert all((found[name] == arrays[name]).all() for name in arrays)
