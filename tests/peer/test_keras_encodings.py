"""Batches that transformers' own tokenizers give go into the Keras models."""

import subprocess
import sysconfig
from pathlib import Path

PYTHON = Path(__file__).parents[2] / ".venv" / "bin" / "python"


def test_a_batch_of_transformers_goes_through_every_door_of_keras():
    script = Path(__file__).with_name("keras_encodings.py")
    words = [str(PYTHON), str(script), sysconfig.get_paths()["purelib"]]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.stdout == "equal\n", done.stderr[-3000:]
