"""Which texts a constrained search goes on with."""

from camembert_dual import DisjunctiveConstraint, PhrasalConstraint
from camembert_dual.generation.banks import best_steps, forced_steps, state_of

PHRASE = PhrasalConstraint([4, 5])
EITHER = DisjunctiveConstraint([[6, 7], [6, 8], [9]])


def test_a_text_is_complete_with_all_constraints_in_any_order():
    assert state_of([PHRASE, EITHER], [1, 9, 2, 4, 5, 3]).completed
    assert not state_of([PHRASE, EITHER], [4, 6, 5, 8]).completed
    assert PHRASE.remaining() == 2


def test_what_goes_on_with_a_constraint_is_tried_once_for_each_text():
    texts = [[1, 2], [1, 6], [4, 5], [1, 2]]
    assert forced_steps([PHRASE, EITHER], texts, [(0, 4), (1, 3)]) == [
        (0, 6),
        (0, 9),
        (1, 7),
        (1, 8),
        (2, 6),
        (2, 9),
    ]
    assert forced_steps([PHRASE], [[4, 5]], []) == []


def test_the_best_of_each_state_come_first():
    texts = [[1], [4]]
    steps = [(0, 2), (0, 3), (1, 2), (0, 4), (1, 5)]
    scores = [-1.0, -2.0, -3.0, -50.0, -9.0]
    # states: none, none, none, begun, done
    assert best_steps([PHRASE], texts, steps, scores, 5) == [4, 3, 0, 1, 2]
    assert best_steps([PHRASE], texts, steps, scores, 3) == [4, 3, 0]
    two = [*steps, (1, 5)]
    assert best_steps([PHRASE], texts, two, [*scores, -8.0], 4) == [5, 3, 0, 4]
