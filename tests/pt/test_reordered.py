"""Models whose dense layers lie as the processor reads them: the same answers, and nothing else."""

import copy

import pytest
import torch
from torch import nn

import cases
import reference
import tree_pt as tree
from camembert_dual.pt.layers import gelu
from camembert_dual.pt.reordered import ReorderedDense

HALF = 2e-2  # of a stage's largest number, in bfloat16


def model_of(task=cases.MASKED, name="plain", dtype="float32"):
    config = cases.config(name)
    return tree.new(task, config, cases.weights(config, task), dtype)


@pytest.mark.parametrize("task", cases.TASKS)
@pytest.mark.parametrize("name", ["right padding", "left padding", "ids alone"])
def test_the_answers_are_those_of_the_model(task, name):
    model, inputs = model_of(task), cases.inputs(task, cases.case(name))
    expected = tree.run(model, inputs, "float32", return_dict=True)
    actual = tree.run(model.optimize_for_inference(), inputs, "float32", return_dict=True)
    assert reference.first_difference(expected, actual, 1e-4) is None


@pytest.mark.parametrize("name", ["gelu_new", "relu", "silu", "pruned", "untied"])
def test_every_activation_and_shape_is_kept(name):
    model, inputs = model_of(name=name), cases.inputs(cases.MASKED, cases.case("right padding"))
    fast = model.optimize_for_inference()
    expected = tree.run(model, inputs, "float32", return_dict=True)
    actual = tree.run(fast, inputs, "float32", return_dict=True)
    assert reference.first_difference(expected, actual, 1e-4) is None


def test_a_model_in_bfloat16_answers_in_it():
    model = model_of().bfloat16()
    inputs = {"input_ids": torch.tensor([[5, 6, 7, 8]])}
    with torch.no_grad():
        expected = model(**inputs).logits
        actual = model.optimize_for_inference()(**inputs).logits
    assert actual.dtype == torch.bfloat16
    scale = expected.float().abs().max()
    assert (actual.float() - expected.float()).abs().max() < HALF * scale


def test_a_layer_gives_the_affine_map_and_the_exact_gelu():
    layer = nn.Linear(7, 11)
    states = torch.linspace(-3, 3, 2 * 5 * 7).reshape(2, 5, 7)
    wide = layer.weight.double() @ states.double().unsqueeze(-1)
    wide = wide.squeeze(-1) + layer.bias.double()
    expected = 0.5 * wide * (1 + torch.erf(wide / 2**0.5))
    actual = ReorderedDense(layer, gelu)(states)
    assert torch.allclose(actual.double(), expected, rtol=0, atol=1e-6)


def test_every_dense_layer_is_reordered_and_every_other_weight_is_shared():
    model = model_of()
    fast = model.optimize_for_inference()
    dense = [one for one in model.modules() if type(one) is nn.Linear]
    assert len([one for one in fast.modules() if type(one) is ReorderedDense]) == len(dense) > 10
    assert not [one for one in fast.modules() if type(one) is nn.Linear]
    places = {one.data_ptr() for one in model.parameters()}
    assert {one.data_ptr() for one in fast.parameters()} <= places


def test_the_model_stays_as_it_was():
    model = model_of().train()
    before = copy.deepcopy(model.state_dict())
    model.optimize_for_inference()
    assert model.training
    assert all(one.requires_grad for one in model.parameters())
    after = model.state_dict()
    assert list(before) == list(after)
    assert all(torch.equal(before[name], after[name]) for name in before)


def test_training_and_saving_are_refused_in_one_line(tmp_path):
    fast = model_of().optimize_for_inference()
    with pytest.raises(
        ValueError, match=r"^A model .* must stay in evaluation; received train\(\)\.$"
    ):
        fast.train()
    with pytest.raises(ValueError, match=r"^[^\n]*must[^\n]*$"):
        fast.save_pretrained(tmp_path / "fast")
    assert not (tmp_path / "fast").exists()
    loss = fast(torch.tensor([[5, 6]]), labels=torch.tensor([[7, 8]])).loss
    assert not loss.requires_grad


def test_a_model_elsewhere_is_refused():
    config = cases.config()
    model = tree.model_class(cases.BARE)(config).to("meta")
    with pytest.raises(ValueError, match=r"must be on a CPU, .*; received meta"):
        model.optimize_for_inference()


def test_texts_are_generated_as_before():
    config = cases.config("decoder")
    model = tree.new(cases.CAUSAL, config, cases.weights(config, cases.CAUSAL), "float32")
    prompt = torch.tensor([[5, 6, 7]])
    options = {"max_new_tokens": 5, "do_sample": False}
    expected = model.generate(prompt, **options)
    assert torch.equal(model.optimize_for_inference().generate(prompt, **options), expected)
