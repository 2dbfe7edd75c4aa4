"""What both trees refuse, and that they refuse it in the same words."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import bad_calls
import cases
import tree_pt
import tree_tf

TREES = {"pt": tree_pt, "tf": tree_tf}


def refusal(tree: str, call: bad_calls.BadCall) -> str:
    """The words in which a tree refuses."""
    inputs = call.inputs()
    args, keywords = (inputs, {}) if isinstance(inputs, tuple) else ((), inputs)
    return words_of(tree, call.task, call.config, args, keywords)


def words_of(tree: str, task: str, config: str, args: tuple, keywords: dict) -> str:
    model = TREES[tree].built(task, config)
    with pytest.raises(ValueError, match="received") as refused:
        model(*args, **keywords)
    return str(refused.value)


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


def wrong_calls() -> st.SearchStrategy[tuple[tuple[str, str], dict]]:
    """A model, and a good call of it in which one input or one switch is wrong."""

    @st.composite
    def draw_call(draw):
        place = draw(st.sampled_from(list(bad_calls.GOOD)))
        inputs = bad_calls.GOOD[place]()
        name = draw(st.sampled_from([*inputs, *bad_calls.FLAGS]))
        if name in bad_calls.FLAGS:
            return place, inputs | {name: draw(st.sampled_from(bad_calls.NO_FLAGS))}
        number = draw(st.integers(1, 90))
        wrong = bad_calls.spoilings(name, inputs[name], number)
        return place, inputs | {name: wrong[draw(st.sampled_from(sorted(wrong)))]}

    return draw_call()


@pytest.mark.parametrize("place", bad_calls.GOOD, ids=" ".join)
def test_the_call_in_which_one_thing_is_made_wrong_is_good(place):
    for tree in TREES:
        TREES[tree].built(*place)(**bad_calls.GOOD[place]())


@settings(max_examples=150, deadline=None, derandomize=True)
@given(wrong_calls())
def test_a_call_with_one_thing_wrong_is_refused_in_one_line_of_the_same_words(call):
    place, inputs = call
    pt, tf = (words_of(tree, *place, (), inputs) for tree in TREES)
    assert pt == tf
    assert "\n" not in pt
    assert len(pt) < 500


def test_a_cache_that_an_encoder_will_not_keep_is_warned_of():
    for tree in TREES:
        with pytest.warns(UserWarning, match="use_cache=True has no effect"):
            output = TREES[tree].built(cases.BARE, "plain")(
                input_ids=np.full((2, 7), 7), use_cache=True
            )
        assert output.past_key_values is None


@pytest.mark.parametrize(
    ("task", "config", "labels"),
    [
        (cases.MASKED, "plain", np.eye(2, 7, dtype=bool)),
        (cases.TOKEN, "plain", np.eye(2, 7, dtype=np.uint8)),
        (cases.CAUSAL, "decoder", np.eye(2, 7, dtype=np.int8)),
        (cases.SEQUENCE, "plain", np.array([True, False])),
        (cases.SEQUENCE, "multi label", np.eye(2, 5, dtype=bool)),
        (cases.SEQUENCE, "multi label", np.eye(2, 5, dtype=np.int32)),
        (cases.SEQUENCE, "regression", np.eye(2, 5, dtype=bool)),
    ],
)
def test_truths_and_small_integers_are_the_numbers_that_they_are(task, config, labels):
    wide = labels.astype("int64" if config in ("plain", "decoder") else "float64")
    losses = [
        TREES[tree].as_array(
            TREES[tree].built(task, config)(input_ids=np.full((2, 7), 7), labels=one).loss
        )
        for tree in TREES
        for one in (labels, wide)
    ]
    np.testing.assert_allclose(losses, losses[0], rtol=0, atol=1e-10)


@pytest.mark.parametrize("dtype", ["bool", "uint8", "int32", "int64", "float16", "float32"])
def test_a_mask_of_any_type_is_the_same_mask(dtype):
    mask = np.ones((2, 7))
    mask[0, 4:] = 0
    states = [
        TREES[tree].run(
            TREES[tree].built(cases.BARE, "plain"),
            {"input_ids": np.full((2, 7), 7)},
            attention_mask=TREES[tree].as_tensor(one, str(one.dtype)),
            return_dict=True,
        )["last_hidden_state"]
        for tree in TREES
        for one in (mask, mask.astype(dtype))
    ]
    for one in states:
        np.testing.assert_allclose(one, states[0], rtol=0, atol=1e-10)
