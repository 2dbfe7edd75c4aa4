"""Pretraining: it learns, it resumes where it was interrupted, and the card says what it did."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from safetensors import safe_open

from camembert_dual import CamembertForMaskedLM, CamembertTokenizer
from camembert_dual.checkpoints.folder import open_checkpoint
from camembert_dual.checkpoints.inspection import examine
from camembert_dual.cli import main
from camembert_dual.pt.training import loop
from camembert_dual.storage.locate import locate
from tokenization_models import SENTENCES

SIZES = (
    *("--vocab-size", "260", "--hidden-size", "24", "--num-hidden-layers", "1"),
    *("--num-attention-heads", "3", "--tokens-per-batch", "300", "--warmup-steps", "2"),
)


@pytest.fixture(scope="module")
def text(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("text") / "phrases.txt"
    path.write_text("\n".join(f"{line} ({n})" for n in range(9) for line in SENTENCES), "utf-8")
    return path


def pretrain(text: Path, out: Path, steps: int, *more: str) -> int:
    words = ["pretrain", "--text", f"{text}:1.5", "--hold-out", str(text), "--valid", str(text)]
    return main([*words, "--out", str(out), "--steps", str(steps), *SIZES, *more])


@pytest.fixture(scope="module")
def finished(text: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("run")
    assert pretrain(text, out, 60, "--learning-rate", "0.02") == 0
    return out


def weights_of(path: Path) -> dict[str, np.ndarray]:
    with safe_open(path, "numpy") as file:
        return {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118


def test_the_checkpoint_loads_and_is_half_as_wide_on_disk(finished: Path):
    model = CamembertForMaskedLM.from_pretrained(finished / "model")
    assert model.config.vocab_size == 265
    assert {
        array.dtype for array in weights_of(finished / "model" / "model.safetensors").values()
    } == {np.dtype("float16")}
    assert len(CamembertTokenizer.from_pretrained(finished / "model")) == 265


@pytest.mark.parametrize("which", ["finished", "bundled"])
def test_the_doctor_finds_nothing_wrong_with_it(which: str, finished: Path):
    folder = finished / "model" if which == "finished" else locate("camembert-tiny-fr")
    assert examine(folder, open_checkpoint(folder)) == []


def perplexity_in(out: Path) -> float:
    card = (out / "model" / "README.md").read_text("utf-8")
    (row,) = [
        line
        for line in card.splitlines()
        if "| phrases.txt, rows of at most 128 tokens |" in line and "this" in line
    ]
    return float(row.split("|")[6])


def test_more_steps_make_it_less_perplexed(text: Path, finished: Path, tmp_path: Path):
    assert pretrain(text, tmp_path, 3, "--learning-rate", "0.001") == 0
    assert perplexity_in(finished) < 0.8 * perplexity_in(tmp_path)


def test_the_card_states_data_command_and_steps(finished: Path):
    card = (finished / "model" / "README.md").read_text("utf-8")
    assert "phrases.txt, weight 1.5" in card
    assert "camembert-dual" in card
    assert "60 steps" in card
    assert "held-out tenth of phrases.txt" in card


def test_an_interrupted_run_ends_like_an_uninterrupted_one(
    text: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(loop, "CHECKPOINT_EVERY", 4)
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    assert pretrain(text, whole, 11) == 0
    real_step, calls = loop.train_step, []

    def stop_at_the_seventh(*arguments):
        calls.append(1)
        if len(calls) == 7:
            raise KeyboardInterrupt
        return real_step(*arguments)

    monkeypatch.setattr(loop, "train_step", stop_at_the_seventh)
    assert pretrain(text, parts, 11) == 130
    assert pretrain(text, parts, 11) == 0
    assert len(calls) == 7 + 11 - 4  # it went on from step 4
    ours = weights_of(parts / "training_state.safetensors")
    for name, weight in weights_of(whole / "training_state.safetensors").items():
        np.testing.assert_array_equal(ours[name], weight, err_msg=name)


def test_a_run_with_other_settings_is_not_resumed(
    text: Path, finished: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    copy = tmp_path / "copy"
    shutil.copytree(finished, copy)
    settings = json.loads((copy / "training_settings.json").read_text("utf-8"))
    settings["seed"] = 7
    (copy / "training_settings.json").write_text(json.dumps(settings), "utf-8")
    capsys.readouterr()
    assert pretrain(text, copy, 70, "--learning-rate", "0.02") == 2
    assert "another seed" in capsys.readouterr().err


def test_a_resumed_run_may_go_on_longer_with_more_long_rows(
    text: Path, finished: Path, tmp_path: Path
):
    copy = tmp_path / "copy"
    shutil.copytree(finished, copy)
    assert pretrain(text, copy, 62, "--learning-rate", "0.02", "--long-share", "0.5") == 0
    settings = json.loads((copy / "training_settings.json").read_text("utf-8"))
    assert (settings["steps"], settings["long_share"]) == (62, 0.5)
    assert perplexity_in(copy) < 1.2 * perplexity_in(finished)  # it did not begin anew


def test_bfloat16_runs(text: Path, tmp_path: Path):
    assert pretrain(text, tmp_path, 3, "--precision", "bfloat16") == 0


def test_biases_and_normalisations_do_not_decay():
    model = CamembertForMaskedLM(loop.PretrainingSettings(hidden_size=24).config())
    decays, rests = loop.parameter_groups(model, 0.01)
    assert (decays["weight_decay"], rests["weight_decay"]) == (0.01, 0.0)
    assert {weight.ndim for weight in rests["params"]} == {1}
    assert {weight.ndim for weight in decays["params"]} == {2}
