"""The name of a Keras model is the root of the paths of its weights."""

import cases
import tree_tf as tree
from camembert_dual.parameters import parameters


def test_a_name_of_the_users_own_is_the_root_of_every_path():
    config = cases.config()
    model = tree.tree.TFCamembertForMaskedLM(config, name="mine")
    assert {weight.path.split("/")[0] for weight in model.weights} == {"mine"}
    expected = {row.path for row in parameters(config, cases.MASKED)}
    assert set(tree.shapes(model)) == expected
