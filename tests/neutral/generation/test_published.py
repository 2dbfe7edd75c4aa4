"""Rules and criteria as the objects that scripts hand to ``generate``."""

import copy
import pickle
import time

import numpy as np
import pytest

import camembert_dual
from camembert_dual.generation.published import rule_class

IDS, SCORES = np.zeros((2, 5), int), np.ones((2, 3))


def test_rules_of_a_list_are_applied_in_order_with_the_names_that_they_ask_for():
    def double(input_ids, scores):
        return scores * 2

    def add(input_ids, scores, step):
        return scores + step

    class Grow(camembert_dual.LogitsProcessor):
        def __call__(self, input_ids, scores, **more):
            return scores * input_ids.shape[1]

    rules = camembert_dual.LogitsProcessorList([double, add, Grow()])
    np.testing.assert_array_equal(rules(IDS, SCORES, step=3, other=4), (SCORES * 2 + 3) * 5)
    with pytest.raises(ValueError, match="must be given all that it asks for; received step"):
        rules(IDS, SCORES)


def test_an_own_rule_must_be_defined():
    for name in ("LogitsProcessor", "LogitsWarper", "StoppingCriteria"):
        with pytest.raises(NotImplementedError, match=f"{name} must define __call__"):
            getattr(camembert_dual, name)()(IDS, SCORES)


def scale(scores, tokens, length, penalty, temperature=2.0):
    """Scale scores."""
    return scores * penalty / temperature


ScaleLogitsWarper = rule_class("ScaleLogitsWarper", scale, __name__)


def test_a_class_is_its_function_with_the_arguments_that_it_was_made_with():
    for rule in (ScaleLogitsWarper(3.0), ScaleLogitsWarper(penalty=3.0, temperature=2.0)):
        assert (rule.penalty, rule.temperature) == (3.0, 2.0)
        for same in (rule, copy.deepcopy(rule), pickle.loads(pickle.dumps(rule))):
            np.testing.assert_array_equal(same(IDS, SCORES), SCORES * 1.5)
            np.testing.assert_array_equal(same(None, SCORES), SCORES * 1.5)
    assert isinstance(rule, camembert_dual.LogitsWarper)
    assert not isinstance(rule, camembert_dual.LogitsProcessor)
    assert ScaleLogitsWarper.__doc__ == "Scale scores."
    with pytest.raises(TypeError, match="missing a required argument: 'penalty'"):
        ScaleLogitsWarper()
    with pytest.raises(ValueError, match=r"penalty must be a positive number; received -1\."):
        ScaleLogitsWarper(-1)


def test_any_criterion_ends_the_search():
    long, late = camembert_dual.MaxLengthCriteria(5), camembert_dual.MaxTimeCriteria(60.0)
    every = camembert_dual.StoppingCriteriaList([late, long])
    assert every(IDS, None)
    assert not every(IDS[:, :4], None)
    assert every.max_length == 5
    assert camembert_dual.StoppingCriteriaList([late]).max_length is None
    past = camembert_dual.MaxTimeCriteria(60.0, initial_timestamp=time.time() - 61)
    assert past(IDS, None)
    assert not late(IDS, None)


def test_new_tokens_are_counted_by_their_length_with_the_prompt():
    with pytest.warns(FutureWarning, match=r"is now MaxLengthCriteria\(max_length=5\)"):
        rule = camembert_dual.MaxNewTokensCriteria(start_length=2, max_new_tokens=3)
    assert (rule.max_length, rule.start_length, rule.max_new_tokens) == (5, 2, 3)
    assert rule(IDS, None)
    assert not rule(IDS[:, :4], None)
