"""The numbers of a seed, and what makes them."""

import numpy as np
import pytest

import cases
from camembert_dual import GenerationConfig
from camembert_dual.generation.plan import plan_of
from camembert_dual.generation.uniforms import check_draws, draw_uniforms, shape_of_draws


def test_a_seed_gives_numbers_that_depend_on_it_and_fill_the_unit_interval():
    numbers = draw_uniforms((50, 40), 3)
    assert numbers.shape == (50, 40)
    assert numbers.dtype == np.float32
    assert (draw_uniforms((50, 40), 3) == numbers).all()
    assert (draw_uniforms((50, 40), 4) != numbers).any()
    assert (draw_uniforms((50, 40), [3, 1]) != numbers).any()
    assert 0 <= numbers.min() < 0.01 < 0.99 < numbers.max() < 1
    assert abs(numbers.mean() - 0.5) < 0.02


@pytest.mark.parametrize(
    ("given", "shape"),
    [
        ({}, (5, 0)),
        ({"do_sample": True, "num_return_sequences": 2}, (5, 6)),
        ({"do_sample": True, "num_beams": 2}, (5, 3, 4)),
    ],
    ids=str,
)
def test_each_step_has_numbers_for_all_that_it_draws(given, shape):
    plan = plan_of(cases.config("decoder"), GenerationConfig(**given))
    assert shape_of_draws(plan, 5, 3) == shape


@pytest.mark.parametrize("seed", [-1, 2.0, True, "3", [1, -1]])
def test_a_bad_seed_is_refused(seed):
    with pytest.raises(ValueError, match="seed must be an integer of at least 0, or a list"):
        check_draws(seed, None)


def test_a_seed_and_a_generator_are_not_given_both():
    with pytest.raises(ValueError, match="must not be given both; received 3"):
        check_draws(3, object)
