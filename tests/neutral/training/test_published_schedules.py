"""The published schedules' factors, against corners and formulas written for whole arrays."""

import numpy as np
import pytest

from camembert_dual.training import published_schedules as schedules

PHASES = [(0, 7), (1, 13), (11, 103), (102, 103), (5, 5), (9, 4)]


def found(function, steps, **numbers):
    return [function(step, **numbers) for step in steps]


@pytest.mark.parametrize("warmup", [0, 1, 11])
def test_the_constant_rises_and_stays(warmup):
    steps = np.arange(31)
    expected = np.interp(steps, [0, warmup], [0.0, 1.0]) if warmup else np.ones(31)
    np.testing.assert_allclose(found(schedules.constant, steps, warmup_steps=warmup), expected)


@pytest.mark.parametrize(("warmup", "total"), PHASES)
def test_the_line_and_the_polynomials_end_where_they_are_told(warmup, total):
    steps = np.arange(total + warmup + 5)
    rise = steps / max(warmup, 1)
    left = np.clip((total - steps) / max(total - warmup, 1), 0, 1)
    line = np.where(steps < warmup, rise, left)
    numbers = {"warmup_steps": warmup, "total_steps": total}
    np.testing.assert_allclose(found(schedules.linear, steps, **numbers), line, atol=1e-12)
    if warmup >= total:
        return  # there is no curve between them
    for power, smallest in ((1.0, 0.0), (2.0, 0.125), (0.5, 0.01)):
        expected = np.where(steps < warmup, rise, smallest + (1 - smallest) * left**power)
        curve = found(schedules.polynomial, steps, power=power, smallest=smallest, **numbers)
        np.testing.assert_allclose(curve, expected, atol=1e-12)


@pytest.mark.parametrize(("warmup", "total"), PHASES[:4])
@pytest.mark.parametrize("cycles", [0.5, 1.0, 1.75])
def test_the_cosine_makes_its_waves(warmup, total, cycles):
    steps = np.arange(total + 1)
    angle = 2 * np.pi * cycles * (steps - warmup) / (total - warmup)
    expected = np.where(steps < warmup, steps / max(warmup, 1), np.cos(angle / 2) ** 2)
    numbers = {"warmup_steps": warmup, "total_steps": total, "cycles": cycles}
    np.testing.assert_allclose(found(schedules.cosine, steps, **numbers), expected, atol=1e-12)


def test_restarts_begin_at_the_peak_and_the_end_is_nothing():
    numbers = {"warmup_steps": 10, "total_steps": 40, "cycles": 3}
    curve = np.array(found(schedules.cosine_with_restarts, range(50), **numbers))
    np.testing.assert_allclose(curve[[10, 20, 30]], 1.0, atol=1e-12)
    np.testing.assert_allclose(curve[[15, 25, 35]], 0.5, atol=1e-12)
    assert (curve[40:] == 0).all()
    assert (np.diff(curve[10:20]) < 0).all()
    np.testing.assert_allclose(curve[10:20], curve[20:30], atol=1e-12)


def test_the_inverse_square_root_halves_in_four_times_the_steps():
    curve = found(schedules.inverse_sqrt, range(500), warmup_steps=7)
    np.testing.assert_allclose([curve[7], curve[28], curve[63]], [1, 1 / 2, 1 / 3], atol=1e-12)
    shifted = found(schedules.inverse_sqrt, range(500), warmup_steps=7, timescale=20)
    np.testing.assert_allclose([shifted[7], shifted[67], shifted[3]], [1, 1 / 2, 3 / 7], atol=1e-12)
    assert schedules.inverse_sqrt(30_000, warmup_steps=0) == 0.5
