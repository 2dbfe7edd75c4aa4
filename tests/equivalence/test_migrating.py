"""The page for users of other libraries runs, and what it says to import is there."""

import importlib
import re
import warnings
from pathlib import Path

import pytest

PAGE = (Path(__file__).parents[2] / "docs" / "migrating.md").read_text("utf-8")
BLOCK = re.compile(r"^```(diff|python)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
ROW = re.compile(r"^\| `transformers[\w.]*` \| `(camembert_dual[\w.]*)` \| (.*) \|$", re.MULTILINE)
IMPORTS = [
    (module, name) for module, names in ROW.findall(PAGE) for name in re.findall(r"`(\w+)`", names)
]


def new_lines(kind, block):
    if kind == "python":
        return block
    return "\n".join(line[1:] for line in block.splitlines() if line.startswith("+"))


def test_the_blocks_run_with_their_lines_changed(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", ".* starts with new, random weights")
        for kind, block in BLOCK.findall(PAGE):
            exec(new_lines(kind, block), names)
    assert names["history"]["loss"]
    assert (tmp_path / "trained" / "model.safetensors").is_file()


@pytest.mark.parametrize(("module", "name"), IMPORTS)
def test_what_the_table_says_to_import_is_there(module, name):
    assert getattr(importlib.import_module(module), name)
