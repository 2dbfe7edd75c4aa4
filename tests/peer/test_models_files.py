"""Checkpoints of transformers, old and new, load here in both trees, and ours load there."""

import os
import subprocess
from pathlib import Path

import numpy as np
import pytest
import torch
import transformers

import cases
import reference
import tree_pt

OLD = transformers.__version__ == "4.34.0"
transformers.logging.set_verbosity_error()
ROOT = Path(__file__).parents[2]
TOLERANCE = 2e-5

MODELS = [
    *((task, "plain") for task in cases.TASKS),
    (cases.MASKED, "pad 0"),
    (cases.MASKED, "untied"),
    (cases.CAUSAL, "decoder"),
    (cases.BARE, "crossed"),
    (cases.MASKED, "one token type"),
    *(
        (
            (cases.MASKED, "relative_key"),
            (cases.BARE, "relative_key_query"),
            (cases.TOKEN, "pruned"),
        )
        if OLD
        else ()
    ),
]


def run_at_home(command: str, jobs: list[list[str]], folder: Path) -> None:
    """Run exchange.py with the project's Python, which has both frameworks."""
    listing = folder / f"{command}.txt"
    listing.write_text("\n".join("\t".join(job) for job in jobs))
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
    python = ROOT / ".venv" / "bin" / "python"
    script = Path(__file__).with_name("exchange.py")
    done = subprocess.run(
        [python, "-W", "ignore", script, command, listing],
        capture_output=True,
        text=True,
        env=environment,
        timeout=280,
    )
    assert done.returncode == 0, done.stderr


def answers_in(folder: Path, file: str):
    """What exchange.py answered, or the error that it met."""
    error = folder / "error.txt"
    assert not error.exists(), error.read_text()
    return np.load(folder / file)


def name_of(task: str, config_name: str) -> str:
    return f"{task} {config_name}".replace(" ", "_").replace(",", "")


def settings(task: str, config_name: str):
    return cases.config(config_name, num_labels=2 if task == cases.QUESTION else 5)


def answers_of(model, inputs):
    """The peer's first output: states, logits, or the two of question answering."""
    with torch.no_grad():
        given = {name: torch.tensor(value) for name, value in inputs.items()}
        output = model.eval()(**given, return_dict=True)
    return {
        name: output[name].numpy()
        for name in ("last_hidden_state", "logits", "start_logits", "end_logits")
        if name in output
    }


@pytest.fixture(scope="module")
def written_by_them(tmp_path_factory):
    """Every model as transformers initialises and writes it, answered by it and by both trees."""
    root = tmp_path_factory.mktemp("theirs")
    expected = {}
    for task, config_name in MODELS:
        folder = root / name_of(task, config_name)
        config = settings(task, config_name)
        values = config.to_dict() | {"initializer_range": 0.3}
        model = getattr(transformers, task)(transformers.CamembertConfig(**values))
        with torch.no_grad():
            random = torch.Generator().manual_seed(0)
            for weight in model.parameters():  # nothing hidden by zero biases or norms of one
                weight += 0.1 * torch.randn(weight.shape, generator=random)
        options = {"safe_serialization": True} if OLD else {}
        model.save_pretrained(folder, **options)
        inputs = cases.inputs(task, cases.case("right padding"))
        np.savez(folder / "inputs.npz", **inputs)
        (folder / "task.txt").write_text(task)
        expected[task, config_name] = answers_of(model, inputs)
    run_at_home("answer", [[str(root / name_of(*one))] for one in MODELS], root)
    return root, expected


@pytest.mark.parametrize("tree", ["pt", "tf"])
@pytest.mark.parametrize(("task", "config_name"), MODELS)
def test_a_checkpoint_of_theirs_gives_the_same_answers_here(
    written_by_them, task, config_name, tree
):
    root, answers = written_by_them
    found = answers_in(root / name_of(task, config_name), f"{tree}.npz")
    expected = answers[task, config_name]
    actual = {name: found[name] for name in expected}
    assert reference.first_difference(expected, actual, TOLERANCE) is None


@pytest.fixture(scope="module")
def written_here(tmp_path_factory):
    root = tmp_path_factory.mktemp("ours")
    jobs = [
        [str(root / tree / name_of(task, config_name)), tree, task, config_name]
        for tree in ("pt", "tf")
        for task, config_name in MODELS
    ]
    run_at_home("write", jobs, root)
    return root


@pytest.mark.parametrize("tree", ["pt", "tf"])
@pytest.mark.parametrize(("task", "config_name"), MODELS)
def test_a_checkpoint_of_ours_gives_the_same_answers_there(written_here, task, config_name, tree):
    folder = written_here / tree / name_of(task, config_name)
    found = answers_in(folder, "answers.npz")
    model, report = getattr(transformers, task).from_pretrained(folder, output_loading_info=True)
    assert not report["unexpected_keys"]
    assert not report["mismatched_keys"]
    aliases = {"lm_head.decoder.weight", "lm_head.decoder.bias"}
    assert set(report["missing_keys"]) <= aliases
    actual = answers_of(model, dict(np.load(folder / "inputs.npz")))
    expected = {name: found[name] for name in actual}
    assert reference.first_difference(expected, actual, TOLERANCE) is None


def test_the_tree_under_test_is_the_one_of_this_repository():
    assert Path(tree_pt.tree.__file__).is_relative_to(ROOT)
