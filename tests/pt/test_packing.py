"""Packing keeps out of the way of whoever looks inside a call, and of what transforms it."""

import pytest
import torch

import cases
import tree_pt as tree
from camembert_dual.pt import packing

IDS = torch.tensor([[5, 6, 7, 8, 9, 10, 11], [5, 6, 1, 1, 1, 1, 1], [7, 1, 1, 1, 1, 1, 1]])
MASK = (IDS != 1).long()


@pytest.fixture
def packings(monkeypatch):
    shapes, arranged = [], packing.arranged

    def seen(is_token, *others):
        shapes.append(tuple(is_token.shape))
        return arranged(is_token, *others)

    monkeypatch.setattr(packing, "arranged", seen)
    return shapes


@pytest.fixture
def model():
    config = cases.config()
    return tree.new(cases.BARE, config, cases.weights(config, cases.BARE))


def hooks(module, seen):
    """Ways to look at what a module takes or gives."""
    see = lambda *given: seen.append(given[-1])  # noqa: E731
    return {
        "forward hook": lambda: module.register_forward_hook(see),
        "hook before": lambda: module.register_forward_pre_hook(see),
        "hook of gradients": lambda: module.register_full_backward_hook(see),
        "another forward": lambda: setattr(module, "forward", type(module).forward.__get__(module)),
    }


@pytest.mark.parametrize("way", hooks(None, None))
def test_who_looks_inside_sees_texts_as_they_are(way, model, packings):
    hooks(model.encoder.layer[1].output, [])[way]()
    model(IDS, MASK)
    assert not packings


def test_a_hook_of_all_modules_sees_texts_as_they_are(model, packings):
    handle = torch.nn.modules.module.register_module_forward_hook(lambda *_: None)
    try:
        model(IDS, MASK)
    finally:
        handle.remove()
    assert not packings
    model(IDS, MASK)
    assert packings


@pytest.mark.parametrize("way", ["eager", "sdpa"])
def test_a_way_to_attend_that_was_chosen_is_taken(way, model, packings):
    model.set_attn_implementation(way)
    with torch.no_grad():
        model(IDS, MASK)
    assert bool(packings) == (way == "sdpa")


def test_texts_of_a_mapped_call_are_not_packed(model, packings):
    states = torch.vmap(lambda ids: model(ids[None], MASK[1:2])[0])(IDS)
    assert states.shape == (3, 1, 7, cases.config().hidden_size)
    assert not packings


def test_dropout_is_active_in_packed_training(model, packings):
    model.train()
    one, other = (model(IDS, MASK).last_hidden_state for _ in range(2))
    assert len(packings) == 2
    assert not torch.equal(one, other)
