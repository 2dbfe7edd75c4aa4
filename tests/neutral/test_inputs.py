"""The forms of a call, and the rules of shapes and ranges with their words."""

import re

import pytest

import cases
from camembert_dual.call_forms import accept_structures
from camembert_dual.common.errors import require
from camembert_dual.inputs import RULES, Seen, check_inputs, check_range
from camembert_dual.labels import infer_problem_type


class Model:
    """Gives back what its forward was called with."""

    @accept_structures
    def forward(self, input_ids=None, attention_mask=None, labels=None, return_dict=None):
        """Return the inputs."""
        given = {"input_ids": input_ids, "attention_mask": attention_mask, "labels": labels}
        return {name: value for name, value in given.items() if value is not None}, return_dict


EXPECTED = {"input_ids": "ids", "attention_mask": "mask"}


@pytest.mark.parametrize(
    ("args", "keywords"),
    [
        (("ids", "mask"), {}),
        ((), {"input_ids": "ids", "attention_mask": "mask"}),
        ((["ids", "mask"],), {}),
        ((("ids", "mask"),), {}),
        (({"attention_mask": "mask", "input_ids": "ids"},), {}),
        ((["ids"],), {"attention_mask": "mask"}),
        (({"input_ids": "ids"},), {"attention_mask": "mask"}),
        ((), {"input_ids": ["ids", "mask"]}),
        ((["ids", "mask", None],), {}),
    ],
)
def test_every_form_of_a_call_is_the_same_call(args, keywords):
    assert Model().forward(*args, return_dict=True, **keywords) == (EXPECTED, True)


def test_a_structure_that_was_given_is_not_changed():
    given = {"input_ids": "ids", "attention_mask": "mask"}
    Model().forward(given)
    assert given == EXPECTED


@pytest.mark.parametrize(
    ("args", "keywords", "message"),
    [
        ((["ids"], "mask"), {}, "received 1 more."),
        (({"input_ids": "ids"},), {"input_ids": "ids"}, "received input_ids twice."),
        ((["ids", "mask"],), {"attention_mask": "mask"}, "received attention_mask twice."),
        (({"input_ids": "ids", "mask": "mask"},), {}, "received mask."),
        (({"input_ids": "ids", 3: "mask"},), {}, "received 3."),
        ((["ids"] * 5,), {}, "received 5."),
    ],
)
def test_a_structure_that_cannot_be_read_is_refused(args, keywords, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        Model().forward(*args, **keywords)


def test_the_forward_keeps_its_name_and_signature():
    assert Model.forward.__name__ == "forward"
    assert Model.forward.__wrapped__.__doc__ == "Return the inputs."


D, H, N, T, S, B = 24, 3, 2, 7, 6, 2
LIMIT = 19 - 1 - 1


def check_shapes(config, shapes, past):
    """Check inputs of the right types whose values are not looked at."""
    inputs = {
        name: Seen(shape, RULES[name].types.names[-1], lambda: None)
        for name, shape in shapes.items()
    }
    tensor = Seen((B, H, past, D // H), "float32", lambda: None)
    check_inputs(config, inputs, [[tensor] * 2] * N if past else None)


@pytest.mark.parametrize(
    ("config", "shapes", "past"),
    [
        ("plain", {"input_ids": (B, T)}, 0),
        ("plain", {"input_ids": (B, LIMIT)}, 0),
        ("pad 5", {"input_ids": (B, 13)}, 0),
        ("pad 0", {"input_ids": (B, 18)}, 0),
        ("plain", {"inputs_embeds": (B, T, D)}, 0),
        ("plain", {"input_ids": (B, T), "attention_mask": (B, T)}, 0),
        ("plain", {"input_ids": (B, T), "attention_mask": (B, T, T)}, 0),
        ("plain", {"input_ids": (B, T), "token_type_ids": (1, T), "position_ids": (1, T)}, 0),
        ("plain", {"input_ids": (B, T), "head_mask": (H,)}, 0),
        ("plain", {"input_ids": (B, T), "head_mask": (N, H)}, 0),
        ("plain", {"input_ids": (None, None), "attention_mask": (None, None)}, 0),
        ("plain", {"inputs_embeds": (None, None, D)}, 0),
        ("decoder", {"input_ids": (B, 3), "attention_mask": (B, 7)}, 4),
        ("decoder", {"input_ids": (B, 3), "attention_mask": (B, 3, 7)}, 4),
        ("crossed", {"input_ids": (B, T), "encoder_hidden_states": (B, S, D)}, 0),
        (
            "crossed",
            {
                "input_ids": (B, T),
                "encoder_hidden_states": (B, S, D),
                "encoder_attention_mask": (B, T, S),
            },
            0,
        ),
        ("plain", {"input_ids": (B, LIMIT + 1), "position_ids": (B, LIMIT + 1)}, 0),
    ],
)
def test_shapes_that_fit_each_other_pass(config, shapes, past):
    check_shapes(cases.config(config), shapes, past)


@pytest.mark.parametrize(
    ("config", "shapes", "past", "message"),
    [
        ("plain", {}, 0, "either input_ids or inputs_embeds; received neither."),
        ("plain", {"input_ids": (B, T), "inputs_embeds": (B, T, D)}, 0, "received both."),
        ("plain", {"input_ids": (T,)}, 0, "(batch, length); received (7,)."),
        ("plain", {"inputs_embeds": (B, T, D + 1)}, 0, "length, 24); received (2, 7, 25)."),
        ("plain", {"inputs_embeds": (B, T)}, 0, "received (2, 7)."),
        ("plain", {"input_ids": (B, 0)}, 0, "at least one token; received (2, 0)."),
        ("plain", {"input_ids": (B, LIMIT + 1)}, 0, "at most 17 tokens"),
        ("pad 5", {"input_ids": (B, 14)}, 0, "at most 13 tokens"),
        ("pad 0", {"inputs_embeds": (B, 19, D)}, 0, "at most 18 tokens"),
        ("decoder", {"input_ids": (B, 14)}, 4, "received 18."),
        ("plain", {"input_ids": (B, T), "attention_mask": (B, T - 1)}, 0, "received (2, 6)."),
        ("plain", {"input_ids": (B, T), "attention_mask": (T,)}, 0, "received (7,)."),
        ("plain", {"input_ids": (B, T), "attention_mask": (B, 1, 1, T)}, 0, "(2, 1, 1, 7)."),
        ("plain", {"input_ids": (B, T), "attention_mask": (B, T, T + 1)}, 0, "(2, 7, 8)."),
        (
            "decoder",
            {"input_ids": (B, 3), "attention_mask": (B, 3)},
            4,
            "(2, 7) or (2, 3, 7); received (2, 3).",
        ),
        ("plain", {"input_ids": (B, T), "token_type_ids": (B, T + 1)}, 0, "received (2, 8)."),
        ("plain", {"input_ids": (B, T), "position_ids": (3, T)}, 0, "received (3, 7)."),
        (
            "plain",
            {"input_ids": (B, T), "head_mask": (H + 1,)},
            0,
            "(3,) or (2, 3); received (4,).",
        ),
        ("plain", {"input_ids": (B, T), "head_mask": (H, N)}, 0, "received (3, 2)."),
        (
            "decoder",
            {"input_ids": (B, T), "encoder_hidden_states": (B, S, D)},
            0,
            "received (True, False).",
        ),
        (
            "crossed",
            {"input_ids": (B, T), "encoder_hidden_states": (3, S, D)},
            0,
            "received (3, 6, 24).",
        ),
        (
            "crossed",
            {
                "input_ids": (B, T),
                "encoder_hidden_states": (B, S, D),
                "encoder_attention_mask": (B, T),
            },
            0,
            "received (2, 7).",
        ),
    ],
)
def test_shapes_that_do_not_fit_are_refused_with_rule_and_value(config, shapes, past, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        check_shapes(cases.config(config), shapes, past)


@pytest.mark.parametrize(("smallest", "largest"), [(0, 100), (0, 0), (100, 100)])
def test_ids_inside_their_table_pass(smallest, largest):
    check_range("input_ids", 101, "vocab_size", smallest, largest)


@pytest.mark.parametrize(("smallest", "largest"), [(-1, 5), (0, 101), (200, 300)])
def test_ids_outside_their_table_are_refused(smallest, largest):
    message = rf"input_ids must be in \[0, 101\) \(vocab_size\); .* {smallest} to {largest}"
    with pytest.raises(ValueError, match=message):
        check_range("input_ids", 101, "vocab_size", smallest, largest)


def test_a_refusal_states_the_rule_then_the_value():
    require(True, "never shown", 0)
    with pytest.raises(ValueError, match=r"^A rule; received \[3\]\.$"):
        require(False, "A rule", [3])


@pytest.mark.parametrize(
    ("num_labels", "integers", "expected"),
    [
        (1, True, "regression"),
        (1, False, "regression"),
        (3, True, "single_label_classification"),
        (3, False, "multi_label_classification"),
    ],
)
def test_the_problem_is_inferred_from_the_labels(num_labels, integers, expected):
    assert infer_problem_type(num_labels, integers) == expected
