"""Pretraining: it learns, it resumes where it was interrupted, and it goes on from a checkpoint."""

import json
import re
import shutil
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors import safe_open
from safetensors.numpy import save_file
from torch.optim.optimizer import register_optimizer_step_pre_hook

from camembert_dual import CamembertForMaskedLM, CamembertTokenizer
from camembert_dual.checkpoints.folder import open_checkpoint
from camembert_dual.checkpoints.inspection import inspect_folder
from camembert_dual.cli import main
from camembert_dual.pt.training import loop
from camembert_dual.storage.locate import locate
from camembert_dual.training import run_state
from camembert_dual.workflows.pretrain import vocabulary_of
from tokenization_models import SENTENCES, write_model

RUN = ("--tokens-per-batch", "300", "--warmup-steps", "2")
SIZES = ("--hidden-size", "24", "--num-hidden-layers", "1", "--num-attention-heads", "3")


@pytest.fixture(autouse=True)
def listens_to_ctrl_c():
    """A process that was started in the background is deaf to Ctrl-C."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture(scope="module")
def text(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("text")
    CamembertTokenizer(write_model(folder)).save_pretrained(folder)
    path = folder / "phrases.txt"
    path.write_text("\n".join(f"{line} ({n})" for n in range(9) for line in SENTENCES), "utf-8")
    return path


def train(text: Path, out: Path, steps: int, *more: str) -> int:
    words = ["pretrain", "--text", f"{text}:1.5", "--hold-out", str(text), "--valid", str(text)]
    return main([*words, "--out", str(out), "--steps", str(steps), *RUN, *more])


def pretrain(text: Path, out: Path, steps: int, *more: str) -> int:
    return train(text, out, steps, "--tokenizer", str(text.parent), *SIZES, *more)


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
    tokens = len(CamembertTokenizer.from_pretrained(finished / "model"))
    assert model.config.vocab_size == tokens
    assert {
        array.dtype for array in weights_of(finished / "model" / "model.safetensors").values()
    } == {np.dtype("float16")}


def test_the_card_describes_the_model_that_was_made(text: Path, finished: Path, tmp_path: Path):
    card = (finished / "model" / "README.md").read_text("utf-8")
    model = CamembertForMaskedLM.from_pretrained(finished / "model")
    assert f"# {finished.name}" in card
    assert "camembert-tiny-fr" not in card
    assert "- Begun from: new, random weights" in card
    assert f"- Layers: 1 of width 24, with 3 heads; {model.num_parameters():,} parameters" in card
    assert f"- Vocabulary: {model.config.vocab_size:,} tokens" in card
    assert "- Trained on: `phrases.txt`, weight 1.5" in card
    assert "| phrases.txt, rows of at most 128 tokens | " in card
    source = str(finished / "model")
    assert train(text, tmp_path, 3, "--model", source) == 0
    assert f"- Begun from: `{source}`" in (tmp_path / "model" / "README.md").read_text("utf-8")


@pytest.mark.parametrize("which", ["finished", "bundled"])
def test_the_doctor_finds_nothing_wrong_with_it(which: str, finished: Path):
    folder = finished / "model" if which == "finished" else locate("camembert-tiny-fr")
    assert inspect_folder(folder, open_checkpoint(folder)) == []


def perplexity(capsys: pytest.CaptureFixture[str]) -> float:
    """Of the text's ordinary rows, as the command prints it last."""
    found = re.findall(
        r"^phrases.txt, rows of at most 128 tokens: .* perplexity (.*)$",
        capsys.readouterr().out,
        re.MULTILINE,
    )
    return float(found[-1])


def test_more_steps_make_it_less_perplexed(
    text: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    assert pretrain(text, tmp_path / "short", 3, "--learning-rate", "0.001") == 0
    short = perplexity(capsys)
    assert pretrain(text, tmp_path / "long", 60, "--learning-rate", "0.02") == 0
    assert perplexity(capsys) < 0.8 * short


def test_it_scores_what_was_held_out(
    text: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    assert pretrain(text, tmp_path, 3) == 0
    assert "held-out tenth of phrases.txt, rows of at most" in capsys.readouterr().out


def test_a_checkpoint_is_trained_further(
    text: Path, finished: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    model = str(finished / "model")
    assert train(text, tmp_path / "on", 8, "--model", model, "--learning-rate", "0.001") == 0
    further = perplexity(capsys)
    assert pretrain(text, tmp_path / "new", 8, "--learning-rate", "0.001") == 0
    assert further < 0.8 * perplexity(capsys)
    before, after = (
        weights_of(folder / "model" / "model.safetensors") for folder in (finished, tmp_path / "on")
    )
    assert {name: one.shape for name, one in after.items()} == {
        name: one.shape for name, one in before.items()
    }


def test_a_checkpoint_keeps_its_sizes(
    text: Path, finished: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    model = str(finished / "model")
    assert train(text, tmp_path, 3, "--model", model, *SIZES[:2]) == 2
    assert "with its own sizes; received --hidden-size" in capsys.readouterr().err


def test_a_tokenizer_without_mask_is_refused(text: Path):
    tokenizer = CamembertTokenizer.from_pretrained(text.parent)
    tokenizer.mask_token = None
    with pytest.raises(ValueError, match="bos, eos, pad and mask tokens; received none for mask"):
        vocabulary_of(tokenizer)


def assert_same_state(ours: Path, theirs: Path) -> None:
    found = weights_of(ours / "training_state.safetensors")
    expected = weights_of(theirs / "training_state.safetensors")
    assert set(found) == set(expected)
    for name, weight in expected.items():
        np.testing.assert_array_equal(found[name], weight, err_msg=name)


@pytest.fixture(scope="module")
def whole(text: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of eleven steps that nobody interrupted."""
    out = tmp_path_factory.mktemp("whole")
    assert pretrain(text, out, 11) == 0
    return out


@pytest.mark.parametrize("stopped_at", [1, 3, 4, 7])
@pytest.mark.parametrize("moment", ["before", "within", "after"])
def test_an_interrupted_run_ends_like_an_uninterrupted_one(
    moment: str,
    stopped_at: int,
    text: Path,
    whole: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setattr(run_state, "STATE_EVERY", 4)
    real, calls = loop.train_step, []

    def press(when: str) -> None:
        if when == moment and len(calls) == stopped_at:
            signal.raise_signal(signal.SIGINT)

    def step(*arguments):
        calls.append(1)
        press("before")
        loss = real(*arguments)
        press("after")
        return loss

    monkeypatch.setattr(loop, "train_step", step)
    hook = register_optimizer_step_pre_hook(lambda *_: press("within"))
    try:
        assert pretrain(text, tmp_path, 11) == 130
        assert pretrain(text, tmp_path, 11) == 0
    finally:
        hook.remove()
    assert len(calls) == 11  # no step was lost and none made twice
    assert_same_state(tmp_path, whole)


def test_ctrl_c_while_the_state_is_written_leaves_it_whole(
    text: Path, whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(run_state, "STATE_EVERY", 4)
    real, saved = loop.save_state, []

    def interrupted_save(*arguments):
        saved.append(arguments[-1].done)
        signal.raise_signal(signal.SIGINT)
        real(*arguments)

    monkeypatch.setattr(loop, "save_state", interrupted_save)
    assert pretrain(text, tmp_path, 11) == 130
    assert saved == [4]
    monkeypatch.setattr(loop, "save_state", real)
    assert pretrain(text, tmp_path, 11) == 0
    assert_same_state(tmp_path, whole)


@pytest.mark.usefixtures("finished")
def test_ctrl_c_is_nobodys_after_a_run():
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_run_with_dropout_ends_alike_when_it_is_interrupted(
    text: Path, finished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    model = tmp_path / "model"
    shutil.copytree(finished / "model", model)
    config = json.loads((model / "config.json").read_text("utf-8"))
    config |= {"hidden_dropout_prob": 0.3, "attention_probs_dropout_prob": 0.2}
    (model / "config.json").write_text(json.dumps(config), "utf-8")
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    assert train(text, whole, 6, "--model", str(model)) == 0
    monkeypatch.setattr(loop, "train_step", pressing(2, loop.train_step))
    assert train(text, parts, 6, "--model", str(model)) == 130
    assert train(text, parts, 6, "--model", str(model)) == 0
    assert_same_state(parts, whole)


def pressing(call: int, real: Callable[..., float]) -> Callable[..., float]:
    """The function, whose call of that number presses Ctrl-C."""
    calls: list[int] = []

    def pressed(*arguments: Any) -> float:
        calls.append(1)
        if len(calls) == call:
            signal.raise_signal(signal.SIGINT)
        return real(*arguments)

    return pressed


def damaged(path: Path, how: str) -> None:
    """Make a state that is cut off, no safetensors, another's, or without its counts."""
    whole = path.read_bytes()
    tensors = weights_of(path)
    counts = {"done": "3", "seconds": "1"}
    first = next(iter(sorted(tensors)))
    if how == "cut":
        path.write_bytes(whole[: len(whole) // 2])
    elif how == "text":
        path.write_text("years of work")
    elif how == "empty":
        path.write_bytes(b"")
    elif how == "foreign":
        save_file({"embeddings": np.zeros(3)}, path, metadata=counts)
    elif how == "shape":
        save_file(tensors | {first: np.zeros((2, 3), np.float32)}, path, metadata=counts)
    elif how == "type":
        save_file(tensors | {first: tensors[first].astype(np.float16)}, path, metadata=counts)
    else:
        save_file(tensors, path, metadata={"done": "many", "seconds": "nan"})


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ("cut", "must be a whole safetensors file; received"),
        ("text", "must be a whole safetensors file; received"),
        ("empty", "must be a whole safetensors file; received"),
        ("foreign", "must be of this network; remove it to begin anew; received another"),
        ("shape", "must be of this network; remove it to begin anew; received another"),
        ("type", "must be of this network; remove it to begin anew; received another"),
        ("counts", "must say its steps and seconds; received 'many' and 'nan'"),
    ],
)
def test_a_damaged_or_foreign_state_gives_one_line(
    how: str,
    message: str,
    text: Path,
    finished: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
):
    out = tmp_path / "run"
    shutil.copytree(finished, out)
    damaged(out / "training_state.safetensors", how)
    before = (out / "training_state.safetensors").read_bytes()
    capsys.readouterr()
    assert pretrain(text, out, 70, "--learning-rate", "0.02") == 2
    shown = capsys.readouterr().err.splitlines()
    assert message in shown[-1]
    assert shown[-1].startswith(f"camembert-dual: {out / 'training_state.safetensors'}: ")
    assert len(shown) == 1
    assert len(shown[0]) < 500
    assert (out / "training_state.safetensors").read_bytes() == before


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
    text: Path, finished: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    copy = tmp_path / "copy"
    shutil.copytree(finished, copy)
    assert pretrain(text, copy, 62, "--learning-rate", "0.02", "--long-share", "0.5") == 0
    settings = json.loads((copy / "training_settings.json").read_text("utf-8"))
    assert (settings["steps"], settings["long_share"]) == (62, 0.5)
    resumed = perplexity(capsys)
    assert pretrain(text, tmp_path / "new", 2, "--learning-rate", "0.02") == 0
    assert resumed < 0.8 * perplexity(capsys)  # it did not begin anew


def test_bfloat16_runs(text: Path, tmp_path: Path):
    assert pretrain(text, tmp_path, 3, "--precision", "bfloat16") == 0
