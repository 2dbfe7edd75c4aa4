"""Token by token from the cache equals the whole text at once."""

import numpy as np
import pytest

import cases
import reference
from backend import tree


def steps(model, inputs, chunks):
    """Feed a text in pieces, handing the cache on; give the states of all pieces."""
    states, cache, done = [], None, 0
    for length in chunks:
        part = {
            name: inputs[name][:, done : done + length]
            for name in ("input_ids", "position_ids", "token_type_ids")
            if name in inputs
        }
        done += length
        if "attention_mask" in inputs:
            part["attention_mask"] = inputs["attention_mask"][:, :done]
        for name in ("encoder_hidden_states", "encoder_attention_mask"):
            if name in inputs:
                part[name] = inputs[name]
        if cache is not None:
            part["past_key_values"] = cache
        found = tree.run(model, part, use_cache=True, return_dict=True)
        layers = model.config.num_hidden_layers
        tensors = 4 if "encoder_hidden_states" in inputs else 2
        cache = tuple(
            tuple(found[f"past_key_values.{layer}.{index}"] for index in range(tensors))
            for layer in range(layers)
        )
        states.append(found.get("last_hidden_state", found.get("logits")))
    return {"states": np.concatenate(states, axis=1)}


WHOLE = np.ones((1, cases.T), int)
ONE_BY_ONE, IN_PIECES = (1,) * cases.T, (4, 1, 2)


@pytest.mark.parametrize(
    ("task", "config", "make", "chunks"),
    [
        (cases.BARE, "decoder", cases.only_ids, ONE_BY_ONE),
        (cases.CAUSAL, "crossed", cases.crossed("2-D", WHOLE), ONE_BY_ONE),
        (cases.BARE, "decoder, relative_key", cases.only_ids, ONE_BY_ONE),
        (cases.CAUSAL, "decoder", cases.only_ids, IN_PIECES),
        (cases.BARE, "decoder, relative_key", cases.only_ids, IN_PIECES),
        (cases.BARE, "decoder, pad 5", cases.only_ids, IN_PIECES),
        (cases.CAUSAL, "crossed", cases.crossed("2-D", WHOLE), IN_PIECES),
        (cases.BARE, "crossed, relative_key_query", cases.crossed("none", WHOLE), IN_PIECES),
        (cases.BARE, "crossed, pruned", cases.crossed("none", WHOLE), IN_PIECES),
    ],
)
def test_steps_from_the_cache_equal_the_full_pass(task, config, make, chunks):
    model = tree.built(task, config)
    inputs = make(cases.config(config), cases.generator("steps", config), cases.B)
    full = tree.run(model, inputs, return_dict=True)
    whole = {"states": full.get("last_hidden_state", full.get("logits"))}
    assert reference.first_difference(whole, steps(model, inputs, chunks), 1e-10) is None


def test_steps_of_a_left_padded_batch_equal_the_full_pass_where_positions_are_given():
    model = tree.built(cases.BARE, "decoder")
    inputs = cases.inputs(cases.BARE, cases.case("causal, left padding"))
    inputs["position_ids"] = reference.positions(inputs["input_ids"], 1)
    full = tree.run(model, inputs, return_dict=True)["last_hidden_state"]
    stepped = steps(model, inputs, [1] * cases.T)["states"]
    real = inputs["attention_mask"] == 1
    assert reference.first_difference({"real": full[real]}, {"real": stepped[real]}, 1e-10) is None


def test_a_cache_is_left_out_when_it_is_not_wanted():
    model = tree.built(cases.BARE, "decoder")
    inputs = cases.inputs(cases.BARE, cases.case("causal"))
    found = tree.run(model, inputs, use_cache=False, return_dict=True)
    assert set(found) == {"last_hidden_state", "pooler_output"}


def test_an_encoder_has_no_cache():
    inputs = cases.inputs(cases.BARE, cases.case("ids alone"))
    with pytest.warns(UserWarning, match="use_cache=True has no effect"):
        found = tree.run(tree.built(cases.BARE, "plain"), inputs, use_cache=True, return_dict=True)
    assert set(found) == {"last_hidden_state", "pooler_output"}


def test_the_cache_holds_two_tensors_a_layer_and_four_with_encoder_states():
    inputs = cases.inputs(cases.BARE, cases.case("crossed"))
    found = tree.run(tree.built(cases.BARE, "crossed"), inputs, return_dict=True)
    shapes = [found[f"past_key_values.1.{index}"].shape for index in range(4)]
    text, states = (cases.B, 3, cases.T, 8), (cases.B, 3, cases.S, 8)
    assert shapes == [text, text, states, states]
    del inputs["encoder_hidden_states"]
    found = tree.run(tree.built(cases.BARE, "crossed"), inputs, return_dict=True)
    assert sorted(name for name in found if name.startswith("past_key_values.1")) == [
        "past_key_values.1.0",
        "past_key_values.1.1",
    ]


def test_numpy_caches_are_accepted():
    case = cases.case("cached, three tokens")
    inputs = cases.inputs(cases.BARE, case)
    output = tree.built(cases.BARE, case.config)(**inputs)
    expected = {"last": tree.outcome(cases.BARE, case)["last_hidden_state"]}
    actual = {"last": tree.as_array(output.last_hidden_state)}
    assert reference.first_difference(expected, actual, 1e-12) is None
