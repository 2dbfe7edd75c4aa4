"""Classes of a user's own, written in both frameworks, read each other's files."""

import numpy as np
import pytest
import torch

import cases
import own_models_pt
import own_models_tf
import tree_pt

pytestmark = pytest.mark.filterwarnings("ignore:.* starts with new, random weights:UserWarning")
IDS = np.array([[5, 11, 27, 6], [5, 34, 6, 7]])


@pytest.fixture
def base(tmp_path):
    config = cases.config(num_labels=3)
    model = tree_pt.new(cases.MASKED, config, cases.weights(config, cases.MASKED), "float32")
    model.save_pretrained(tmp_path / "base")
    return tmp_path / "base"


def test_a_model_with_own_layers_is_the_same_in_both_frameworks(base, tmp_path):
    first = own_models_pt.Tagger.from_pretrained(base)
    first.save_pretrained(tmp_path / "pt")
    second = own_models_tf.Tagger.from_pretrained(tmp_path / "pt")
    assert not second.load_report.missing
    expected = first(torch.tensor(IDS)).logits.detach()
    np.testing.assert_allclose(second(IDS).logits, expected, rtol=0, atol=1e-5)
    second.save_pretrained(tmp_path / "tf")
    third = own_models_pt.Tagger.from_pretrained(tmp_path / "tf")
    arrays = first.to_arrays()
    assert third.to_arrays().keys() == arrays.keys() == second.to_arrays().keys()
    for name, array in third.to_arrays().items():
        np.testing.assert_array_equal(array, arrays[name])
