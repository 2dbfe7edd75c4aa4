"""The examples run as they stand, on the bundled checkpoint."""

import subprocess
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / "examples" / "tf"
WORDS = {
    "fine_tune.py": ("Ajoutez le beurre. -> cuisine", "Epoch 12/12"),
    "functional.py": ("loaded model answers the same: True",),
    "litert_file.py": ("float32", "int8"),
    "export_and_serve.py": ("int64, int64_masked, masked, serving_default", "%"),
}


def test_every_example_is_run():
    assert {path.name for path in FOLDER.glob("*.py")} == set(WORDS)


@pytest.mark.parametrize("name", WORDS)
def test_an_example_says_what_it_should(name):
    done = subprocess.run(
        [sys.executable, str(FOLDER / name)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    for words in WORDS[name]:
        assert words in done.stdout
