"""Classifier-free guidance, and the ways to search as methods of the model."""

import numpy as np
import pytest

import camembert_dual
import cases
import generation_oracle as oracle
from backend import tree
from camembert_dual import (
    BeamSearchScorer,
    GenerationConfig,
    set_seed,
)

IS_TF = tree.NAME == "tf"
LIMIT = 4
ENDLESS = {"eos_token_id": None}
NEGATIVE = [[1, 9, 12], [7, 8, 10]]  # the first is padded


@pytest.fixture(autouse=True)
def without_graphs(monkeypatch):
    tree.search_without_graphs(monkeypatch)


def model_of(config="decoder"):
    return tree.built(oracle.TASK, config)


def scores_after(model, ids, mask):
    inputs = {"input_ids": tree.tensor(ids), "attention_mask": tree.tensor(mask)}
    logits = tree.as_array(model(**inputs).logits)[:, -1]
    return logits - np.log(np.exp(logits).sum(axis=-1, keepdims=True))


@pytest.mark.parametrize(("beams", "has_negative"), [(1, True), (1, False), (3, True)])
def test_guidance_weighs_two_readings(beams, has_negative):
    model, scale = model_of(), 1.7
    ids = np.array([[5, 8, 9], [6, 7, 11]])
    negative = np.array(NEGATIVE) if has_negative else ids[:, -1:]
    given = {"negative_prompt_ids": tree.tensor(negative)} if has_negative else {}
    mask = (negative != 1).astype(np.int64)
    if has_negative:
        given["negative_prompt_attention_mask"] = tree.tensor(mask)
    kept = {"return_dict_in_generate": True, "output_scores": True, "num_beams": beams}
    options = {"max_new_tokens": LIMIT, "guidance_scale": scale, **ENDLESS, **kept, **given}
    found = model.generate(tree.tensor(ids), **options)
    texts = tree.as_array(found.sequences)
    if beams == 1:
        for step, seen in enumerate(found.scores):
            written = texts[:, 3 : 3 + step]
            ones = np.ones_like(texts[:, : 3 + step])
            positive = scores_after(model, texts[:, : 3 + step], ones)
            other = np.concatenate([negative, written], axis=1)
            counted = np.concatenate([mask, np.ones_like(written)], axis=1)
            plain = scores_after(model, other, counted)
            expected = plain + scale * (positive - plain)
            np.testing.assert_allclose(tree.as_array(seen), expected, atol=1e-10)
    best = np.array(sum_of_guided(model, texts, negative, mask, scale))
    one = model.generate(tree.tensor(ids), **{**options, "num_beams": 1}).sequences
    assert (best >= np.array(sum_of_guided(model, tree.as_array(one), negative, mask, scale))).all()


def sum_of_guided(model, texts, negative, mask, scale):
    """What a search by guided scores maximises, of each text."""
    total = np.zeros(len(texts))
    for length in range(3, texts.shape[1]):
        written = texts[:, 3:length]
        positive = scores_after(model, texts[:, :length], np.ones_like(texts[:, :length]))
        other = np.concatenate([negative, written], axis=1)
        plain = scores_after(model, other, np.concatenate([mask, np.ones_like(written)], axis=1))
        guided = plain + scale * (positive - plain)
        total += np.take_along_axis(guided, texts[:, length : length + 1], axis=1)[:, 0]
    return total


def test_a_scale_of_one_changes_nothing():
    ids = tree.tensor([[5, 8, 9]])
    plain, one = (
        tree.as_array(model_of().generate(ids, max_new_tokens=LIMIT, **ENDLESS, **more))
        for more in ({}, {"guidance_scale": 1.0, "negative_prompt_ids": tree.tensor([[9]])})
    )
    np.testing.assert_array_equal(plain, one)


def test_a_prompt_goes_on_from_a_cache():
    model, ids = model_of(), np.array([[1, 8, 9, 6, 7], [6, 7, 11, 8, 5]])
    mask = (ids != 1).astype(np.int64)
    read = model(
        input_ids=tree.tensor(ids[:, :3]), attention_mask=tree.tensor(mask[:, :3]), use_cache=True
    )
    given = {"attention_mask": tree.tensor(mask), "max_new_tokens": LIMIT, **ENDLESS}
    for beams in (1, 3):
        whole = model.generate(tree.tensor(ids), **given, num_beams=beams)
        rest = model.generate(
            tree.tensor(ids), past_key_values=read.past_key_values, **given, num_beams=beams
        )
        np.testing.assert_array_equal(tree.as_array(whole), tree.as_array(rest))
    with pytest.raises(ValueError, match="must have read fewer than the 3 tokens"):
        model.generate(tree.tensor(ids[:, :3]), past_key_values=read.past_key_values)


def test_positions_are_counted():
    ids = tree.tensor([[5, 8, 9]])
    with pytest.warns(UserWarning, match="position_ids does nothing in generate"):
        found = model_of().generate(ids, position_ids=ids, max_new_tokens=2, **ENDLESS)
    plain = model_of().generate(ids, max_new_tokens=2, **ENDLESS)
    np.testing.assert_array_equal(tree.as_array(found), tree.as_array(plain))


@pytest.mark.parametrize("task", [one for one in cases.TASKS if one != oracle.TASK])
def test_other_classes_say_which_one_generates(task):
    with pytest.raises(TypeError, match="CamembertForCausalLM, which predicts the next token"):
        tree.built(task, "decoder").generate(tree.tensor([[5, 8]]))


def test_options_may_be_given_when_a_model_is_loaded(tmp_path):
    model_of().save_pretrained(tmp_path)
    options = GenerationConfig(num_beams=3, max_new_tokens=2)
    loaded = type(model_of()).from_pretrained(tmp_path, generation_config=options)
    assert loaded.generation_config.num_beams == 3
    assert not hasattr(loaded.config, "generation_config")


# methods ---------------------------------------------------------------------------------------


def prompts():
    inputs = oracle.batch(oracle.PROMPTS, 1)
    return inputs["input_ids"], inputs["attention_mask"]


def same(method, generated):
    np.testing.assert_array_equal(tree.as_array(method), tree.as_array(generated))


def test_one_text_a_prompt_is_searched_by_methods():
    model, (ids, mask) = model_of(), prompts()
    given = {"attention_mask": tree.tensor(mask)}
    length = ids.shape[1] + LIMIT
    model.generation_config.eos_token_id = None
    ids = tree.tensor(ids)
    weighed = {"top_k": 3, "penalty_alpha": 0.6}
    for name, options in (("greedy_search", {}), ("contrastive_search", weighed)):
        found = getattr(model, name)(ids, max_length=length, **options, **given)
        same(found, model.generate(ids, max_length=length, **options, **given))
    found = model.sample(ids, max_length=length, seed=5, **given)
    given |= {"seed": 5, "do_sample": True, "top_k": 0}
    same(found, model.generate(ids, max_length=length, **given))


def test_beams_are_searched_by_a_method():
    model, (ids, mask) = model_of(), prompts()
    model.generation_config.eos_token_id = None
    length, beams = ids.shape[1] + LIMIT, 4
    given = {"max_length": length}
    expected = model.generate(
        tree.tensor(ids), attention_mask=tree.tensor(mask), num_beams=beams, **given
    )
    if IS_TF:
        several = [np.repeat(one[:, None], beams, axis=1) for one in (ids, mask)]
        found = model.beam_search(
            tree.tensor(several[0]), attention_mask=tree.tensor(several[1]), **given
        )
    else:
        several = [np.repeat(one, beams, axis=0) for one in (ids, mask)]
        scorer = BeamSearchScorer(len(ids), beams, "cpu")
        found = model.beam_search(
            tree.tensor(several[0]), scorer, attention_mask=tree.tensor(several[1]), **given
        )
    same(found, expected)


def test_a_seed_repeats_draws():
    ids, model, found = tree.tensor([[5, 8]]), model_of(), []
    for _ in range(2):
        set_seed(5)
        found.append(model.generate(ids, do_sample=True, max_new_tokens=8, **ENDLESS))
    same(*found)


def test_a_method_refuses_what_it_does_not_take():
    ids = tree.tensor([[5, 8]])
    first = "max_length" if IS_TF else "logits_processor"
    with pytest.raises(ValueError, match=rf"must be given once; received {first} twice"):
        model_of().greedy_search(ids, None, **{first: None})
    with pytest.raises(ValueError, match="greedy_search must be given at most"):
        model_of().greedy_search(ids, *[None] * 20)


def test_scores_are_filtered_in_one_call():
    """The two highest of four, then those that reach a half; and one in any case."""
    name = "tf_top_k_top_p_filtering" if IS_TF else "top_k_top_p_filtering"
    scores = np.log(np.array([[0.4, 0.3, 0.2, 0.1], [0.1, 0.2, 0.15, 0.55]]))
    filtering = getattr(camembert_dual, name)
    for options, kept in (
        ({"top_k": 2}, [[1, 1, 0, 0], [0, 1, 0, 1]]),
        ({"top_p": 0.5}, [[1, 1, 0, 0], [0, 0, 0, 1]]),
        ({"top_k": 9, "top_p": 0.0, "filter_value": -7.0}, [[1, 0, 0, 0], [0, 0, 0, 1]]),
    ):
        found = tree.as_array(filtering(tree.tensor(scores), **options))
        left_out = options.get("filter_value", -np.inf)
        np.testing.assert_allclose(found, np.where(np.array(kept) == 1, scores, left_out))
