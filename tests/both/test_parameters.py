"""The table, the published names and the weights of the modules say the same."""

import pytest

import cases
from backend import tree
from camembert_dual.parameters import parameters


@pytest.mark.parametrize(("task", "config_name"), cases.LAYOUTS)
def test_the_weights_of_a_model_are_the_rows_of_the_table(task, config_name):
    config = cases.config(config_name)
    expected = dict(tree.stored(row) for row in parameters(config, task))
    assert tree.shapes(tree.model_class(task)(config)) == expected


def test_a_model_without_pooler_has_the_rows_without_pooler():
    config = cases.config()
    model = tree.model_class(cases.BARE)(config, add_pooling_layer=False)
    expected = dict(tree.stored(row) for row in parameters(config, cases.BARE, pooler=False))
    assert tree.shapes(model) == expected


@pytest.mark.parametrize("task", cases.TASKS)
def test_weights_go_in_and_come_out_unchanged(task):
    config = cases.config()
    arrays = {name: one.astype("float32") for name, one in cases.weights(config, task).items()}
    model = tree.model_class(task)(config)
    model.load_arrays(arrays)
    found = model.to_arrays()
    assert set(found) == set(arrays)
    assert all((found[name] == arrays[name]).all() for name in arrays)
