"""The options of generate: what is refused, what the config adds, and the numbers of a seed."""

import numpy as np
import pytest

import cases
from camembert_dual.generation.options_old import GenerationOptions, check_room
from camembert_dual.generation.uniforms import draw_uniforms

BAD = (
    ({"max_new_tokens": 0}, "max_new_tokens must be an integer of at least 1; received 0."),
    ({"max_new_tokens": 2.0}, "max_new_tokens must be an integer of at least 1; received 2.0."),
    ({"num_beams": True}, "num_beams must be an integer of at least 1; received True."),
    ({"do_sample": True, "top_k": 0}, "top_k must be an integer of at least 1; received 0."),
    ({"do_sample": True, "temperature": 0}, "temperature must be a positive number; received 0."),
    (
        {"do_sample": True, "temperature": float("nan")},
        "temperature must be a positive number; received nan.",
    ),
    (
        {"do_sample": True, "top_p": 1.1},
        "top_p must be a positive number of at most 1; received 1.1.",
    ),
    ({"num_beams": 2, "length_penalty": "1"}, "length_penalty must be a number; received '1'."),
    (
        {"num_beams": 2, "early_stopping": "always"},
        "early_stopping must be True, False or 'never'; received 'always'.",
    ),
    ({"seed": -1}, "seed must be an integer of at least 0; received -1."),
    (
        {"seed": 3, "generator": object},
        "seed and generator must not be given both; received 3.",
    ),
    ({"temperature": 0.5}, "temperature must go with do_sample=True; received 0.5."),
    ({"top_p": 0.5}, "top_p must go with do_sample=True; received 0.5."),
    ({"length_penalty": 2.0}, "length_penalty must go with num_beams above 1; received 2.0."),
    ({"early_stopping": True}, "early_stopping must go with num_beams above 1; received True."),
    (
        {"num_beams": 2, "do_sample": True},
        "num_beams must be 1 with do_sample=True; received 2.",
    ),
    (
        {"eos_token_id": (2, 101)},
        "eos_token_id must be in [0, 101) (vocab_size); received [2, 101].",
    ),
    ({"pad_token_id": -1}, "pad_token_id must be in [0, 101) (vocab_size); received [-1]."),
)


@pytest.mark.parametrize(("given", "message"), BAD)
def test_a_bad_option_is_refused_with_its_rule_and_value(given, message):
    with pytest.raises(ValueError, match="received") as caught:
        GenerationOptions.for_config(cases.config("decoder"), given)
    assert str(caught.value) == message


def test_an_unknown_option_is_refused_with_the_list_of_options():
    with pytest.raises(ValueError, match=r"max_new_tokens, .*, generator; .* max_length, x\."):
        GenerationOptions.for_config(cases.config("decoder"), {"max_length": 3, "x": 1})


def test_an_encoder_does_not_generate():
    with pytest.raises(ValueError, match=r"must have is_decoder=True to generate.*received False"):
        GenerationOptions.for_config(cases.config("plain"), {})


@pytest.mark.parametrize(
    ("config", "given", "ends"),
    [(2, None, (2,)), (None, None, ()), (2, 7, (7,)), (2, [7, 9], (7, 9)), (2, (), ())],
)
def test_the_config_gives_the_end_token_that_the_call_does_not(config, given, ends):
    config = cases.config("decoder", eos_token_id=config)
    options = GenerationOptions.for_config(config, {"eos_token_id": given})
    assert (options.ends, options.padding) == (ends, config.pad_token_id)
    assert hash(options) == hash(GenerationOptions.for_config(config, {"eos_token_id": ends}))


@pytest.mark.parametrize(("ends", "count"), [((), 6), ((4,), 6), ((4, 5), 9)])
def test_enough_candidates_are_looked_at_to_keep_every_beam(ends, count):
    assert GenerationOptions(num_beams=3, eos_token_id=ends).num_candidates == count


def test_a_seed_gives_numbers_that_depend_on_it_and_fill_the_unit_interval():
    numbers = draw_uniforms(50, 40, seed=3)
    assert numbers.shape == (50, 40)
    assert numbers.dtype == np.float32
    assert (draw_uniforms(50, 40, seed=3) == numbers).all()
    assert (draw_uniforms(50, 40, seed=4) != numbers).any()
    assert 0 <= numbers.min() < 0.01 < 0.99 < numbers.max() < 1
    assert abs(numbers.mean() - 0.5) < 0.02


def test_the_room_for_a_text_is_the_position_table_behind_the_padding_index():
    config = cases.config("decoder, pad 5")  # 19 positions, 6 of them up to the padding index
    check_room(config, 6, 7)
    with pytest.raises(ValueError, match=r"at most 13 tokens together .* received 6 \+ 8 = 14\."):
        check_room(config, 6, 8)
