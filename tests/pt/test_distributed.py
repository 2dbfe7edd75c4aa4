"""Two processes: what DDP, FSDP2 and cut layers compute is what one process computes alone."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file
from torch.distributed import checkpoint

import torch_processes as alone
from camembert_dual.pt import CamembertForCausalLM, CamembertForMaskedLM, tensor_parallel_plan

# PyTorch's own checkpoints, read and written by one process
pytestmark = pytest.mark.filterwarnings("ignore:torch.distributed is disabled:UserWarning")
WORKER = Path(alone.__file__)


def run(way: str, folder: Path) -> Path:
    words = ["-m", "torch.distributed.run", "--nproc-per-node", "2", "--standalone"]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "GLOO_SOCKET_IFNAME": "lo"}
    path = [str(WORKER.parent), environment.get("PYTHONPATH", "")]
    environment["PYTHONPATH"] = os.pathsep.join(one for one in path if one)
    command = [sys.executable, *words, str(WORKER), way, str(folder)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=200)
    assert done.returncode == 0, done.stderr[-3000:]
    return folder


def trained():
    return alone.train(alone.new(), alone.IDS, alone.LABELS)


@pytest.mark.parametrize("way", ["ddp", "fsdp", "tensor"])
def test_several_processes_train_the_weights_that_one_trains(way, tmp_path):
    folder = run(way, tmp_path)
    expected = trained()
    saved = load_file(folder / "saved" / "model.safetensors")
    assert set(saved) == {one.name for one in expected.expected_parameters()}
    for name, array in expected.to_arrays().items():
        if not name.endswith("key.bias"):  # whose gradient is rounding, which Adam scales up
            np.testing.assert_allclose(saved[name], array, rtol=0, atol=1e-10, err_msg=name)
    loaded = CamembertForMaskedLM.from_pretrained(folder / "saved", dtype="auto")
    found, wanted = loaded(alone.IDS).logits, expected.eval()(alone.IDS).logits
    torch.testing.assert_close(found, wanted, rtol=0, atol=1e-8)
    if way == "fsdp":  # the pieces, which PyTorch saved by itself, are a model of ours, too
        model = alone.new()
        state = {"model": model.state_dict()}
        checkpoint.load(state, checkpoint_id=folder / "pieces", no_dist=True)
        model.load_state_dict(state["model"])
        torch.testing.assert_close(model.eval()(alone.IDS).logits, found, rtol=0, atol=1e-12)
    if way == "tensor":
        mask = torch.ones_like(alone.IDS)
        mask[0, 3:] = 0
        wanted = alone.new()(alone.IDS, mask).logits
        for rank in range(2):
            logits = torch.load(folder / f"logits-{rank}.pt")
            torch.testing.assert_close(logits, wanted, rtol=0, atol=1e-10)


def test_a_model_in_pieces_generates_what_it_generates_whole(tmp_path):
    folder = run("generate", tmp_path)
    model = alone.new(CamembertForCausalLM, is_decoder=True)
    expected = model.generate(alone.IDS, max_new_tokens=6)
    for rank in range(2):
        assert torch.equal(torch.load(folder / f"found-{rank}.pt"), expected)


def test_a_folder_of_ours_becomes_pieces_and_comes_back(tmp_path):
    model = alone.new()
    state = {"model": model.state_dict()}
    checkpoint.save(state, checkpoint_id=tmp_path / "pieces", no_dist=True)
    twin = CamembertForMaskedLM(model.config).double()
    state = {"model": twin.state_dict()}
    checkpoint.load(state, checkpoint_id=tmp_path / "pieces", no_dist=True)
    twin.save_pretrained(tmp_path / "folder")
    loaded = CamembertForMaskedLM.from_pretrained(tmp_path / "folder", dtype="auto").train()
    torch.testing.assert_close(loaded(alone.IDS).logits, model(alone.IDS).logits, rtol=0, atol=0)


def test_layers_that_cannot_be_cut_are_refused():
    rule = r"must be multiples of 5; received \[4\] and 36"
    with pytest.raises(ValueError, match=rule):
        tensor_parallel_plan(alone.new(), 5)
    crossed = alone.new(CamembertForCausalLM, is_decoder=True, add_cross_attention=True)
    plan = tensor_parallel_plan(crossed, 2)
    assert "roberta.encoder.layer.*.crossattention.self.query" in plan
