"""The options of generate: their rules, their file, and where they come from."""

import json
import warnings

import pytest

import cases
from camembert_dual import GenerationConfig
from camembert_dual.generation.calls import limit_of, own_options, read_keywords, spread
from camembert_dual.generation.config import DEFAULTS
from camembert_dual.generation.modes import mode_of
from camembert_dual.generation.plan import plan_of
from camembert_dual.generation.saved import read_options

BAD = (
    ({"max_new_tokens": 0}, "max_new_tokens must be an integer of at least 1; received 0."),
    ({"max_new_tokens": 2.0}, "max_new_tokens must be an integer of at least 1; received 2.0."),
    ({"num_beams": True}, "num_beams must be an integer of at least 1; received True."),
    ({"top_k": -1}, "top_k must be an integer of at least 0; received -1."),
    (
        {"do_sample": True, "temperature": 0},
        "temperature must be positive with do_sample=True; received 0.",
    ),
    (
        {"temperature": float("nan")},
        "temperature must be a number of at least 0; received nan.",
    ),
    ({"do_sample": True, "top_p": 1.1}, "top_p must be a number in [0, 1]; received 1.1."),
    ({"num_beams": 2, "length_penalty": "1"}, "length_penalty must be a number; received '1'."),
    (
        {"num_beams": 2, "early_stopping": "always"},
        "early_stopping must be True, False or 'never'; received 'always'.",
    ),
    ({"repetition_penalty": 0}, "repetition_penalty must be a positive number; received 0."),
    ({"use_cache": 1}, "use_cache must be True or False; received 1."),
    (
        {"bad_words_ids": [[3], []]},
        "bad_words_ids must be a list of lists of ids, none of them empty; received [[3], []].",
    ),
    (
        {"eos_token_id": "2"},
        "eos_token_id must be an id of a token, or a list of some (below 0 for none); ",
    ),
    (
        {"num_return_sequences": 2},
        "num_return_sequences must be at most num_beams, and 1 without do_sample and beams; ",
    ),
    ({"num_beams": 4, "num_beam_groups": 3}, "num_beam_groups must divide num_beams; received 3."),
    (
        {"num_beams": 4, "num_beam_groups": 2},
        "diversity_penalty must be above 0 with num_beam_groups, or all groups find the same; ",
    ),
    (
        {"force_words_ids": [[3]]},
        "num_beams must be above 1 with constraints or force_words_ids; received 1.",
    ),
)


@pytest.mark.parametrize(("given", "message"), BAD, ids=str)
@pytest.mark.filterwarnings("ignore:.* does nothing without:UserWarning")
def test_a_bad_option_is_refused_with_its_rule_and_value(given, message):
    with pytest.raises(ValueError, match="; received ") as caught:
        GenerationConfig(**given)
    assert str(caught.value).startswith(message)
    vars(made := GenerationConfig()).update(given)
    with pytest.raises(ValueError, match="; received ") as later:
        made.validate()
    assert str(later.value) == str(caught.value)


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ({"temperature": 0.5}, "temperature"),
        ({"top_k": 7}, "top_k"),
        ({"num_beams": 1, "early_stopping": True}, "early_stopping"),
        ({"length_penalty": 2.0}, "length_penalty"),
    ],
    ids=str,
)
def test_an_option_that_does_nothing_is_warned_of(given, name):
    with pytest.warns(UserWarning, match=f"^{name} does nothing without"):
        GenerationConfig(**given)


def test_unknown_names_are_kept_and_defaults_are_the_published_ones():
    made = GenerationConfig(foo=[3], max_new_tokens=4)
    assert made.foo == [3]
    assert made.to_diff_dict() == {"foo": [3], "max_new_tokens": 4}
    assert (made.max_length, made.top_k, made.num_beams, made.use_cache) == (20, 50, 1, True)
    assert made.update(num_beams=3, bar=1) == {"bar": 1}
    assert (made.num_beams, hasattr(made, "bar")) == (3, False)
    assert made != GenerationConfig(foo=[3], max_new_tokens=4)
    assert hash(made) == hash(GenerationConfig(foo=[3], max_new_tokens=4, num_beams=3))
    assert "foo" in repr(made)


def test_options_are_written_and_read(tmp_path):
    made = GenerationConfig(num_beams=3, eos_token_id=[7, 9], foo={"a": 1})
    made.save_pretrained(tmp_path / "new")
    written = json.loads((tmp_path / "new" / "generation_config.json").read_text())
    assert written == {"num_beams": 3, "eos_token_id": [7, 9], "foo": {"a": 1}}
    assert GenerationConfig.from_pretrained(tmp_path / "new") == made
    read, unused = GenerationConfig.from_pretrained(
        tmp_path / "new", num_beams=5, bar=2, return_unused_kwargs=True
    )
    assert (read.num_beams, read.foo, unused) == (5, {"a": 1}, {"bar": 2})
    with pytest.raises(FileNotFoundError):
        GenerationConfig.from_pretrained(tmp_path, config_file_name="other.json")


def test_what_no_file_can_hold_is_refused(tmp_path):
    made = GenerationConfig(sequence_bias={(3, 4): 1.0})
    with pytest.raises(ValueError, match="sequence_bias must be what JSON can hold"):
        made.save_pretrained(tmp_path)
    assert not list(tmp_path.iterdir())


def test_options_that_nobody_chose_follow_the_config_and_others_do_not():
    config = cases.config("decoder", eos_token_id=7)
    derived = GenerationConfig.from_model_config(config)
    assert (derived.eos_token_id, derived.pad_token_id) == (7, config.pad_token_id)
    assert own_options(derived, config) is derived
    config.eos_token_id = 9
    assert own_options(derived, config).eos_token_id == 9
    derived.num_beams = 2
    assert own_options(derived, config) is derived
    chosen = GenerationConfig(eos_token_id=7)
    assert own_options(chosen, config) is chosen


def test_the_options_of_a_folder_are_those_of_its_file_or_of_its_config(tmp_path):
    config = cases.config("decoder", eos_token_id=7)
    assert read_options(tmp_path, {}, config) == GenerationConfig.from_model_config(config)
    GenerationConfig(eos_token_id=9).save_pretrained(tmp_path)
    assert read_options(tmp_path, {}, config).eos_token_id == 9
    (tmp_path / "model.safetensors").touch()
    assert read_options(tmp_path / "model.safetensors", {}, config).eos_token_id == 9


def test_keywords_go_before_the_options_of_a_call_and_these_before_the_models():
    own = GenerationConfig(num_beams=2, max_new_tokens=3)
    options, inputs = read_keywords(own, None, {"num_beams": 4, "mask": 1}, {"self", "mask"})
    assert (options.num_beams, options.max_new_tokens, inputs) == (4, 3, {"mask": 1})
    given = GenerationConfig(num_beams=5)
    options, _ = read_keywords(own, given, {}, ())
    assert (options.num_beams, options.max_new_tokens) == (5, None)
    assert (own.num_beams, given.num_beams) == (2, 5)
    for wrong in ({"mask": 1}, {"labels": 1}):
        with pytest.raises(ValueError, match="The keywords of generate must be options of"):
            read_keywords(own, None, wrong, {"labels"})


def test_inputs_may_come_in_a_dict_or_a_list():
    assert spread({"input_ids": 1}, {"top_k": 2}) == (None, {"input_ids": 1, "top_k": 2})
    assert spread((1, 2), {}) == (None, {"input_ids": 1, "attention_mask": 2})
    assert spread(3, {"top_k": 2}) == (3, {"top_k": 2})
    with pytest.raises(ValueError, match="given once; received input_ids twice"):
        spread([1], {"input_ids": 1})


MODES = (
    ({}, "greedy_search"),
    ({"do_sample": True}, "sample"),
    ({"num_beams": 2}, "beam_search"),
    ({"num_beams": 2, "do_sample": True}, "beam_sample"),
    ({"num_beams": 2, "num_beam_groups": 2, "diversity_penalty": 0.1}, "group_beam_search"),
    ({"num_beams": 2, "force_words_ids": [[3]]}, "constrained_beam_search"),
    ({"penalty_alpha": 0.6, "top_k": 4}, "contrastive_search"),
    ({"penalty_alpha": 0.6, "top_k": 1}, "greedy_search"),
)


@pytest.mark.parametrize(("given", "mode"), MODES, ids=str)
def test_options_say_how_to_search(given, mode):
    options = GenerationConfig(**given)
    assert mode_of(options) == mode
    if mode in ("greedy_search", "sample"):
        assert mode_of(options, is_assisted=True) == "assisted_decoding"
    else:
        with pytest.raises(ValueError, match="assistant_model must go with"):
            mode_of(options, is_assisted=True)


@pytest.mark.parametrize(("ends", "count"), [(None, 6), (4, 6), ([4, 5], 9), ([-1, 4], 6)])
def test_enough_candidates_are_looked_at_to_keep_every_beam(ends, count):
    options = GenerationConfig(num_beams=3, eos_token_id=ends)
    assert plan_of(cases.config("decoder"), options).num_candidates == count


def test_one_plan_serves_all_lengths_and_returns():
    config = cases.config("decoder")
    plans = {
        plan_of(config, GenerationConfig(num_beams=2, **more))
        for more in ({}, {"max_new_tokens": 3}, {"max_length": 9}, {"output_scores": True})
    }
    assert len(plans) == 1
    assert plan_of(config, GenerationConfig(num_beams=2, min_length=4)) not in plans


@pytest.mark.parametrize("name", ["eos_token_id", "pad_token_id"])
def test_ids_that_are_no_words_are_refused(name):
    options = GenerationConfig(**{name: 101})
    with pytest.raises(ValueError, match=rf"{name} must be in \[0, 101\).*received \[101\]"):
        plan_of(cases.config("decoder"), options)


def test_an_encoder_generates_with_a_warning_and_without_a_cache():
    with pytest.warns(UserWarning, match="should have is_decoder=True"):
        assert not plan_of(cases.config("plain"), GenerationConfig()).use_cache


LENGTHS = (
    ({"max_new_tokens": 3}, 7, None),
    ({"max_length": 9}, 9, None),
    ({"max_length": None}, 17, None),
    ({"max_length": 3}, 5, "The prompt has 4 tokens and max_length is 3"),
    ({"max_new_tokens": 3, "max_length": 9}, 7, "max_new_tokens goes before max_length"),
    ({"max_new_tokens": 3, "min_length": 9}, 7, "min_length asks for 9 tokens"),
    ({"max_new_tokens": 3, "min_new_tokens": 4}, 7, "min_new_tokens asks for 8 tokens"),
)


@pytest.mark.parametrize(("given", "limit", "warning"), LENGTHS, ids=str)
def test_the_length_of_a_text_is_what_somebody_chose(given, limit, warning):
    config, options = cases.config("decoder"), GenerationConfig(**given)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        assert limit_of(config, options, given, 4, 4) == limit
    assert [warning in str(one.message) for one in caught] == [True] * (warning is not None)


def test_the_default_length_is_warned_of_where_nobody_chose_one():
    config = cases.config("decoder", max_position_embeddings=60)
    with pytest.warns(UserWarning, match="max_length has its default, 20"):
        assert limit_of(config, GenerationConfig(), {}, 4, 4) == 20


def test_the_room_for_a_text_is_the_position_table_behind_the_padding_index():
    config = cases.config("decoder, pad 5")  # 19 positions, 6 of them up to the padding index
    assert limit_of(config, GenerationConfig(max_new_tokens=7), {}, 8, 6) == 15
    with pytest.raises(ValueError, match=r"at most 13 tokens together .* received 6 \+ 8 = 14\."):
        limit_of(config, GenerationConfig(max_new_tokens=8), {}, 8, 6)


def test_defaults_are_not_shared():
    GenerationConfig().generation_kwargs["a"] = 1
    assert DEFAULTS["generation_kwargs"] == {}
