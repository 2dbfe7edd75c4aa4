"""Outputs: an ordered dict with attributes and numbers, and nothing else."""

import copy
import pickle
from dataclasses import dataclass

import pytest

import cases
from camembert_dual import outputs
from camembert_dual.outputs import CausalLMOutput, ModelOutput


def test_a_field_reads_the_same_by_name_attribute_and_number():
    output = CausalLMOutput(logits="scores", loss="loss")
    assert output["logits"] == output.logits == output[1] == "scores"
    assert output["loss"] == output.loss == output[0] == "loss"


def test_fields_keep_the_order_of_the_class_and_not_that_of_the_call():
    output = CausalLMOutput(attentions=("a",), logits="scores", loss="loss")
    assert list(output) == ["loss", "logits", "attentions"]
    assert output.to_tuple() == ("loss", "scores", ("a",))


def test_an_absent_field_reads_none_and_is_not_in_the_dict():
    output = CausalLMOutput(logits="scores", loss=None)
    assert output.loss is None
    assert list(output) == ["logits"]
    assert output[0] == "scores"
    assert "loss" not in output


def test_a_slice_gives_the_values_present():
    assert CausalLMOutput(loss=1, logits=2, hidden_states=(3,))[:2] == (1, 2)


def test_an_unknown_field_is_refused_by_name():
    with pytest.raises(ValueError, match=r"CausalLMOutput.*received logit\."):
        CausalLMOutput(logit=1)


def test_an_unknown_attribute_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no field 'logit'"):
        CausalLMOutput(logits=1).logit  # noqa: B018
    assert not hasattr(CausalLMOutput(logits=1), "logit")


@pytest.mark.parametrize(
    "again", [copy.copy, copy.deepcopy, lambda one: pickle.loads(pickle.dumps(one))]
)
def test_an_output_survives_copying(again):
    output = CausalLMOutput(logits=[1, 2], hidden_states=([3], [4]))
    other = again(output)
    assert type(other) is CausalLMOutput
    assert other == output
    assert other.logits == [1, 2]


def test_an_output_is_a_dict_that_unpacks_into_keywords():
    output = CausalLMOutput(logits=1, loss=2)
    assert dict(**output) == {"loss": 2, "logits": 1}
    assert isinstance(output, dict)


def test_every_task_has_the_fields_of_the_reference_page():
    body = ("past_key_values", "hidden_states", "attentions", "cross_attentions")
    states_first = (body[1], body[0], *body[2:])
    head = ("loss", "logits", "hidden_states", "attentions")
    expected = {
        "BaseModelOutput": ("last_hidden_state", "pooler_output", *states_first),
        "TFBaseModelOutput": ("last_hidden_state", "pooler_output", *body),
        "CausalLMOutput": ("loss", "logits", *body),
        "MaskedLMOutput": head,
        "SequenceClassifierOutput": head,
        "MultipleChoiceModelOutput": head,
        "TokenClassifierOutput": head,
        "QuestionAnsweringModelOutput": (
            "loss",
            "start_logits",
            "end_logits",
            "hidden_states",
            "attentions",
        ),
    }
    assert {one.__name__: one.fields for one in outputs.OUTPUT_CLASSES} == expected
    assert len(expected) == len(cases.TASKS) + 1
    assert all(issubclass(one, ModelOutput) for one in outputs.OUTPUT_CLASSES)


def test_values_may_be_set_by_attribute_and_by_name():
    output = outputs.TokenClassifierOutput(logits=2, attentions=3)
    output.logits = 5
    output["attentions"] = 7
    assert output.to_tuple() == (5, 7)
    output.loss = 11
    assert (output.loss, output["loss"], output[0]) == (11, 11, 5)
    output["note"] = 13
    assert output.note == 13
    output.loss = None
    assert output.loss is None
    assert list(output) == ["logits", "attentions", "note"]


@pytest.mark.parametrize("kind", [outputs.BaseModelOutput, outputs.TFBaseModelOutput])
def test_the_places_of_a_tuple_are_the_references(kind):
    output = kind(last_hidden_state=1, hidden_states=3, past_key_values=2, attentions=4)
    assert output.to_places() == (1, None, 2, 3, 4)
    output.pooler_output = 5
    assert output.to_places() == (1, 5, 2, 3, 4)


def test_a_dataclass_of_a_users_own_is_an_output():
    @dataclass
    class Own(ModelOutput):
        loss: float | None = None
        logits: dict[str, int] | None = None
        hidden_states: tuple[int, ...] | None = None

    output = Own(loss=0.5, logits={"a": 3})
    assert (output.loss, output["loss"], output[0], output[1]) == (0.5, 0.5, 0.5, {"a": 3})
    assert output.hidden_states is None
    assert list(output) == ["loss", "logits"]
    output.loss = 0.25
    assert (output.loss, output["loss"]) == (0.25, 0.25)
    output.hidden_states = (1, 2)
    assert output.to_tuple() == (0.25, {"a": 3}, (1, 2))
    output.loss = None
    assert output.loss is None
    assert list(output) == ["logits", "hidden_states"]
