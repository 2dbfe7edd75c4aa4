"""Scripts for transformers 4.34 run here as they are, but for their import lines.

Each file of ``scripts/`` runs twice, on the same tiny checkpoints: as it stands, with transformers
4.34, and with its import lines changed as ``docs/migrating.md`` says, in the project's own Python.
What the two print has to be the same: words exactly, numbers as near as two versions of a framework
come after some steps of Adam, which divides the noise of a gradient of zero by itself.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
SCRIPTS = sorted((HERE / "scripts").glob("t*_*.py"))
PAGE = ROOT / "docs" / "migrating.md"
ROW = re.compile(r"^\| `(transformers[\w.]*)` \| `(camembert_dual[\w.]*)` \|", re.MULTILINE)
HOME = ROOT / ".venv" / "bin" / "python"
TOLERANCE = {"rtol": 5e-4, "atol": 1e-4}
pytestmark = pytest.mark.timeout(600)


def run(python, *arguments):
    quiet = {"TF_CPP_MIN_LOG_LEVEL": "3", "HF_HUB_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "false"}
    done = subprocess.run(
        [python, "-W", "ignore", *map(str, arguments)],
        capture_output=True,
        text=True,
        env={**os.environ, **quiet},
        timeout=280,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return [line.split() for line in done.stdout.splitlines()]


def migrated(text):
    """The script with the import lines that the page's table says."""
    modules = dict(ROW.findall(PAGE.read_text("utf-8")))
    return re.sub(
        r"^from (transformers[\w.]*) import",
        lambda one: f"from {modules[one[1]]} import",
        text,
        flags=re.M,
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("checkpoints")
    run(HOME, HERE / "scripts" / "prepare.py", folder)
    return folder


def near(one, two):
    """Whether two words are the same, or numbers that are near."""
    try:
        return one == two or np.isclose(float(one), float(two), **TOLERANCE)
    except ValueError:
        return False


def assert_same(ours, theirs):
    assert [line[0] for line in ours] == [line[0] for line in theirs]
    for mine, other in zip(ours, theirs, strict=True):
        assert len(mine) == len(other), (mine, other)
        assert all(map(near, mine, other)), (mine, other)


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.stem)
def test_a_script_prints_the_same_with_its_imports_changed(script, folder, tmp_path):
    changed = tmp_path / script.name
    changed.write_text(migrated(script.read_text("utf-8")), "utf-8")
    outputs = [tmp_path / name for name in ("theirs", "ours")]
    for output in outputs:
        output.mkdir()
    theirs = run(sys.executable, script, folder, outputs[0])
    ours = run(HOME, changed, folder, outputs[1])
    assert len(theirs) > 3
    assert_same(ours, theirs)
