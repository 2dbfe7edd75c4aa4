"""AdamW of the published name, against the equations in float64, one number at a time."""

import math

import pytest
import torch

import camembert_dual


def expected(weight, gradients, *, lr, betas, eps, decay, correct):
    """The weight after these gradients, step by step (Kingma and Ba 2015, algorithm 1; decay)."""
    mean = square = 0.0
    for step, gradient in enumerate(gradients, 1):
        mean = betas[0] * mean + (1 - betas[0]) * gradient
        square = betas[1] * square + (1 - betas[1]) * gradient**2
        size = lr
        if correct:
            size = lr * math.sqrt(1 - betas[1] ** step) / (1 - betas[0] ** step)
        weight -= size * mean / (math.sqrt(square) + eps)
        weight -= lr * decay * weight
    return weight


CASES = [
    {},
    {"weight_decay": 0.3},
    {"correct_bias": False, "weight_decay": 0.01},
    {"lr": 0.2, "betas": (0.5, 0.7), "eps": 0.1},
]


@pytest.mark.parametrize("options", CASES)
def test_steps_follow_the_equations(options):
    weights = torch.nn.Parameter(torch.tensor([0.5, -2.0, 3.0], dtype=torch.float64))
    start = weights.tolist()
    optimizer = camembert_dual.AdamW([weights], no_deprecation_warning=True, **options)
    rows = [[0.3, -0.1, 0.0], [0.5, 0.2, 0.0], [-0.2, 1.0, 1e-9]]
    for row in rows:
        weights.grad = torch.tensor(row, dtype=torch.float64)
        optimizer.step()
    defaults = {"lr": 1e-3, "betas": (0.9, 0.999), "eps": 1e-6}
    numbers = {name: options.get(name, value) for name, value in defaults.items()}
    for column, (begun, found) in enumerate(zip(start, weights.tolist(), strict=True)):
        gradients = [row[column] for row in rows]
        decay, correct = options.get("weight_decay", 0.0), options.get("correct_bias", True)
        told = expected(begun, gradients, decay=decay, correct=correct, **numbers)
        assert found == pytest.approx(told, rel=1e-12, abs=1e-14)


def test_it_says_that_pytorch_has_one():
    weights = [torch.nn.Parameter(torch.ones(2))]
    with pytest.warns(FutureWarning, match=r"use torch\.optim\.AdamW\.$") as told:
        camembert_dual.AdamW(weights)
    assert told[0].filename == __file__


def test_a_closure_is_computed_with_gradients_and_a_state_is_taken_up():
    weights = torch.nn.Parameter(torch.tensor([1.0, 2.0]))
    optimizer = camembert_dual.AdamW(
        [{"params": [weights], "lr": 0.1}], no_deprecation_warning=True
    )

    def closure():
        optimizer.zero_grad()
        loss = (weights**2).sum()
        loss.backward()
        return loss

    assert optimizer.step(closure).item() == 5
    again = camembert_dual.AdamW([weights], no_deprecation_warning=True)
    again.load_state_dict(optimizer.state_dict())
    assert again.state[weights]["step"] == 1
    assert again.param_groups[0]["lr"] == 0.1


@pytest.mark.parametrize(
    ("options", "rule"),
    [
        ({"lr": -1.0}, "lr must"),
        ({"betas": (0.9, 1.0)}, "betas must"),
        ({"eps": -1e-9}, "eps must"),
    ],
)
def test_numbers_outside_their_range_are_refused(options, rule):
    weights = [torch.nn.Parameter(torch.ones(2))]
    with pytest.raises(ValueError, match=rule):
        camembert_dual.AdamW(weights, no_deprecation_warning=True, **options)


def test_sparse_gradients_are_refused():
    table = torch.nn.Embedding(5, 3, sparse=True)
    optimizer = camembert_dual.AdamW(table.parameters(), no_deprecation_warning=True)
    table(torch.tensor([1])).sum().backward()
    with pytest.raises(ValueError, match=r"dense gradients; received a sparse one\.$"):
        optimizer.step()
