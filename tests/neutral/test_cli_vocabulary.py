"""One vocabulary for all commands: defaults in each help, versions, JSON, completion, status."""

import argparse
import io
import json
import re
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest

import camembert_dual
from camembert_dual import cli
from camembert_dual.cli import COMMANDS, main, parser_of
from camembert_dual.config import CamembertConfig

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
SHELL = re.compile(r"^```(?:bash|sh|console)?\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def parsers() -> dict[str, argparse.ArgumentParser]:
    (found,) = (
        one
        for one in parser_of(list(COMMANDS))._actions
        if isinstance(one, argparse._SubParsersAction)
    )
    return dict(found.choices)


@pytest.mark.parametrize("name", COMMANDS)
def test_the_help_says_the_default_of_every_option(name):
    parser = parsers()[name]
    formatter = parser._get_formatter()
    for action in parser._actions:
        is_flag = action.nargs == 0
        if not action.option_strings or is_flag or action.required:
            continue
        text = formatter._expand_help(action)
        assert "default" in text, action.option_strings
        if action.default not in (None, []):
            assert str(action.default) in text, action.option_strings


@pytest.mark.parametrize("name", COMMANDS)
def test_every_argument_has_its_help(name):
    assert all(action.help for action in parsers()[name]._actions)


@pytest.mark.parametrize("name", sorted(COMMANDS.keys() - {"completion"}))
def test_every_command_gives_json(name):
    assert "--json" in parsers()[name]._option_string_actions


def test_frameworks_and_tasks_have_one_word_each():
    from camembert_dual.common.model_names import TASKS

    for name, parser in parsers().items():
        options = parser._option_string_actions
        if "--backend" in options:
            assert options["--backend"].metavar in ("{pt,tf}", "{pt,tf,both}"), name
        if "--task" in options and not options["--task"].choices:
            assert all(word in options["--task"].help for word in TASKS), name


def test_a_model_is_used_by_the_word_that_it_was_trained_by():
    from camembert_dual.pipelines.recipes import read_word

    for name in ("finetune", "evaluate"):
        (task,) = (one for one in parsers()[name]._actions if one.dest == "task")
        assert task.choices
        assert all(read_word(word) for word in task.choices)


@pytest.mark.parametrize("words", [["--help"], *([name, "--help"] for name in COMMANDS)], ids=str)
def test_the_exit_status_is_told(words, capsys):
    with pytest.raises(SystemExit):
        main(words)
    shown = " ".join(capsys.readouterr().out.split())
    assert "exit status: 0, done; 1," in shown
    assert "130, interrupted" in shown


def test_the_version_is_that_of_the_package(capsys):
    with pytest.raises(SystemExit) as stop:
        main(["--version"])
    assert stop.value.code == 0
    version = camembert_dual.__version__
    assert capsys.readouterr().out == f"camembert-dual {version}\n"
    assert version == metadata.version("camembert-dual")


def test_the_package_runs_as_a_module():
    command = [sys.executable, "-m", "camembert_dual", "--version"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.startswith("camembert-dual ")


@pytest.mark.parametrize("shell", ["bash", "zsh", "tcsh"])
def test_a_shell_completes_commands_and_their_options(shell, capsys):
    assert main(["completion", shell]) == 0
    script = capsys.readouterr().out
    assert all(name in script for name in COMMANDS)
    assert "batch-size" in script


def test_completions_of_bash_are_sound(capsys, tmp_path):
    main(["completion", "bash"])
    path = tmp_path / "completion"
    path.write_text(capsys.readouterr().out)
    subprocess.run(["bash", "-n", path], check=True)


def test_a_missing_shtab_is_named(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "shtab", None)
    assert main(["completion", "bash"]) == 2
    assert 'needs shtab: pip install "camembert-dual[completion]"' in capsys.readouterr().err


@pytest.mark.parametrize("backend", ["pt", "torch"])
def test_masks_are_filled_as_json(backend, capsys, monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.StringIO("Un <mask> \x07 noir.\n"))
    words = ["fill-mask", "-", "--backend", backend, "--top-k", "2", "--json"]
    assert main(words) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["text"] == "Un <mask> \x07 noir."
    ((first, second),) = found["fills"]["pt"]
    assert first["score"] >= second["score"]
    assert found["largest_difference"] == 0


def test_masks_are_filled_by_the_framework_that_is_installed(monkeypatch, capsys):
    from camembert_dual.commands import fill_mask

    for found, chosen in ((["tf"], "tf"), (["pt", "tf"], "pt"), ([], "pt")):
        asked = []
        monkeypatch.setattr(fill_mask, "installed", lambda found=found: found)
        monkeypatch.setattr(fill_mask, "tree", lambda name, _, asked=asked: asked.append(name))
        with pytest.raises(AttributeError):
            main(["fill-mask", "Un <mask>."])
        assert asked == [chosen]


def test_inspections_and_conversions_are_json(tmp_path, capsys):
    assert main(["inspect", "camembert-tiny-fr", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["problems"] == []
    assert any(line.startswith("weights") for line in found["description"])
    assert main(["convert", "camembert-tiny-fr", str(tmp_path / "a"), "--to", "bin", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["target_format"] == "bin"
    (tmp_path / "b").mkdir()
    config = CamembertConfig(vocab_size=11, hidden_size=12).to_json_string()
    (tmp_path / "b" / "config.json").write_text(config)
    assert main(["inspect", str(tmp_path / "b"), "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["problems"][0]["remedy"]


@pytest.mark.parametrize(
    ("blocked", "module", "title", "extra"),
    [
        ("torch", "camembert_dual.pt", "PyTorch", "torch"),
        ("torch", "camembert_dual.pt.model", "PyTorch", "torch"),
        ("keras", "camembert_dual.tf", "TensorFlow", "tensorflow"),
        ("tensorflow", "camembert_dual.tf", "TensorFlow", "tensorflow"),
    ],
)
def test_a_tree_without_its_framework_says_what_is_missing(blocked, module, title, extra):
    code = f"import sys; sys.modules[{blocked!r}] = None; import {module}"
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    tree = ".".join(module.split(".")[:2])
    remedy = f'{tree} needs {title}: pip install "camembert-dual[{extra}]"'
    assert done.stderr.splitlines()[-1] == f"ModuleNotFoundError: {remedy}"
    assert "During handling" not in done.stderr


def commands_of(page: Path) -> list[list[str]]:
    """The calls of the command in a page's blocks for a shell, without what is behind them."""
    found = []
    for block in SHELL.findall(page.read_text("utf-8")):
        for line in block.replace("\\\n", " ").splitlines():
            words = line.split("#")[0].split(" | ")[0].removeprefix("$ ").split()
            if words[:1] == ["camembert-dual"] and not re.search(r"[|>\[(]", line.split("#")[0]):
                found.append(words[1:])
    return found


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_commands_of_a_page_are_read(page):
    for words in commands_of(page):
        given = [one.strip('"') for one in re.findall(r'"[^"]*"|\S+', " ".join(words))]
        parser_of(given[:1]).parse_args(given)  # or it goes with the status 2


def test_the_pages_show_commands():
    assert sum(len(commands_of(page)) for page in PAGES) > 5


def test_the_parser_of_all_commands_is_that_of_each():
    assert set(parsers()) == set(COMMANDS)
    assert all(cli.command(name).run for name in COMMANDS)
