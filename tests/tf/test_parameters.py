"""The table, the published names and the Keras layers say the same."""

import pytest

import camembert_dual.tf as tree
import cases
from camembert_dual.parameters import parameters


def shapes(model):
    """Path below the model's own name to shape; a path given twice is an error."""
    paths = [weight.path.partition("/")[2] for weight in model.weights]
    assert len(set(paths)) == len(paths)
    return dict(zip(paths, (tuple(weight.shape) for weight in model.weights), strict=True))


@pytest.mark.parametrize(("task", "config_name"), cases.LAYOUTS)
def test_the_weights_of_a_model_are_the_rows_of_the_table(task, config_name):
    config = cases.config(config_name)
    model = getattr(tree, f"TF{task}")(config)
    expected = {
        row.path: row.shape[::-1] if row.transposed else row.shape
        for row in parameters(config, task)
    }
    assert shapes(model) == expected


def test_a_model_without_pooler_has_the_rows_without_pooler():
    config = cases.config()
    model = tree.TFCamembertModel(config, add_pooling_layer=False)
    expected = {row.path for row in parameters(config, cases.BARE, pooler=False)}
    assert set(shapes(model)) == expected


def test_a_name_of_the_users_own_is_the_root_of_every_path():
    config = cases.config()
    model = tree.TFCamembertForMaskedLM(config, name="mine")
    assert {weight.path.split("/")[0] for weight in model.weights} == {"mine"}
    expected = {row.path for row in parameters(config, cases.MASKED)}
    assert set(shapes(model)) == expected


@pytest.mark.parametrize("task", cases.TASKS)
def test_weights_go_in_and_come_out_unchanged(task):
    config = cases.config()
    arrays = {name: one.astype("float32") for name, one in cases.weights(config, task).items()}
    model = getattr(tree, f"TF{task}")(config)
    model.load_arrays(arrays)
    found = model.to_arrays()
    assert set(found) == set(arrays)
    assert all((found[name] == arrays[name]).all() for name in arrays)
