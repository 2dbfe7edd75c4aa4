"""Gradients of every weight against central differences of the NumPy oracle's loss."""

import numpy as np
import pytest

import cases
import reference
from backend import tree

LOOKED_UP = ("word_embeddings.weight", "position_embeddings.weight")


@pytest.mark.parametrize("training", cases.TRAININGS, ids=str)
def test_every_gradient_equals_the_slope_of_the_oracle(training):
    config, inputs = cases.training_call(training)
    task = training.loss.task
    arrays = cases.weights(config, task)
    _, gradients = tree.training_outcome(training.name)
    assert set(gradients) == set(arrays)
    random = cases.generator("directions", training.name)
    wrong = {}
    for name, array in arrays.items():
        direction = random.normal(0, 1, array.shape)
        if name.endswith(LOOKED_UP):  # a look-up gives its padding row no gradient
            direction[config.pad_token_id] = 0
        expected = reference.slope(config, arrays, task, inputs, name, direction)
        actual = float((gradients[name] * direction).sum())
        if not abs(actual - expected) <= 1e-7 * (1 + abs(expected)):
            wrong[name] = (actual, expected)
    assert not wrong


def test_the_padding_rows_of_look_ups_get_no_gradient():
    training = next(one for one in cases.TRAININGS if one.name == "token")
    config, inputs = cases.training_call(training)
    _, gradients = tree.training_outcome(training.name)
    assert (inputs["input_ids"] == config.pad_token_id).any()
    for name in LOOKED_UP:
        row = gradients[f"roberta.embeddings.{name}"][config.pad_token_id]
        assert np.array_equal(row, np.zeros_like(row))


def test_a_tied_decoder_gives_its_padding_row_a_gradient():
    training = next(one for one in cases.TRAININGS if one.name == "masked")
    config, _ = cases.training_call(training)
    _, gradients = tree.training_outcome(training.name)
    row = gradients["roberta.embeddings.word_embeddings.weight"][config.pad_token_id]
    assert np.abs(row).max() > 1e-6


def test_a_fully_masked_row_has_finite_gradients():
    config, inputs = cases.loss_call(cases.LOSSES[0], cases.NOTHING)
    arrays = cases.weights(config, cases.MASKED)
    loss, gradients = tree.gradients(tree.new(cases.MASKED, config, arrays), inputs)
    assert np.isfinite(loss)
    assert all(np.isfinite(array).all() for array in gradients.values())
