"""Modules are used as modules: hooks, adapters, offloading and other embeddings see every call."""

import copy

import numpy as np
import pytest
import torch
from torch import nn

import cases
import tree_pt as tree

IDS = torch.tensor([[5, 9, 33, 7], [8, 71, 12, 6]])
TABLES = ("word_embeddings", "position_embeddings", "token_type_embeddings")


def new(task: str, config: str = "plain", **overrides):
    settings = cases.config(config, **overrides)
    return tree.new(task, settings, cases.weights(settings, task))


def offload(model: nn.Module) -> None:
    """Keep the weights of each module elsewhere but while it runs, as on a disk."""
    for module in model.modules():
        own = dict(module.named_parameters(recurse=False))
        if not own:
            continue
        stored = {name: weight.detach().clone() for name, weight in own.items()}

        def load(module, args, stored=stored):
            for name, weight in stored.items():
                setattr(module, name, nn.Parameter(weight.clone()))

        def drop(module, args, output, stored=stored):
            for name, weight in stored.items():
                setattr(module, name, nn.Parameter(weight.to("meta")))

        module.register_forward_pre_hook(load)
        module.register_forward_hook(drop)
        drop(module, (), None)


@pytest.mark.parametrize(
    ("task", "config"),
    [
        (cases.MASKED, "plain"),
        (cases.MASKED, "untied"),
        (cases.CAUSAL, "decoder, relative_key"),
        (cases.TOKEN, "relative_key_query"),
        (cases.SEQUENCE, "plain"),
    ],
)
def test_weights_that_are_there_only_while_their_module_runs_give_the_same(task, config):
    model = new(task, config)
    with torch.no_grad():
        expected = model(IDS).logits
        offload(model)
        assert all(weight.is_meta for weight in model.parameters())
        torch.testing.assert_close(model(IDS).logits, expected, rtol=0, atol=0)


class LoRA(nn.Module):
    """A table that stays, and a product of two narrow ones that is added to its rows."""

    def __init__(self, base: nn.Embedding) -> None:
        super().__init__()
        self.base = base
        rows, size = base.weight.shape
        draw = np.random.default_rng(2).normal
        self.narrow = nn.Embedding.from_pretrained(torch.tensor(draw(size=(rows, 2))), freeze=False)
        self.wide = nn.Parameter(torch.tensor(draw(size=(2, size))))

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        return self.base(ids) + self.narrow(ids) @ self.wide


@pytest.mark.parametrize("name", TABLES)
def test_an_adapter_around_an_embedding_is_what_merging_it_gives(name):
    model = new(cases.TOKEN)
    merged = copy.deepcopy(model)
    holder = model.roberta.embeddings
    adapter = LoRA(getattr(holder, name))
    setattr(holder, name, adapter)
    with torch.no_grad():
        getattr(merged.roberta.embeddings, name).weight += adapter.narrow.weight @ adapter.wide
        expected = merged(IDS).logits
    found = model(IDS).logits
    torch.testing.assert_close(found.detach(), expected, rtol=0, atol=1e-10)
    found.sum().backward()
    assert adapter.wide.grad.abs().sum() > 0
    with pytest.raises(ValueError, match=rf"{name}\.weight must be of shape .*\.base"):
        model.to_arrays()


def test_an_adapter_around_the_table_of_distances_is_seen():
    model = new(cases.BARE, "relative_key")
    expected = model(IDS).last_hidden_state
    attention = model.encoder.layer[1].attention.self
    attention.distance_embedding = LoRA(attention.distance_embedding)
    assert (model(IDS).last_hidden_state - expected).abs().max() > 1e-3


@pytest.mark.parametrize("config", ["plain", "untied"])
def test_the_decoder_is_a_module_that_can_be_called_and_hooked(config):
    model = new(cases.MASKED, config)
    decoder, seen = model.get_output_embeddings(), []
    decoder.register_forward_hook(lambda module, args, output: seen.append((args[0], output)))
    logits = model(IDS).logits
    ((states, output),) = seen
    assert output is logits
    torch.testing.assert_close(decoder(states), logits)
    assert (decoder.weight is model.get_input_embeddings().weight) == (config == "plain")
    assert decoder.bias is model.lm_head.bias


def test_the_tie_outlives_moves_copies_and_loads():
    model = new(cases.MASKED)
    names = list(model.state_dict())
    assert not any("decoder" in name for name in names)
    assert sorted(names) == sorted(one.name for one in model.expected_parameters())
    moved = copy.deepcopy(model).to("meta").to_empty(device="cpu")
    moved.load_state_dict(model.state_dict(), assign=True)
    second = copy.deepcopy(moved)
    second.load_state_dict(
        model.state_dict()
        | {"lm_head.decoder.weight": model.get_input_embeddings().weight.detach()}
        | {"lm_head.decoder.bias": model.lm_head.bias.detach()}  # as other files have it
    )
    for one in (moved, second, copy.deepcopy(second).half()):
        assert one.get_output_embeddings().weight is one.get_input_embeddings().weight
        assert one.get_output_embeddings().bias is one.lm_head.bias
    for one in (moved, second):
        torch.testing.assert_close(one(IDS).logits, model(IDS).logits, rtol=0, atol=0)


def test_embeddings_that_are_given_are_the_ones_used_and_the_tie_follows():
    model = new(cases.MASKED)
    given = nn.Embedding.from_pretrained(torch.randn(101, 24, dtype=torch.float64), freeze=False)
    model.set_input_embeddings(given)
    assert model.get_input_embeddings() is given
    model(IDS, labels=IDS).loss.backward()
    assert model.get_output_embeddings().weight is given.weight
    assert given.weight.grad[50].abs().sum() > 0  # a word of no text: from the decoder
    with pytest.raises(ValueError, match=r"of shape \(101, 24\).*received none"):
        model.set_input_embeddings(LoRA(given))
    untied = new(cases.MASKED, "untied")
    untied.set_input_embeddings(adapter := LoRA(untied.get_input_embeddings()))
    assert untied.get_input_embeddings() is adapter


@pytest.mark.parametrize("options", [{}, {"num_beams": 3}])
def test_generation_calls_the_model_itself_at_every_step(options):
    model, lengths = new(cases.CAUSAL, "decoder"), []
    model.register_forward_hook(
        lambda module, args, kwargs, output: lengths.append(
            (kwargs["input_ids"].shape[1], output.logits.shape[1])
        ),
        with_kwargs=True,
    )
    texts = model.generate(IDS, max_new_tokens=5, eos_token_id=[], **options)
    assert lengths == [(4, 1), *[(1, 1)] * 4]
    model.register_forward_hook(
        lambda module, args, output: type(output)(output, logits=-output.logits)
    )
    assert not torch.equal(model.generate(IDS, max_new_tokens=5, eos_token_id=[], **options), texts)
