"""What both trees refuse, and that they refuse it in the same words."""

import re

import numpy as np
import pytest

import bad_calls
import cases
import tree_pt
import tree_tf

TREES = {"pt": tree_pt, "tf": tree_tf}


def refusal(tree: str, call: bad_calls.BadCall) -> str:
    """The words in which a tree refuses; Keras' frame around them is taken off."""
    model = TREES[tree].built(call.task, call.config)
    inputs = call.inputs()
    args, keywords = (inputs, {}) if isinstance(inputs, tuple) else ((), inputs)
    with pytest.raises(ValueError, match="received") as refused:
        model(*args, **keywords)
    framed = re.search(r"\x1b\[1m(.*)\x1b\[0m", str(refused.value), re.DOTALL)
    return framed[1] if framed else str(refused.value)


@pytest.mark.parametrize("call", bad_calls.BAD_CALLS, ids=str)
def test_a_bad_call_is_refused_in_the_same_words(call):
    pt, tf = refusal("pt", call), refusal("tf", call)
    # the two count their inputs and name them in the order of their own page
    assert call.message in pt
    assert call.message in tf
    if not isinstance(call.inputs(), tuple):
        assert pt == tf


def test_there_are_at_least_forty_bad_calls_of_different_kinds():
    assert len({call.name for call in bad_calls.BAD_CALLS}) == len(bad_calls.BAD_CALLS) >= 40
    assert {call.task for call in bad_calls.BAD_CALLS} == set(cases.TASKS)


def test_a_good_call_is_not_refused():
    for tree in TREES:
        output = TREES[tree].built(cases.BARE, "plain")(input_ids=np.full((2, 17), 7))
        assert output.last_hidden_state.shape == (2, 17, 24)
