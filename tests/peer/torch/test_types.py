"""The newest type checkers know what a user's script gets from each call; the script also runs."""

import os
import subprocess
import sys
from pathlib import Path

import camembert_dual

SCRIPT = Path(__file__).parent / "typed_script.py"
SOURCE = Path(camembert_dual.__file__).parents[1]
WRONG = 'from camembert_dual import CamembertModel\nx: int = CamembertModel.from_pretrained("a")\n'


def run(*words, folder, fails=False):
    environment = {**os.environ, "MYPYPATH": str(SOURCE), "PYTHONPATH": str(SOURCE)}
    done = subprocess.run(
        [sys.executable, *map(str, words)],
        capture_output=True,
        text=True,
        env=environment,
        cwd=folder,
    )
    assert (done.returncode != 0) == fails, done.stdout + done.stderr
    return done.stdout


def test_mypy_strict_passes_and_finds_what_is_wrong(tmp_path):
    run("-m", "mypy", "--strict", "--follow-imports=silent", SCRIPT, folder=tmp_path)
    (tmp_path / "wrong.py").write_text(WRONG)
    words = ("-m", "mypy", "--strict", "--follow-imports=silent", "wrong.py")
    assert 'has type "CamembertModel"' in run(*words, folder=tmp_path, fails=True)


def test_pyright_passes_and_finds_what_is_wrong(tmp_path):
    words = ("-m", "pyright", "--pythonpath", sys.executable)
    assert "0 errors" in run(*words, SCRIPT, folder=tmp_path)
    (tmp_path / "wrong.py").write_text(WRONG)
    found = run(*words, "wrong.py", folder=tmp_path, fails=True)
    assert '"CamembertModel" is not assignable to' in found


def test_the_script_runs(tmp_path):
    run("-W", "ignore", SCRIPT, folder=tmp_path)
