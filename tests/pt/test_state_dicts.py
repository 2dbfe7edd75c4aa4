"""Weights and models as PyTorch keeps them: copies, pickles, state dicts of what is around them."""

import copy
import io
import pickle

import pytest
import torch
from torch import nn
from torch.nn.utils import parametrizations, prune

import cases
import tree_pt as tree
from camembert_dual import CamembertForMaskedLM, CamembertForSequenceClassification

IDS = torch.tensor([[5, 9, 33, 7], [8, 71, 12, 6]])
WRAPPERS = ("module.", "_orig_mod.", "model.", "module._orig_mod.")


def new(task: str = cases.MASKED):
    config = cases.config()
    return tree.new(task, config, cases.weights(config, task), "float32")


def saved_by_torch(model) -> io.BytesIO:
    file = io.BytesIO()
    torch.save(model, file)
    file.seek(0)
    return file


@pytest.mark.parametrize(
    "copied",
    [
        copy.deepcopy,
        lambda model: pickle.loads(pickle.dumps(model)),
        lambda model: torch.load(saved_by_torch(model), weights_only=False),
    ],
    ids=["deepcopy", "pickle", "torch.save"],
)
def test_a_copy_of_a_model_is_a_model_of_its_own(copied):
    model = new()
    expected = model(IDS).logits
    twin = copied(model)
    assert twin.get_output_embeddings().weight is twin.get_input_embeddings().weight
    with torch.no_grad():
        twin.get_input_embeddings().weight.add_(1.0)
    twin.set_attn_implementation("eager")
    assert model.config.attn_implementation is None
    torch.testing.assert_close(model(IDS).logits, expected, rtol=0, atol=0)
    assert not torch.equal(twin(IDS).logits, expected)


def test_a_state_dict_with_the_second_names_of_the_decoder_is_taken():
    model = new()
    state = model.state_dict()
    state["lm_head.decoder.weight"] = state["roberta.embeddings.word_embeddings.weight"]
    state["lm_head.decoder.bias"] = state["lm_head.bias"]
    twin = CamembertForMaskedLM(cases.config()).eval()
    twin.load_state_dict(state, strict=True)
    torch.testing.assert_close(twin(IDS).logits, model(IDS).logits, rtol=0, atol=0)


@pytest.mark.parametrize("wrapper", WRAPPERS)
@pytest.mark.parametrize("strict", [True, False])
def test_the_state_dict_of_a_module_around_the_model_is_refused_by_name(wrapper, strict):
    model = new()
    state = {wrapper + name: weight for name, weight in model.state_dict().items()}
    with pytest.raises(ValueError, match=rf"take '{wrapper}' off.*; received {wrapper}roberta"):
        model.load_state_dict(state, strict=strict)
    nn.modules.utils.consume_prefix_in_state_dict_if_present(state, wrapper)
    model.load_state_dict(state)


@pytest.mark.parametrize("wrapper", WRAPPERS)
def test_the_file_of_a_module_around_the_model_is_refused_by_name(wrapper, tmp_path):
    model = new(cases.SEQUENCE)
    model.save_pretrained(tmp_path)
    (tmp_path / "model.safetensors").unlink()
    state = {wrapper + name: weight for name, weight in model.state_dict().items()}
    torch.save(state, tmp_path / "pytorch_model.bin")
    with pytest.raises(ValueError, match=rf"\(take '{wrapper}' off its names: a module around"):
        CamembertForSequenceClassification.from_pretrained(tmp_path)


def test_a_training_checkpoint_is_refused_with_where_its_weights_are(tmp_path):
    model = new()
    inside = {f"model.{name}": weight for name, weight in model.state_dict().items()}
    whole = {"epoch": 3, "state_dict": inside}  # as Lightning writes it
    with pytest.raises(ValueError, match=r"as this one does under 'state_dict'; received"):
        model.load_state_dict(whole)
    model.save_pretrained(tmp_path)
    (tmp_path / "model.safetensors").unlink()
    torch.save(whole, tmp_path / "pytorch_model.bin")
    with pytest.raises(ValueError, match=r"under 'state_dict' \(save that alone\); received"):
        CamembertForMaskedLM.from_pretrained(tmp_path)


def test_a_module_around_the_model_saves_and_loads_its_own_state():
    around = nn.Module()
    around.model = new()
    around.extra = nn.Linear(3, 2)
    twin = nn.Module()
    twin.model = CamembertForMaskedLM(cases.config()).eval()
    twin.extra = nn.Linear(3, 2)
    twin.load_state_dict(around.state_dict(), strict=True)
    torch.testing.assert_close(twin.model(IDS).logits, around.model(IDS).logits, rtol=0, atol=0)


def test_pruned_weights_are_zero_in_what_is_saved(tmp_path):
    model = new()
    query = model.roberta.encoder.layer[0].attention.self.query
    prune.l1_unstructured(query, "weight", amount=0.5)
    expected = model(IDS).logits
    with pytest.raises(ValueError, match=r"query\.weight must be .*weight_orig"):
        model.save_pretrained(tmp_path)
    prune.remove(query, "weight")
    model.save_pretrained(tmp_path)
    loaded = CamembertForMaskedLM.from_pretrained(tmp_path)
    torch.testing.assert_close(loaded(IDS).logits, expected, rtol=0, atol=0)
    assert (loaded.roberta.encoder.layer[0].attention.self.query.weight == 0).sum() == 24 * 12


def test_parametrised_weights_are_saved_as_they_are_computed(tmp_path):
    model = new()
    dense = parametrizations.weight_norm(model.roberta.encoder.layer[1].output.dense)
    with torch.no_grad():
        dense.parametrizations.weight.original0.mul_(1.7)
    expected = model(IDS).logits
    model.save_pretrained(tmp_path)
    loaded = CamembertForMaskedLM.from_pretrained(tmp_path)
    torch.testing.assert_close(loaded(IDS).logits, expected, rtol=0, atol=1e-6)
