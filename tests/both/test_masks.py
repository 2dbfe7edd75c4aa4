"""Positions by hand, and what masks must and must not change."""

import numpy as np
import pytest

import cases
import reference
from backend import tree


@pytest.mark.parametrize("row", cases.NUMBERINGS, ids=str)
def test_ids_get_the_positions_written_by_hand(row):
    positions = tree.masks.positions_of_ids(tree.tensor([row.ids]), row.pad, row.past)
    assert positions.numpy().tolist() == [row.positions]


@pytest.mark.parametrize("pad", [0, 1, 5])
def test_embedded_inputs_are_numbered_from_the_padding_index_plus_one(pad):
    embedded = tree.tensor(np.zeros((2, 3, 4)))
    positions = tree.masks.positions_of_embeds(embedded, pad, 0)
    assert positions.numpy().tolist() == [[pad + 1, pad + 2, pad + 3]]


def test_embedded_inputs_after_a_cache_go_on_counting():
    positions = tree.masks.positions_of_embeds(tree.tensor(np.zeros((2, 2, 4))), 1, 4)
    assert positions.numpy().tolist() == [[6, 7]]


def test_a_query_sees_its_own_key_and_the_earlier_ones():
    seen = tree.causal_mask(2, 5).numpy()
    assert seen[0, 0].astype(int).tolist() == [[1, 1, 1, 1, 0], [1, 1, 1, 1, 1]]


@pytest.mark.parametrize("pad", [0, 1, 5])
@pytest.mark.parametrize("side", ["left", "right"])
def test_a_text_does_not_change_with_the_amount_of_padding(pad, side):
    model = tree.built(cases.BARE, "plain" if pad == 1 else f"pad {pad}")
    config = cases.config(pad_token_id=pad)
    text = cases.ids(config, cases.generator("padding"), 1, 4)
    states = []
    for extra in (0, 1, 6):
        widths = ((0, 0), (extra, 0) if side == "left" else (0, extra))
        ids = np.pad(text, widths, constant_values=pad)
        mask = np.pad(np.ones_like(text), widths)
        found = tree.run(model, {"input_ids": ids, "attention_mask": mask}, return_dict=True)
        kept = found["last_hidden_state"][:, mask[0] == 1]
        states.append({"text": kept})
    assert reference.first_difference(states[0], states[1], 1e-12) is None
    assert reference.first_difference(states[0], states[2], 1e-12) is None


@pytest.mark.parametrize("kind", ["bool", "int32", "int64", "float32", "float64"])
def test_a_mask_of_any_type_masks(kind):
    case = cases.case("inner padding")
    inputs = cases.inputs(cases.BARE, case)
    model = tree.built(cases.BARE, "plain")
    mask = tree.tensor(inputs["attention_mask"].astype(kind))
    output = model(input_ids=tree.tensor(inputs["input_ids"]), attention_mask=mask)
    expected = {"last": tree.outcome(cases.BARE, case)["last_hidden_state"]}
    actual = {"last": tree.as_array(output.last_hidden_state)}
    assert reference.first_difference(expected, actual, 1e-12) is None


def test_a_mask_hides_what_is_behind_it():
    case = cases.case("inner padding")
    inputs = cases.inputs(cases.BARE, case)
    other = dict(inputs, position_ids=np.full_like(inputs["input_ids"], 3))
    changed = dict(other)
    hidden = inputs["attention_mask"] == 0
    changed["input_ids"] = np.where(hidden, 17, inputs["input_ids"])
    model = tree.built(cases.BARE, "plain")
    one, two = (tree.run(model, given, return_dict=True) for given in (other, changed))
    shown = ~hidden
    expected = {"seen": one["last_hidden_state"][shown]}
    actual = {"seen": two["last_hidden_state"][shown]}
    assert reference.first_difference(expected, actual, 0.0) is None
    assert np.abs(one["last_hidden_state"][hidden] - two["last_hidden_state"][hidden]).max() > 0.01
