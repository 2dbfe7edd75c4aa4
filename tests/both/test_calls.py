"""How a model is called: forms, order of the inputs, switches; and what a call leaves alone."""

import copy
import inspect

import numpy as np
import pytest

import cases
import reference
from backend import tree

CASE = cases.case("right padding")


@pytest.mark.parametrize("task", cases.TASKS)
def test_the_inputs_stand_in_the_order_of_the_reference_page(task):
    order = cases.PAGE_ORDER[tree.NAME][task]
    names = list(inspect.signature(tree.forward_of(task)).parameters)[1:]
    assert names[: len(order)] == order


def forms(task):
    """One call in all its forms: positional and keyword arguments."""
    inputs = cases.inputs(task, CASE)
    names = list(inspect.signature(tree.forward_of(task)).parameters)[1:]
    given = [inputs.get(name) for name in names[: 1 + names.index("attention_mask")]]
    ids = {"input_ids": inputs["input_ids"]}
    mask = {"attention_mask": inputs["attention_mask"]}
    return {
        "keywords": ((), inputs),
        "positional": (given, {}),
        "list": ((given,), {}),
        "tuple": ((tuple(given),), {}),
        "dict": ((inputs,), {}),
        "dict and keyword": ((ids,), mask),
        "first by keyword": ((), {"input_ids": given}),
    }


@pytest.mark.parametrize("form", forms(cases.BARE))
@pytest.mark.parametrize("task", cases.TASKS)
def test_every_form_of_a_call_gives_the_same_answer(task, form):
    args, keywords = forms(task)[form]
    output = tree.call(tree.built(task, "plain"), *args, **keywords)
    actual = cases.stages(output, tree.as_array)
    full = tree.outcome(task, CASE)
    expected = {name: full[name] for name in actual}
    assert reference.first_difference(expected, actual, 1e-12) is None


SWITCHES = {
    "attentions": {"output_attentions": True},
    "hidden_states": {"output_hidden_states": True},
}


@pytest.mark.parametrize("field", SWITCHES)
@pytest.mark.parametrize("task", cases.TASKS)
def test_a_switch_adds_its_field_and_no_other(task, field):
    model, inputs = tree.built(task, "plain"), cases.inputs(task, CASE)
    without, with_it = model(**inputs), model(**inputs, **SWITCHES[field])
    assert set(with_it) - set(without) == {field}
    assert len(with_it[field]) == (3 if field == "hidden_states" else 2)


@pytest.mark.parametrize("task", cases.TASKS)
def test_a_tuple_holds_the_values_of_the_output_in_order(task):
    model, inputs = tree.built(task, "plain"), cases.inputs(task, CASE)
    switches = {"output_attentions": True, "output_hidden_states": True}
    output = model(**inputs, **switches, return_dict=True)
    values = model(**inputs, **switches, return_dict=False)
    assert type(values) is tuple
    as_output = type(output)(zip(output, values, strict=True))
    one, two = (cases.stages(given, tree.as_array) for given in (output, as_output))
    assert reference.first_difference(one, two, 0.0) is None


@pytest.mark.parametrize("task", cases.TASKS)
def test_the_config_gives_the_switches_that_a_call_leaves_open(task):
    values = {"output_attentions": True, "output_hidden_states": True, "return_dict": False}
    config = cases.config(**values)
    model = tree.new(task, config, cases.weights(config, task))
    inputs = cases.inputs(task, CASE)
    assert type(model(**inputs)) is tuple
    output = model(**inputs, return_dict=True, output_attentions=False)
    assert output.attentions is None
    assert len(output.hidden_states) == 3


@pytest.mark.parametrize("loss", cases.LOSSES, ids=str)
def test_a_call_does_not_write_to_the_config(loss):
    config, inputs = cases.loss_call(loss)
    model = tree.new(loss.task, config, cases.weights(config, loss.task))
    before = copy.deepcopy(config)
    tree.run(model, inputs)
    assert model.config == before


@pytest.mark.parametrize("task", cases.TASKS)
def test_a_call_does_not_change_the_arrays_it_is_given(task):
    inputs = cases.inputs(task, cases.case("embedded inputs with everything"))
    before = copy.deepcopy(inputs)
    tree.built(task, "plain")(**inputs)
    assert all(np.array_equal(inputs[name], before[name]) for name in before)


def test_an_output_reads_by_name_attribute_and_number():
    output = tree.built(cases.MASKED, "plain")(**cases.inputs(cases.MASKED, CASE))
    assert output["logits"] is output.logits
    assert output[0] is output.logits
    assert output.loss is None


def test_an_unknown_keyword_is_refused():
    with pytest.raises((TypeError, ValueError), match="input_idz"):
        tree.built(cases.BARE, "plain")(input_idz=np.zeros((2, 3), int))


@pytest.mark.parametrize("task", cases.TASKS)
def test_ids_that_are_lists_of_numbers_are_refused_by_their_kind(task):
    model = tree.new(task, cases.config(), cases.weights(cases.config(), task))
    for given in ({"input_ids": [[5, 6]], "attention_mask": [[1, 1]]}, {"input_ids": [5, 6]}):
        with pytest.raises(ValueError, match=r"must be a tensor or a numpy array; received list\."):
            model(given)
