"""What a file holds is shown, not obeyed: names with escape sequences and line ends."""

import json

import numpy as np
import pytest
from safetensors.numpy import save_file

from camembert_dual.cli import main
from camembert_dual.commands.printing import say
from camembert_dual.config import CamembertConfig

RED = "\x1b[31mrouge\nlu\r\u202e\x9b2J"
SHOWN = "\\x1b[31mrouge\\nlu\\r\\u202e\\x9b2J"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("été – « œuvre » ▁le 漢字", "été – « œuvre » ▁le 漢字"),
        (RED, SHOWN),
        ("\ud800", "\\ud800"),
        ("a\0b\tc", "a\\x00b\\tc"),
    ],
)
def test_a_line_shows_what_a_terminal_would_obey(text, shown, capsys):
    say(text)
    assert capsys.readouterr().out == f"{shown}\n"


def test_a_line_is_short_whatever_it_holds(capsys):
    for text in ("x" * 10_000, "\x1b" * 300):
        say(text)
        assert len(capsys.readouterr().out) < 500


def assert_is_safe(text):
    assert all(one.isprintable() or one == "\n" for one in text), repr(text)


@pytest.fixture
def hostile(tmp_path):
    """A checkpoint whose weights, family and texts bear escape sequences."""
    folder = tmp_path / "modèle\x1b[31m"
    folder.mkdir()
    config = json.loads(CamembertConfig(vocab_size=11, hidden_size=12).to_json_string())
    config |= {"architectures": [RED * 99], RED: RED}
    (folder / "config.json").write_text(json.dumps(config), "utf-8")
    save_file(
        {f"{RED}.{n}": np.zeros(3, np.float32) for n in range(40)}, folder / "model.safetensors"
    )
    return folder


@pytest.mark.parametrize(
    "words",
    [
        ("inspect", "{}"),
        ("inspect", "{}/\x1b[2J"),
        ("convert", "{}", "{}/out", "--to", "bin"),
        ("convert", "{}", "{}/out", "--to", "bin", "--task", "fill-mask"),
        ("verify", "{}", "{}"),
        ("fill-mask", "Un <mask>.", "--model", "{}"),
        ("export", "{}", "{}/out"),
        ("pretrain", "--text", "{}/\x1b[2J", "--out", "{}/out", "--model", "{}"),
    ],
    ids=lambda words: " ".join(words).replace("\x1b", "?"),
)
def test_no_command_prints_what_a_terminal_obeys(words, hostile, capsys):
    assert main([one.format(hostile) for one in words]) in (0, 1, 2)
    shown = capsys.readouterr()
    assert shown.out + shown.err
    for text in shown:
        assert_is_safe(text.replace("\r", ""))  # a progress bar goes back in its line
        assert all(len(line) < 500 for line in text.splitlines())
