"""Weights go into a PyTorch model whose layers compute theirs, and come out the same."""

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.utils import parametrizations, parametrize

import cases
import tree_pt

QUERY = "roberta.encoder.layer.0.attention.self.query"


class Doubled(nn.Module):
    """A parametrisation that knows its inverse."""

    def forward(self, weight):
        return weight * 2

    def right_inverse(self, weight):
        return weight / 2


class Squared(nn.Module):
    """One that does not."""

    def forward(self, weight):
        return weight**2


def model_of():
    config = cases.config()
    return tree_pt.new(cases.MASKED, config, cases.weights(config, cases.MASKED))


def doubled(layer):
    parametrize.register_parametrization(layer, "weight", Doubled())


@pytest.mark.parametrize("change", [doubled, parametrizations.weight_norm])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_a_computed_weight_takes_the_values_that_give_what_is_loaded(change, dtype):
    other = model_of()
    arrays = {name: (array * 1.5).astype(dtype) for name, array in other.to_arrays().items()}
    model = model_of()
    change(model.get_submodule(QUERY))
    report = model.load_arrays(arrays)
    assert f"{QUERY}.weight" in report.loaded
    other.load_arrays(arrays)
    found, expected = model.to_arrays(), other.to_arrays()
    assert found.keys() == expected.keys()
    for name, array in expected.items():
        assert np.abs(found[name] - array).max() < 1e-12, name
    ids = torch.tensor([[5, 9, 33, 7]])
    assert torch.allclose(model(ids).logits, other(ids).logits, atol=1e-10, rtol=0)


def test_a_computed_weight_that_cannot_be_set_is_refused_by_name():
    model = model_of()
    parametrize.register_parametrization(model.get_submodule(QUERY), "weight", Squared())
    arrays = model_of().to_arrays()
    with pytest.raises(ValueError, match=rf"^{QUERY}\.weight must be set by a right_inverse"):
        model.load_arrays(arrays)
