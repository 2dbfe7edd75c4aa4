"""Fine-tuning by its command: it learns, goes on where it was killed, and says what it made."""

import json
import os
import signal
import subprocess
import sys

import numpy as np
import pytest
from safetensors import safe_open

import cases
from backend import tree
from camembert_dual import CamembertTokenizer
from camembert_dual.cli import main
from camembert_dual.common.model_names import MASKED_LM, TOKEN_CLASSIFICATION, class_name
from camembert_dual.training.watch import Watch
from camembert_dual.workflows import evaluate
from tokenization_models import SENTENCES, write_model

BACKEND = os.environ["CAMEMBERT_BACKEND"]
KILLED = """
import os, signal, sys
from camembert_dual.training.watch import Watch
from camembert_dual.cli import main
after, calls = Watch.after, []
def killed(self, loss):
    goes_on = after(self, loss)
    calls.append(1)
    if len(calls) == 7:
        os.kill(os.getpid(), signal.SIGKILL)
    return goes_on
Watch.after = killed
main(sys.argv[1:])
"""


@pytest.fixture(autouse=True)
def listens_to_ctrl_c():
    """A process that was started in the background is deaf to Ctrl-C."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A small checkpoint that drops out, and words with a label that tells their first letter."""
    folder = tmp_path_factory.mktemp("finetuning")
    tokenizer = CamembertTokenizer(write_model(folder))
    config = cases.config(vocab_size=len(tokenizer), max_position_embeddings=66, pad_token_id=1)
    assert config.hidden_dropout_prob > 0
    model = tree.new(MASKED_LM, config, cases.weights(config, MASKED_LM), "float32")
    model.save_pretrained(folder / "start")
    tokenizer.save_pretrained(folder / "start")
    lines = []
    for sentence in SENTENCES:
        words = [
            f"{word} {'B-VOW' if word[0] in 'aeiouAEIOU' else 'O'}" for word in sentence.split()
        ]
        lines += [*words, ""]
    (folder / "words.bio").write_text("\n".join(lines), "utf-8")
    return folder


def words_of(folder, out, *more):
    data = str(folder / "words.bio")
    files = ["--train", data, "--valid", data, "--out", str(out), "--model", str(folder / "start")]
    numbers = ["--epochs", "3", "--batch-size", "3", "--accumulation", "2", "--max-length", "40"]
    rate = ["--learning-rate", "0.02", "--layer-decay", "0.9"]
    return ["finetune", "ner", "--backend", BACKEND, *files, *numbers, *rate, *more]


@pytest.fixture(scope="module")
def whole(folder):
    out = folder / "whole"
    assert main(words_of(folder, out)) == 0
    return out


def state_of(out):
    with safe_open(out / "training_state.safetensors", "np") as file:
        return {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118


def assert_same_run(ours, theirs):
    one, two = state_of(ours), state_of(theirs)
    assert set(one) == set(two)
    for name, array in one.items():
        np.testing.assert_array_equal(array, two[name], err_msg=name)
    histories = [(out / "training_history.json").read_text("utf-8") for out in (ours, theirs)]
    assert histories[0] == histories[1]


def test_it_learns_and_keeps_the_best_model_with_its_task(folder, whole):
    history = json.loads((whole / "training_history.json").read_text("utf-8"))
    assert [one["epoch"] for one in history] == [1, 2, 3]
    assert history[-1]["loss"] < history[0]["loss"]
    best = max(one["scores"]["f1"] for one in history)
    assert json.loads((whole / "model" / "task.json").read_text("utf-8")) == {
        "task": "ner",
        "max_length": 40,
    }
    found = evaluate(whole / "model", folder / "words.bio", backend=BACKEND, resamples=7)
    assert found.scores["f1"].value == pytest.approx(best)
    assert found.task == "ner"
    config = json.loads((whole / "model" / "config.json").read_text("utf-8"))
    assert config["id2label"] == {"0": "B-VOW", "1": "O"}
    assert config["architectures"] == [TOKEN_CLASSIFICATION]
    card = (whole / "model" / "README.md").read_text("utf-8")
    for fact in (
        "ner",
        "`words.bio`",
        "`B-VOW`",
        "| `layer_decay` | 0.9 |",
        f"| f1 | {best:.4f} |",
    ):
        assert fact in card


def test_a_killed_run_ends_like_one_that_was_not(folder, whole, tmp_path):
    command = words_of(folder, tmp_path / "run")
    killed = subprocess.run([sys.executable, "-c", KILLED, *command], capture_output=True)
    assert killed.returncode == -signal.SIGKILL
    assert len(state_of(tmp_path / "run")["losses"]) == 5  # those of an epoch; 7 were made
    assert main(command) == 0
    assert_same_run(tmp_path / "run", whole)
    assert main(command) == 0  # nothing is left to do
    assert_same_run(tmp_path / "run", whole)


def test_ctrl_c_keeps_the_state_and_says_how_to_go_on(folder, whole, tmp_path, monkeypatch, capsys):
    after, calls = Watch.after, []

    def pressed(self, loss):
        calls.append(1)
        if len(calls) == 4:
            signal.raise_signal(signal.SIGINT)
        return after(self, loss)

    monkeypatch.setattr(Watch, "after", pressed)
    assert main(words_of(folder, tmp_path / "run")) == 130
    assert "the same command goes on from the state kept" in capsys.readouterr().err
    assert len(state_of(tmp_path / "run")["losses"]) == 4
    assert main(words_of(folder, tmp_path / "run")) == 0
    assert_same_run(tmp_path / "run", whole)


def test_a_run_with_other_numbers_or_labels_is_not_gone_on_with(folder, whole, capsys):
    assert main(words_of(folder, whole, "--seed", "1")) == 2
    assert "must have the settings it began with; received another seed." in capsys.readouterr().err


def test_it_stops_when_no_epoch_is_better(folder, tmp_path, capsys):
    out = tmp_path / "run"
    more = ["--learning-rate", "1e-9", "--patience", "1", "--epochs", "6", "--json"]
    assert main(words_of(folder, out, *more)) == 0
    told = json.loads(capsys.readouterr().out)
    assert [one["is_best"] for one in told["history"]] == [True, False]
    assert told["model"] == str(out / "model")


def test_new_weights_do_not_depend_on_the_framework(folder):
    from camembert_dual.training.finetuning_settings import FinetuningSettings
    from camembert_dual.workflows.starting import starting_model

    model = starting_model(
        folder / "start", TOKEN_CLASSIFICATION, BACKEND, FinetuningSettings(seed=3), num_labels=7
    )
    assert type(model).__name__ == class_name(TOKEN_CLASSIFICATION, BACKEND)
    head = model.to_arrays()["classifier.weight"]
    assert head.std() == pytest.approx(model.config.initializer_range, rel=0.3)
    # NumPy's generator, seeded by the run's seed and the CRC of the name
    rng = np.random.default_rng([3, 0xEC627ADA])
    np.testing.assert_allclose(
        head, rng.normal(0, model.config.initializer_range, head.shape), rtol=1e-6
    )
