"""The examples run as they stand, on the bundled checkpoint."""

import subprocess
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / "examples" / "pt"
WORDS = {
    "fine_tune.py": ("Ajoutez le beurre. -> cuisine", "Il neige ce soir. -> météo"),
    "entities.py": ("epoch 20: loss 0.0", "F1 of entities 1.00", "Marie/B-PER", "Lille/B-LOC"),
    "functional.py": ("gradients is the batch's: True", "answers the same: True"),
}


def test_every_example_is_run():
    elsewhere = {"export_and_serve.py"}  # in tests/peer/torch, where onnxruntime is
    assert {path.name for path in FOLDER.glob("*.py")} == {*WORDS, *elsewhere}


@pytest.mark.parametrize("name", WORDS)
def test_an_example_says_what_it_should(name):
    words = [sys.executable, str(FOLDER / name)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    for words in WORDS[name]:
        assert words in done.stdout
