"""The schedules of the published names on an optimiser."""

import pickle

import numpy as np
import pytest
import torch

import camembert_dual
from camembert_dual import SchedulerType, get_scheduler
from camembert_dual.training import published_schedules as schedules

PEAK, WARMUP, TOTAL = 0.25, 3, 13
MAKERS = {
    "linear": camembert_dual.get_linear_schedule_with_warmup,
    "cosine": camembert_dual.get_cosine_schedule_with_warmup,
    "cosine_with_restarts": camembert_dual.get_cosine_with_hard_restarts_schedule_with_warmup,
    "polynomial": camembert_dual.get_polynomial_decay_schedule_with_warmup,
}
SHORT = {
    "constant_with_warmup": camembert_dual.get_constant_schedule_with_warmup,
    "inverse_sqrt": camembert_dual.get_inverse_sqrt_schedule,
}
OPTIONS = {
    "cosine": {"cycles": 0.5},
    "cosine_with_restarts": {"cycles": 1},
    "polynomial": {"power": 1.0, "smallest": 1e-7 / PEAK},
}


def optimizer():
    return torch.optim.SGD([torch.nn.Parameter(torch.ones(2))], lr=PEAK)


def rates(schedule, steps=TOTAL + 4):
    found = []
    for _ in range(steps):
        found.append(schedule.get_last_lr()[0])
        schedule.optimizer.step()
        schedule.step()
    return found


@pytest.mark.parametrize("name", [*MAKERS, *SHORT, "constant"])
def test_a_name_gives_the_schedule_and_its_numbers(name):
    numbers = {"warmup_steps": WARMUP, "total_steps": TOTAL} if name in MAKERS else {}
    numbers = {"warmup_steps": WARMUP} if name in SHORT else numbers
    function = getattr(schedules, name.removesuffix("_with_warmup"))
    expected = [PEAK * function(step, **numbers, **OPTIONS.get(name, {})) for step in range(17)]
    for word in (name, SchedulerType(name)):
        found = rates(get_scheduler(word, optimizer(), WARMUP, TOTAL))
        np.testing.assert_allclose(found, expected, rtol=1e-12)
    if name in MAKERS:
        np.testing.assert_allclose(rates(MAKERS[name](optimizer(), WARMUP, TOTAL)), expected)
    if name in SHORT:
        np.testing.assert_allclose(rates(SHORT[name](optimizer(), WARMUP)), expected)


def test_a_schedule_goes_on_where_its_state_was_saved():
    whole = rates(get_scheduler("cosine", optimizer(), WARMUP, TOTAL))
    first = get_scheduler("cosine", optimizer(), WARMUP, TOTAL)
    rates(first, 5)
    state = pickle.loads(pickle.dumps(first.state_dict()))
    second = get_scheduler("cosine", optimizer(), WARMUP, TOTAL)
    second.load_state_dict(state)
    second.optimizer.step()
    second.step()
    assert second.get_last_lr()[0] == pytest.approx(whole[6], rel=1e-12)


def test_the_plateau_waits_for_a_measure():
    schedule = get_scheduler("reduce_lr_on_plateau", optimizer())
    assert isinstance(schedule, torch.optim.lr_scheduler.ReduceLROnPlateau)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("ramp",), r"A schedule must be one of linear, .*; received 'ramp'\."),
        (("linear",), r"The schedule linear must be given num_warmup_steps; received None\."),
        (("linear", 3), r"The schedule linear must be given num_training_steps; received None\."),
        (("inverse_sqrt",), r"inverse_sqrt must be given num_warmup_steps; received None\."),
    ],
)
def test_a_missing_number_or_an_unknown_name_is_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        get_scheduler(arguments[0], optimizer(), *arguments[1:])


def test_the_end_of_a_polynomial_is_below_its_peak():
    with pytest.raises(ValueError, match=r"lr_end must be below the optimiser's lr=0.25; received"):
        camembert_dual.get_polynomial_decay_schedule_with_warmup(optimizer(), 1, 9, lr_end=0.25)
