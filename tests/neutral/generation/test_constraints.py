"""Constraints as machines: what goes on, what completes, what breaks."""

import numpy as np
import pytest

from camembert_dual import (
    Constraint,
    ConstraintListState,
    DisjunctiveConstraint,
    PhrasalConstraint,
)
from camembert_dual.generation.constraints import constraints_of


def test_a_phrase_takes_its_tokens_in_order():
    phrase = PhrasalConstraint([5, 7, 6])
    assert (phrase.advance(), phrase.remaining()) == (5, 3)
    assert phrase.update(5) == (True, False, False)
    assert (phrase.advance(), phrase.remaining()) == (7, 2)
    assert phrase.update(5) == (False, False, True)
    assert (phrase.advance(), phrase.remaining()) == (5, 3)
    assert [phrase.update(token) for token in (5, 7, 6)][-1] == (True, True, False)
    assert (phrase.advance(), phrase.remaining()) == (None, 0)
    assert not phrase.does_advance(5)


def test_one_of_several_phrases_is_enough():
    either = DisjunctiveConstraint([[1, 2, 3], [1, 2, 4, 5], [6]])
    assert either.advance() == [1, 6]
    assert (either.seqlen, either.remaining()) == (4, 4)
    assert either.update(1) == (True, False, False)
    assert either.update(2) == (True, False, False)
    assert either.advance() == [3, 4]
    assert either.remaining() == 2
    assert either.update(3) == (True, True, False)
    assert (either.advance(), either.remaining()) == (None, 0)
    either.reset()
    assert either.update(6) == (True, True, False)


@pytest.mark.parametrize(
    "made", [PhrasalConstraint([4, 5]), DisjunctiveConstraint([[4, 5], [6, 7]])]
)
def test_a_copy_goes_its_own_way(made):
    made.update(4)
    begun, anew = made.copy(stateful=True), made.copy()
    assert (begun.remaining(), anew.remaining()) == (1, 2)
    begun.update(5)
    assert (begun.completed, made.completed, made.remaining()) == (True, False, 1)
    made.test()


def completed_by(constraints, text):
    """Whether a text holds all phrases, one after the other, in any order."""
    waiting, current, step = [list(map(tuple, one)) for one in constraints], None, 0
    for token in text:
        if not waiting and current is None:
            return True
        if current is None:
            starts = [one for one in waiting if any(phrase[0] == token for phrase in one)]
            if not starts:
                continue
            current, step = starts[0], 0
            waiting.remove(current)
            left = current
        goes_on = [phrase for phrase in left if phrase[step] == token]
        step, left = step + 1, goes_on
        if not goes_on:
            waiting.append(current)
            current = None
        elif any(len(phrase) == step for phrase in goes_on):
            current = None
    return not waiting and current is None


@pytest.mark.parametrize("seed", range(40))
def test_a_list_of_constraints_is_complete_when_each_is(seed):
    random = np.random.default_rng(seed)
    phrases = [[[1, 2, 1]], [[3]], [[2, 2], [2, 3]], [[1, 1]]][seed % 3 :]
    made = [
        PhrasalConstraint(one[0]) if len(one) == 1 else DisjunctiveConstraint(one)
        for one in phrases
    ]
    text = random.integers(1, 4, 30).tolist()
    state, banks = ConstraintListState(made), []
    for length, token in enumerate(text, 1):
        was, steps = state.completed, state.advance()
        complete, stepped = state.add(token)
        assert stepped == (not was and token in steps)
        assert complete >= was
        assert state.completed == completed_by(phrases, text[:length])
        again = ConstraintListState(made)
        again.reset(text[:length])
        assert again.get_bank() == state.get_bank() == state.copy().get_bank()
        banks.append(state.get_bank())
    assert max(banks) > 0
    assert state.copy(stateful=False).get_bank() == 0
    assert all(one.remaining() == one.seqlen for one in made)


def test_forced_words_are_constraints():
    own = PhrasalConstraint([9])
    made = constraints_of([own], [[4, 5], [[6], [7, 8]]])
    assert [type(one).__name__ for one in made] == [
        "PhrasalConstraint",
        "PhrasalConstraint",
        "DisjunctiveConstraint",
    ]
    assert [one.token_ids for one in made] == [[9], [4, 5], [[6], [7, 8]]]
    assert constraints_of(None, None) == []


@pytest.mark.parametrize("wrong", [[], [-1], [1.5], "12", 3, None, [[1]]])
def test_a_phrase_is_a_list_of_ids(wrong):
    with pytest.raises(ValueError, match="token_ids must be a list of ids, not empty; received"):
        PhrasalConstraint(wrong)


@pytest.mark.parametrize("wrong", [[], [[]], [1], [[-1]], [[1], "2"], np.ones((2, 2), int)])
def test_alternatives_are_a_list_of_phrases(wrong):
    with pytest.raises(ValueError, match="nested_token_ids must be a list of lists of ids"):
        DisjunctiveConstraint(wrong)


@pytest.mark.parametrize(
    "wrong", [[[1, 2], [1, 2, 3]], [[1, 2], [1, 2]], [[1], [2], [1, 0], [1, 9]]]
)
def test_alternatives_do_not_begin_with_each_other(wrong):
    with pytest.raises(ValueError, match="must not begin with each other; received"):
        DisjunctiveConstraint(wrong)


@pytest.mark.parametrize("token", [None, "1", 1.0, [1]])
def test_a_token_is_an_integer(token):
    for machine in (PhrasalConstraint([1]), DisjunctiveConstraint([[1]])):
        with pytest.raises(ValueError, match="token_id must be an integer; received"):
            machine.update(token)
        with pytest.raises(ValueError, match="token_id must be an integer; received"):
            ConstraintListState([machine]).add(token)


class Endless(Constraint):
    """A user's constraint that never ends."""

    seqlen = 1

    def advance(self):
        return 1

    def does_advance(self, token_id):
        return token_id == 1

    def update(self, token_id):
        return True, False, False

    def reset(self):
        pass

    def remaining(self):
        return 1

    def copy(self, stateful=False):
        return Endless()


def test_a_users_constraint_is_walked_through():
    with pytest.raises(ValueError, match="update must complete a constraint in the end"):
        Endless()
