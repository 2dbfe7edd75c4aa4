"""Each rule on scores is that of its paper: computed text by text in NumPy."""

import numpy as np
import pytest

import processor_cases as cases
import processor_oracle as oracle
from backend import tree
from camembert_dual.generation.modes import Processor


def tensors(arguments):
    """Arguments of a rule with tensors in place of arrays."""
    return {
        name: tree.tensor(value.astype("int32")) if isinstance(value, np.ndarray) else value
        for name, value in arguments.items()
    }


def process(name, arguments, scores, tokens, length, **step):
    row = Processor(name, tensors(arguments))
    tokens = tree.tensor(tokens.astype("int32"))
    return tree.as_array(tree.rules.process([row], tree.tensor(scores), tokens, length, **step))


@pytest.mark.parametrize(("name", "arguments"), cases.CASES, ids=cases.NAMES)
def test_a_rule_is_that_of_its_paper_at_every_length(name, arguments):
    for length in range(1, cases.LENGTH + 1):
        scores, tokens = cases.draw(length, name)
        expected = oracle.apply(name, arguments, scores, tokens[:, :length])
        actual = process(name, arguments, scores, tokens[:, :length], length)
        np.testing.assert_allclose(actual, expected, rtol=1e-10, atol=1e-10)
        assert actual.dtype == scores.dtype


@pytest.mark.parametrize(("name", "arguments"), cases.CASES, ids=cases.NAMES)
def test_columns_that_are_not_written_yet_say_nothing(name, arguments):
    for length in range(1, cases.LENGTH):
        scores, tokens = cases.draw(length, name)
        expected = process(name, arguments, scores, tokens[:, :length], length)
        actual = process(name, arguments, scores, tokens, length)
        np.testing.assert_array_equal(actual, expected)


@pytest.mark.parametrize("group", [0, 1, 2])
def test_a_group_of_beams_avoids_what_earlier_groups_took(group):
    scores, tokens = cases.draw(group)
    scores, taken = scores[:4], cases.TAKEN.reshape(2, 6)
    expected = scores.copy()
    for row in range(4):
        for word in taken[row // 2, : 2 * group]:
            expected[row, word] -= 1.25
    step = {"current_tokens": tree.tensor(cases.TAKEN.astype("int32")), "beam_group_idx": group}
    actual = process("HammingDiversityLogitsProcessor", cases.GROUPS, scores, tokens[:4], 9, **step)
    np.testing.assert_allclose(actual, expected, rtol=1e-12)


def test_a_sequence_of_words_that_do_not_exist_is_refused():
    scores, tokens = cases.draw(1)
    with pytest.raises(ValueError, match=r"must be below 31 \(vocab_size\); received 31\."):
        process("SequenceBiasLogitsProcessor", {"sequence_bias": {(1, 31): 1.0}}, scores, tokens, 9)


def test_a_users_callable_gets_the_written_tokens_and_the_scores():
    scores, tokens = cases.draw(2)
    seen = []

    def shift(input_ids, scores):
        seen.append(tree.as_array(input_ids))
        return scores + 1

    tokens_tensor = tree.tensor(tokens.astype("int32"))
    actual = tree.rules.process([shift], tree.tensor(scores), tokens_tensor, 4)
    np.testing.assert_array_equal(actual, scores + 1)
    np.testing.assert_array_equal(seen[0], tokens[:, :4])


def test_a_text_ends_by_any_rule():
    tokens = tree.tensor(np.zeros((3, 5), "int32"))
    length = Processor("MaxLengthCriteria", {"max_length": 4})
    new = Processor("MaxNewTokensCriteria", {"start_length": 2, "max_new_tokens": 3})
    past = Processor("MaxTimeCriteria", {"max_time": 1.0, "initial_timestamp": 0.0})
    future = Processor("MaxTimeCriteria", {"max_time": 1.0, "initial_timestamp": 1e12})

    def ends(length, *rules):
        return tree.as_array(tree.rules.ended(rules, tokens, length, None)).tolist()

    assert ends(3, length, new, future) == [False] * 3
    assert ends(4, length) == [True] * 3
    assert ends(4, new) == [False] * 3
    assert ends(5, new) == [True] * 3
    assert ends(1, past) == [True] * 3
    assert ends(1, lambda input_ids, scores: True) == [True] * 3
    row = tree.tensor(np.array([False, True, False]))
    assert ends(1, future, lambda input_ids, scores: row) == [False, True, False]
