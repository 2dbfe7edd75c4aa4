"""Every text of a constrained search contains what it must, and no search finds a better one."""

import itertools

import numpy as np
import pytest

import cases
import generation_oracle as oracle
from backend import tree
from camembert_dual import Constraint, PhrasalConstraint

LIMIT = 3
PROMPTS = {"input_ids": np.array([[7, 33], [50, 8]])}


@pytest.fixture(scope="module")
def model():
    config = cases.config("decoder", vocab_size=13, num_hidden_layers=1)
    return tree.new(oracle.TASK, config, cases.weights(config, oracle.TASK))


def prompts(model):
    return {"input_ids": PROMPTS["input_ids"] % model.config.vocab_size}


def likeliest(model, phrases):
    """For each prompt, the most probable of all texts of the length that contain the phrases."""
    words = model.config.vocab_size
    every = np.array(list(itertools.product(range(words), repeat=LIMIT)))
    holds = np.ones(len(every), dtype=bool)
    for phrase in phrases:
        places = range(LIMIT - len(phrase) + 1)
        holds &= np.any(
            [(every[:, one : one + len(phrase)] == phrase).all(axis=1) for one in places], axis=0
        )
    texts, found = every[holds], []
    for prompt in prompts(model)["input_ids"]:
        whole = np.concatenate([np.tile(prompt, (len(texts), 1)), texts], axis=1)
        inputs = {"input_ids": whole, "attention_mask": np.ones_like(whole)}
        logits = tree.run(model, inputs, "float64", return_dict=True)["logits"][:, 1:-1]
        shifted = logits - logits.max(axis=-1, keepdims=True)
        log = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
        scores = np.take_along_axis(log, texts[..., None], axis=2)[..., 0].sum(axis=1)
        found.append(whole[scores.argmax()])
    return np.array(found)


@pytest.mark.parametrize("phrases", [[[5]], [[6, 9]], [[4], [10]], [[3, 4, 8]]], ids=str)
def test_a_wide_search_finds_the_likeliest_text_with_all_phrases(model, phrases):
    options = {"num_beams": 60, "max_new_tokens": LIMIT, "eos_token_id": []}
    actual = tree.generate(model, prompts(model), force_words_ids=phrases, **options)
    np.testing.assert_array_equal(actual, likeliest(model, phrases))


class Twice(Constraint):
    """A user's own constraint: a token, and later the same again."""

    def __init__(self, token, taken=0):
        self.token, self.taken, self.seqlen = token, taken, 2
        self.completed = taken == 2

    def advance(self):
        return None if self.completed else self.token

    def does_advance(self, token_id):
        return not self.completed and token_id == self.token

    def update(self, token_id):
        goes_on = self.does_advance(token_id)
        self.taken += goes_on
        self.completed = self.taken == 2
        return goes_on, self.completed, False

    def reset(self):
        self.taken, self.completed = 0, False

    def remaining(self):
        return 2 - self.taken

    def copy(self, stateful=False):
        return Twice(self.token, self.taken if stateful else 0)


def test_constraints_of_the_users_are_kept(model):
    given = {"num_beams": 8, "max_new_tokens": 6, "eos_token_id": []}
    constraints = [PhrasalConstraint([9, 4]), Twice(5)]
    constraints[1].test()
    texts = tree.generate(model, prompts(model), constraints=constraints, **given)[:, 2:]
    for text in texts.tolist():
        assert text.count(5) >= 2
        assert (9, 4) in itertools.pairwise(text)


def test_several_texts_are_returned_the_best_first(model):
    given = {"num_beams": 14, "max_new_tokens": 5, "eos_token_id": []}
    forced = {"force_words_ids": [[[9, 4], [10]]], "num_return_sequences": 3}
    texts = tree.generate(model, prompts(model), **forced, **given)
    assert texts.shape == (6, 7)
    assert len(set(map(tuple, texts.tolist()))) == 6
    assert all(10 in text or (9, 4) in itertools.pairwise(text) for text in texts[:, 2:].tolist())


def test_the_likeliest_texts_are_returned_where_there_is_no_room_for_a_constraint(model):
    given = {"num_beams": 2, "max_new_tokens": 1, "eos_token_id": []}
    actual = tree.generate(model, prompts(model), force_words_ids=[[3, 4, 8]], **given)
    np.testing.assert_array_equal(actual, tree.generate(model, prompts(model), **given))
