"""Continued texts against slow oracles without cache and without padding."""

import copy

import numpy as np
import pytest

import cases
import generation_oracle as oracle
from backend import tree
from camembert_dual.generation.config import GenerationConfig

LIMIT = 6
NOW_AND_THEN = {"eos_token_id": oracle.SEVERAL}
ENDLESS = {"eos_token_id": ()}


@pytest.fixture(autouse=True)
def without_graphs(monkeypatch):
    tree.search_without_graphs(monkeypatch)


def model_of(config="decoder"):
    return tree.built(oracle.TASK, config)


@pytest.mark.parametrize(
    ("config", "ends"), [("decoder", ()), *((one, oracle.SEVERAL) for one in oracle.GREEDY)]
)
def test_greedy_texts_equal_those_of_each_row_alone_without_cache(config, ends):
    scorers, inputs = oracle.scorers(config)
    new = [
        oracle.greedy(score, prompt, LIMIT, ends)
        for score, prompt in zip(scorers, oracle.PROMPTS, strict=True)
    ]
    pad = cases.config(config).pad_token_id
    actual = tree.generate(model_of(config), inputs, max_new_tokens=LIMIT, eos_token_id=ends)
    np.testing.assert_array_equal(actual, oracle.continued(oracle.PROMPTS, new, pad))


@pytest.mark.parametrize("beam", oracle.BEAMS, ids=str)
def test_beam_search_equals_a_search_of_each_row_alone_without_cache(beam):
    scorers, inputs = oracle.scorers(beam.config)
    new = [
        oracle.beam_search(score, prompt, LIMIT, beam.ends, beam.width, beam.penalty, beam.early)
        for score, prompt in zip(scorers, oracle.PROMPTS, strict=True)
    ]
    pad = cases.config(beam.config).pad_token_id
    actual = tree.generate(model_of(beam.config), inputs, max_new_tokens=LIMIT, **beam.options)
    np.testing.assert_array_equal(actual, oracle.continued(oracle.PROMPTS, new, pad))


@pytest.mark.parametrize("penalty", [0.0, 1.0, 3.0])
def test_a_beam_that_holds_everything_finds_the_best_of_all_texts(penalty):
    config = cases.config("decoder", vocab_size=5)
    weights = cases.weights(config, oracle.TASK)
    prompt, ends, limit = (3, 0), (2,), 3
    score = oracle.scorer(config, weights)
    best = oracle.best_of_all(score, prompt, limit, ends, config.vocab_size, penalty)
    inputs = oracle.batch([prompt], config.pad_token_id)
    actual = tree.generate(
        tree.new(oracle.TASK, config, weights),
        inputs,
        max_new_tokens=limit,
        num_beams=70,
        length_penalty=penalty,
        eos_token_id=ends,
    )
    np.testing.assert_array_equal(actual[0], [*prompt, *best])


@pytest.mark.parametrize(
    "filters",
    [{}, {"temperature": 0.6}, {"top_k": 7}, {"top_p": 0.8}, {"top_k": 30, "top_p": 0.7}],
    ids=str,
)
def test_drawn_texts_equal_those_of_each_row_alone_without_cache(filters):
    scorers, inputs = oracle.scorers("decoder")
    numbers = np.random.default_rng(4).random((LIMIT, len(oracle.PROMPTS)), dtype=np.float32)
    new = [
        oracle.drawn(score, prompt, LIMIT, oracle.SEVERAL, numbers[:, row], **filters)
        for row, (score, prompt) in enumerate(zip(scorers, oracle.PROMPTS, strict=True))
    ]
    options = {"max_new_tokens": LIMIT, "do_sample": True, "seed": 4, "top_k": 0}
    options |= {**NOW_AND_THEN, **filters}
    actual = tree.generate(model_of(), inputs, **options)
    np.testing.assert_array_equal(actual, oracle.continued(oracle.PROMPTS, new, 1))


@pytest.mark.parametrize(
    "filters",
    [{}, {"temperature": 1.7}, {"top_k": 4}, {"top_k": 50}, {"top_p": 0.75}, {"top_p": 1.0}],
    ids=str,
)
def test_tokens_are_drawn_as_often_as_they_are_probable(filters):
    rows, words = 2000, 11
    logits = cases.generator("logits").normal(0, 2, words)
    numbers = (np.arange(rows) + 0.5) / rows
    options = GenerationConfig(do_sample=True, **{"top_k": 0, **filters})
    scores = tree.warped(tree.tensor(np.tile(logits, (rows, 1))), options)
    tokens = tree.next_tokens(scores, tree.tensor(numbers), True)
    counts = np.bincount(tokens.numpy(), minlength=words)
    expected = dict(oracle.filtered(logits, **filters))
    for token, count in enumerate(counts):
        assert abs(count - rows * expected.get(token, 0)) <= 1
        assert (count == 0) == (token not in expected)


def test_equal_logits_beyond_top_k_stay_and_the_first_of_them_is_greedy():
    logits = tree.tensor([[1.0, 3.0, 2.0, 3.0, 2.0]] * 8)
    numbers = tree.tensor(np.linspace(0, 0.999, 8, dtype=np.float32))
    scores = tree.warped(logits, GenerationConfig(do_sample=True, top_k=3))
    drawn = tree.next_tokens(scores, numbers, True)
    assert set(drawn.numpy().tolist()) == {1, 2, 3, 4}
    greedy = tree.next_tokens(logits, numbers, False)
    assert greedy.numpy().tolist() == [1] * 8


def test_a_seed_repeats_a_text_and_no_seed_does_not():
    inputs = oracle.batch(oracle.PROMPTS, 1)
    options = {"max_new_tokens": 5, "do_sample": True, "temperature": 3.0, **ENDLESS}
    first, again, other, free = (
        tree.generate(model_of(), inputs, seed=seed, **options) for seed in (5, 5, 6, None)
    )
    assert (first == again).all()
    assert (first != other).any()
    assert (first != free).any()


def test_ended_rows_are_filled_with_the_padding_asked_for():
    scorers, inputs = oracle.scorers("decoder")
    ends = oracle.greedy(scorers[0], oracle.PROMPTS[0], 1, ())
    rows = tree.generate(
        model_of(), inputs, max_new_tokens=5, eos_token_id=ends[0], pad_token_id=77
    )
    assert rows.shape == (3, 9)
    assert rows[0, 4:].tolist() == [ends[0], 77, 77, 77, 77]


def test_the_ids_of_the_config_are_used_and_the_config_stays_as_it_is():
    scorers, inputs = oracle.scorers("decoder")
    end = oracle.greedy(scorers[1], oracle.PROMPTS[1], 2, ())[1]
    config = cases.config("decoder", eos_token_id=end)
    model = tree.new(oracle.TASK, config, cases.weights(config, oracle.TASK))
    before = copy.deepcopy(config)
    new = oracle.greedy(scorers[1], oracle.PROMPTS[1], LIMIT, (end,))
    alone = oracle.batch(oracle.PROMPTS[1:2], 1)
    for options in ({}, {"eos_token_id": end}, {"eos_token_id": [end]}):
        row = tree.generate(model, alone, max_new_tokens=LIMIT, **options)
        np.testing.assert_array_equal(row[0], [*oracle.PROMPTS[1], *new])
    tree.generate(model, inputs, num_beams=2, max_new_tokens=LIMIT)
    assert config == before


def test_padding_is_found_by_its_id_and_may_have_any_id_under_a_mask():
    inputs = oracle.batch(oracle.PROMPTS, 1)
    expected = tree.generate(model_of(), inputs, max_new_tokens=LIMIT, **ENDLESS)
    ids = {"input_ids": inputs["input_ids"]}
    found = tree.generate(model_of(), ids, max_new_tokens=LIMIT, **ENDLESS)
    np.testing.assert_array_equal(found, expected)
    other = oracle.batch(oracle.PROMPTS, 55)
    found = tree.generate(model_of(), other, max_new_tokens=LIMIT, **ENDLESS)
    np.testing.assert_array_equal(found[:, 4:], expected[:, 4:])


@pytest.mark.parametrize("options", [{}, {"num_beams": 2}], ids=str)
def test_a_text_may_grow_to_the_last_position_and_no_further(options):
    limit = cases.config("decoder").max_sequence_length
    inputs = oracle.batch(oracle.PROMPTS, 1)
    rows = tree.generate(model_of(), inputs, max_new_tokens=limit - 4, **ENDLESS, **options)
    assert rows.shape == (3, limit)
    with pytest.raises(ValueError, match=f"at most {limit} tokens together .* 4 \\+ 14 = 18"):
        tree.generate(model_of(), inputs, max_new_tokens=limit - 3, **options)


@pytest.mark.parametrize("dtype", [np.int32, np.int64])
def test_numpy_and_structures_are_accepted_and_the_type_of_ids_is_kept(dtype):
    inputs = {name: value.astype(dtype) for name, value in oracle.batch(oracle.PROMPTS, 1).items()}
    expected = tree.generate(model_of(), inputs, max_new_tokens=3, **ENDLESS)
    assert expected.dtype == dtype
    for given in (inputs, tuple(inputs.values()), list(inputs.values())):
        found = model_of().generate(given, max_new_tokens=3, **ENDLESS).numpy()
        np.testing.assert_array_equal(found, expected)
