"""Half precision and autocast: finite everywhere, close to single precision."""

import numpy as np
import pytest
import torch

import cases
import tree_pt as tree

HALVES = {"bfloat16": (torch.bfloat16, 4e-2), "float16": (torch.float16, 6e-3)}
PLACES = ("right padding", "left padding", "a row that is all padding")
CONFIGS = ("plain", "decoder", "relative_key_query")


def in_single(config, inputs):
    return tree.run(
        tree.new(cases.MASKED, config, cases.weights(config, cases.MASKED), "float32"),
        inputs,
        "float32",
    )


def worst(expected, actual, shown):
    """The largest difference at the tokens, in units of the stage; infinite for what is not finite.

    What padding that sees nothing gets is finite and otherwise nobody's concern.
    """
    differences = []
    for name, tensor in actual.items():
        got, wanted = tensor.float().numpy(), expected[name]
        if not np.isfinite(got).all():
            return np.inf
        if not name.startswith("attentions"):
            differences.append(np.abs(got - wanted)[shown].max() / np.abs(wanted).max())
    return max(differences)


@pytest.mark.parametrize("how", ["cast", "autocast"])
@pytest.mark.parametrize("attends", ["fused", "explicit"])
@pytest.mark.parametrize("half", HALVES)
@pytest.mark.parametrize("config_name", CONFIGS)
@pytest.mark.parametrize("place", PLACES)
def test_half_precision_is_finite_and_close(place, config_name, half, attends, how):
    dtype, tolerance = HALVES[half]
    config = cases.config(config_name)
    inputs = cases.inputs(cases.MASKED, cases.case(place))
    expected = in_single(config, inputs)
    model = tree.new(cases.MASKED, config, cases.weights(config, cases.MASKED), "float32")
    model = model.to(dtype) if how == "cast" else model
    given = {name: torch.tensor(value) for name, value in inputs.items()}
    asked = {"output_attentions": attends == "explicit", "output_hidden_states": True}
    with torch.no_grad(), torch.autocast("cpu", dtype, enabled=how == "autocast"):
        output = model(**given, **asked)
    actual = cases.stages(output, lambda tensor: tensor)
    assert worst(expected, actual, inputs["attention_mask"] == 1) < tolerance


@pytest.mark.parametrize("attends", ["fused", "explicit"])
@pytest.mark.parametrize("half", HALVES)
def test_strong_scores_and_a_fully_masked_row_stay_finite_with_their_gradients(half, attends):
    config = cases.config()
    arrays = cases.weights(config, cases.MASKED)
    strong = {
        name: array * (12 if ".query." in name or ".key." in name else 1)
        for name, array in arrays.items()
    }
    model = tree.new(cases.MASKED, config, strong, "float32").to(HALVES[half][0])
    _, inputs = cases.loss_call(cases.LOSSES[0], cases.NOTHING)
    given = {name: torch.tensor(value) for name, value in inputs.items()}
    output = model(**given, output_attentions=attends == "explicit")
    output.loss.backward()
    assert torch.isfinite(output.logits).all()
    assert all(torch.isfinite(weight.grad).all() for weight in model.parameters())


@pytest.mark.parametrize("half", HALVES)
def test_the_loss_is_taken_in_single_precision(half):
    config, inputs = cases.loss_call(cases.LOSSES[0])
    model = tree.new(cases.MASKED, config, cases.weights(config, cases.MASKED), "float32")
    given = {name: torch.tensor(value) for name, value in inputs.items()}
    assert model.to(HALVES[half][0])(**given).loss.dtype == torch.float32
