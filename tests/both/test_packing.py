"""Padding left out of the work: the same numbers everywhere, and only where it can be left out.

``test_model.py`` holds each head on each kind of mask against the oracle, packed where it can be.
"""

import importlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import cases
import reference
from backend import tree

packing = importlib.import_module(f"camembert_dual.{tree.NAME}.packing")
FEW = settings(max_examples=10, deadline=None, derandomize=True)
ROWS, LENGTH = 4, 9  # unlike each other and any size of the model


@pytest.fixture
def packings(monkeypatch):
    """The shapes of what is packed."""
    shapes, arranged = [], packing.arranged

    def seen(is_token, *others):
        shapes.append(tuple(is_token.shape))
        return arranged(is_token, *others)

    monkeypatch.setattr(packing, "arranged", seen)
    return shapes


def batch(kept: np.ndarray, pads: float = 1.0, key: str = "") -> dict[str, np.ndarray]:
    """Ids with a mask; of the places that it hides, so many hold the padding id."""
    config, random = cases.config(), cases.generator("packing", key)
    ids = cases.ids(config, random, *kept.shape)
    is_pad = (kept == 0) & (random.random(kept.shape) < pads)
    return {"input_ids": np.where(is_pad, config.pad_token_id, ids), "attention_mask": kept}


def to_the_right(*lengths: int) -> np.ndarray:
    """A mask of texts of these lengths."""
    return (np.arange(LENGTH) < np.array(lengths)[:, None]).astype(np.int64)


def outcome(model, inputs, skips_padding: bool):
    """The stages, hidden states included, of a call that may or may not leave padding out."""
    tree.backbone_of(model).skips_padding = skips_padding
    return tree.run(model, inputs, output_hidden_states=True, return_dict=True)


@st.composite
def texts(draw):
    """Masks with padding anywhere, rows that are all padding, and hidden words."""
    rows = [draw(st.lists(st.booleans(), min_size=LENGTH, max_size=LENGTH)) for _ in range(ROWS)]
    sides = [draw(st.integers(0, LENGTH)) for _ in range(ROWS)]
    kept = np.array(rows) & to_the_right(*sides).astype(bool)
    kept = kept if draw(st.booleans()) else to_the_right(*sides)
    return batch(kept.astype(np.int64), draw(st.sampled_from([1.0, 0.6])), str(sides))


@FEW
@given(inputs=texts(), types=st.booleans())
def test_every_place_of_any_batch_has_the_states_of_the_padded_one(inputs, types):
    if types:
        random = cases.generator("types", str(inputs["attention_mask"]))
        inputs["token_type_ids"] = random.integers(0, 2, inputs["input_ids"].shape)
    model = tree.new(cases.BARE, cases.config(), cases.weights(cases.config(), cases.BARE))
    one, other = outcome(model, inputs, True), outcome(model, inputs, False)
    assert reference.first_difference(other, one, 1e-10) is None


@pytest.mark.parametrize("task", [task for task in cases.HEADS if task != cases.CAUSAL])
@pytest.mark.parametrize("kept", [cases.RIGHT, cases.LEFT, cases.NOTHING], ids=["r", "l", "none"])
def test_losses_and_gradients_are_those_of_the_padded_batch(task, kept, packings):
    loss = next(one for one in cases.LOSSES if one.task == task)
    config, inputs = cases.loss_call(loss, kept)
    model = tree.new(task, config, cases.weights(config, task))
    found = []
    for skips_padding in (True, False):
        tree.backbone_of(model).skips_padding = skips_padding
        value, gradients = tree.gradients(model, inputs)
        found.append({"loss": value, **gradients})
    assert len(packings) == 1
    assert reference.first_difference(found[1], found[0], 1e-10) is None


def test_one_padding_token_is_left_of_each_text_that_has_any(monkeypatch):
    seen = []
    monkeypatch.setattr(packing, "arranged", lambda is_token, *_: seen.append(is_token.numpy()))
    model = tree.built(cases.BARE, "plain")
    kept = to_the_right(LENGTH, 5, 2, 1)
    tree.call(model, **tensors(batch(kept)))
    (is_token,) = seen
    assert is_token.sum(1).tolist() == [LENGTH, 6, 3, 2]
    assert is_token[kept == 1].all()


CALLS = {  # how a call is changed, and whether it is packed
    "as it is": ({}, True),
    "hidden states": ({"output_hidden_states": True}, True),
    "token types": ({"token_type_ids": np.zeros((ROWS, LENGTH), int)}, True),
    "attentions": ({"output_attentions": True}, False),
    "a head mask": ({"head_mask": np.ones(cases.config().num_attention_heads)}, False),
    "positions": ({"position_ids": np.full((ROWS, LENGTH), 3)}, False),
    "a mask for each query": ({"attention_mask": np.ones((ROWS, LENGTH, LENGTH), int)}, False),
    "no mask": ({"attention_mask": None}, False),
    "a full mask": ({"attention_mask": np.ones((ROWS, LENGTH), int)}, False),
    "little padding": ({"attention_mask": to_the_right(9, 9, 9, 7)}, False),
}


def tensors(inputs):
    return {name: tree.as_tensor(value, "float64") for name, value in inputs.items()}


@pytest.mark.parametrize("name", CALLS)
def test_a_call_is_packed_where_that_pays_and_nothing_needs_the_padding(name, packings):
    changes, is_packed = CALLS[name]
    inputs = batch(to_the_right(9, 5, 3, 1)) | changes
    tree.call(tree.built(cases.BARE, "plain"), **tensors(inputs))
    assert packings == [(ROWS, LENGTH)] * is_packed


@pytest.mark.parametrize("config", ["decoder", "relative_key"])
def test_causal_and_relative_attention_see_the_padding(config, packings):
    tree.call(tree.built(cases.BARE, config), **tensors(batch(to_the_right(9, 5, 3, 1))))
    assert not packings


def test_padding_is_computed_when_that_is_asked_for(packings):
    config = cases.config()
    model = tree.new(cases.BARE, config, cases.weights(config, cases.BARE))
    tree.backbone_of(model).skips_padding = False
    tree.call(model, **tensors(batch(to_the_right(9, 5, 3, 1))))
    assert not packings


def test_a_layer_of_a_users_own_gets_texts_as_they_are(packings):
    config = cases.config()
    model = tree.new(cases.BARE, config, cases.weights(config, cases.BARE))
    backbone = tree.backbone_of(model)
    shapes = []
    layer = backbone.encoder.layer[1].attention
    kind = type(layer)

    class Own(kind):
        def __call__(self, hidden_states, *args, **options):
            shapes.append(tuple(hidden_states.shape[:2]))
            return super().__call__(hidden_states, *args, **options)

    layer.__class__ = Own
    tree.call(model, **tensors(batch(to_the_right(9, 5, 3, 1))))
    assert shapes == [(ROWS, LENGTH)]
    assert not packings
