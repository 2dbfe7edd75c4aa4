"""accelerate prepares, saves, offloads and spreads our models."""

import pytest
import torch
from accelerate import (
    Accelerator,
    cpu_offload,
    disk_offload,
    infer_auto_device_map,
    init_empty_weights,
    load_checkpoint_and_dispatch,
)
from accelerate.utils import offload_state_dict

from camembert_dual import CamembertConfig, CamembertForCausalLM, CamembertForMaskedLM

NAME = "camembert-tiny-fr"
CPU = torch.device("cpu")
IDS = torch.tensor([[5, 9, 33, 7], [8, 71, 12, 6]])
WHOLE = ["EncoderLayer"]  # the modules that may not be parted, as their inputs are added to outputs


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("model")
    CamembertForMaskedLM.from_pretrained(NAME).save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def expected():
    with torch.no_grad():
        return CamembertForMaskedLM.from_pretrained(NAME)(IDS).logits


def assert_same(model, expected):
    with torch.no_grad():
        torch.testing.assert_close(model(IDS).logits, expected, rtol=0, atol=1e-6)


def empty():
    """A model without numbers, tied again, as every weight was replaced by itself."""
    with init_empty_weights():
        model = CamembertForMaskedLM(CamembertConfig.from_pretrained(NAME))
    assert all(weight.is_meta for weight in model.parameters())
    model.tie_weights()
    return model.eval()


def all_names(model):
    """The weights of a model by all their names, those of the tied decoder included."""
    weights = model.named_parameters(remove_duplicate=False)
    return {name: weight.detach() for name, weight in weights}


def test_a_prepared_training_is_saved_and_taken_up(tmp_path):
    accelerator = Accelerator(cpu=True)
    model = CamembertForMaskedLM.from_pretrained(NAME).train()
    model, optimizer = accelerator.prepare(model, torch.optim.AdamW(model.parameters(), lr=1e-3))

    def step():
        loss = model(IDS, labels=IDS).loss
        accelerator.backward(loss)
        accelerator.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
        return loss.item()

    step()
    accelerator.save_state(str(tmp_path / "state"))
    losses = [step(), step()]
    accelerator.load_state(str(tmp_path / "state"))
    assert [step(), step()] == losses
    accelerator.unwrap_model(model).save_pretrained(tmp_path / "model")
    loaded = CamembertForMaskedLM.from_pretrained(tmp_path / "model")
    assert_same(loaded, model.eval()(IDS).logits.detach())


def test_an_empty_model_is_filled_from_a_folder(folder, expected):
    for device_map in ({"": "cpu"}, "auto"):
        model = load_checkpoint_and_dispatch(
            empty(), str(folder), device_map=device_map, no_split_module_classes=WHOLE
        )
        assert_same(model, expected)


def test_layers_wait_on_the_disk_until_they_run(folder, expected, tmp_path):
    model = empty()
    device_map = {"roberta.embeddings": "cpu", "lm_head": "cpu"}
    for index in range(model.config.num_hidden_layers):
        device_map[f"roberta.encoder.layer.{index}"] = "disk" if index else "cpu"
    model = load_checkpoint_and_dispatch(
        model, str(folder), device_map=device_map, offload_folder=str(tmp_path)
    )
    assert all(weight.is_meta for weight in model.roberta.encoder.layer[1].parameters())
    assert_same(model, expected)


def test_a_map_of_devices_parts_no_layer(folder):
    model = empty()
    found = infer_auto_device_map(
        model, max_memory={"cpu": 11_000_000, "disk": 10**12}, no_split_module_classes=WHOLE
    )
    assert set(found.values()) == {"cpu", "disk"}
    assert all(len(name.split(".")) <= 4 for name in found)


def test_a_whole_model_waits_in_memory_or_on_the_disk(expected, tmp_path):
    model = CamembertForMaskedLM.from_pretrained(NAME)
    cpu_offload(model, execution_device=CPU, state_dict=all_names(model))
    assert all(weight.is_meta for weight in model.parameters())
    assert_same(model, expected)
    model = CamembertForMaskedLM.from_pretrained(NAME)
    offload_state_dict(str(tmp_path), all_names(model))
    disk_offload(model, str(tmp_path), execution_device=CPU)
    assert all(weight.is_meta for weight in model.parameters())
    assert_same(model, expected)


def test_a_model_that_waits_in_memory_generates():
    model = CamembertForCausalLM.from_pretrained(NAME, is_decoder=True)
    expected = model.generate(IDS, max_new_tokens=5)
    cpu_offload(model, execution_device=CPU, state_dict=all_names(model))
    assert torch.equal(model.generate(IDS, max_new_tokens=5), expected)
