"""The command line: help, and one clear line with exit code 2 for every mistake of the user."""

import subprocess
import sys

import pytest

from camembert_dual.cli import COMMANDS, main

BLOCKED = (
    "import sys; sys.modules[{module!r}] = None;"
    "from camembert_dual.cli import main; sys.exit(main({words!r}))"
)


def run_without(module: str, *words: str) -> subprocess.CompletedProcess[str]:
    code = BLOCKED.format(module=module, words=list(words))
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=240, check=False
    )


def assert_is_one_line(text: str, *parts: str) -> None:
    assert text.startswith("camembert-dual: ")
    assert text.count("\n") == 1, text
    assert "Traceback" not in text
    assert all(part in text for part in parts), text


def test_help_names_every_command(capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit) as stop:
        main(["--help"])
    assert stop.value.code == 0
    shown = capsys.readouterr().out
    assert all(name in shown for name in COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_help_of_a_command_explains_its_options(name: str, capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit) as stop:
        main([name, "--help"])
    assert stop.value.code == 0
    shown = capsys.readouterr().out
    assert f"camembert-dual {name}" in shown
    assert COMMANDS[name].split()[0] in shown.lower()


def test_an_unknown_command_is_refused_with_the_list(capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit) as stop:
        main(["fill-maks"])
    assert stop.value.code == 2
    assert "fill-mask" in capsys.readouterr().err


def test_a_text_without_mask_is_refused(capsys: pytest.CaptureFixture[str]):
    assert main(["fill-mask", "Paris est la capitale."]) == 2
    assert_is_one_line(capsys.readouterr().err, "must contain <mask>", "Paris est la capitale.")


def test_a_text_over_the_limit_is_refused(capsys: pytest.CaptureFixture[str]):
    assert main(["fill-mask", "oui " * 600 + "<mask>"]) == 2
    assert_is_one_line(capsys.readouterr().err, "at most 512 tokens", "60")


def test_an_unknown_model_is_refused(capsys: pytest.CaptureFixture[str]):
    assert main(["fill-mask", "Un <mask>.", "--model", "./nowhere"]) == 2
    assert_is_one_line(capsys.readouterr().err, "nowhere")


@pytest.mark.parametrize("top_k", ["0", "9000"])
def test_a_bad_number_of_proposals_is_refused(top_k: str, capsys: pytest.CaptureFixture[str]):
    assert main(["fill-mask", "Un <mask>.", "--top-k", top_k]) == 2
    assert_is_one_line(capsys.readouterr().err, "top_k", top_k)


@pytest.mark.parametrize(
    ("module", "backend", "advice"),
    [
        ("torch", "pt", 'needs PyTorch: pip install "camembert-dual[torch]"'),
        ("tensorflow", "tf", 'needs TensorFlow: pip install "camembert-dual[tensorflow]"'),
    ],
)
def test_a_missing_framework_is_named(module: str, backend: str, advice: str):
    done = run_without(module, "fill-mask", "Un <mask>.", "--backend", backend)
    assert done.returncode == 2
    assert_is_one_line(done.stderr, advice)
