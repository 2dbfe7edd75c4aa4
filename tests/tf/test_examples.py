"""The examples run as they stand, on the bundled checkpoint."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

# the first test waits for all examples
pytestmark = pytest.mark.timeout(900)
FOLDER = Path(__file__).parents[2] / "examples" / "tf"
WORDS = {
    "fine_tune.py": ("Ajoutez le beurre. -> cuisine", "Epoch 12/12"),
    "entities.py": ("epoch 20: loss 0.0", "F1 of entities 1.00", "Marie/B-PER", "Lille/B-LOC"),
    "functional.py": ("loaded model answers the same: True",),
    "litert_file.py": ("float32", "int8"),
    "export_and_serve.py": ("int64, int64_masked, masked, serving_default", "%"),
}
RUN = """
import contextlib, io, json, runpy, sys, traceback
said = {}
for path in sys.argv[2:]:
    with contextlib.redirect_stdout(io.StringIO()) as out:
        try:
            runpy.run_path(path, run_name="__main__")
        except BaseException:
            traceback.print_exc(file=out)
            print("failed")
    said[path] = out.getvalue()
open(sys.argv[1], "w").write(json.dumps(said))
"""


@pytest.fixture(scope="module")
def said(tmp_path_factory):
    """What each example prints, in one process for all: TensorFlow takes seconds to import."""
    out = tmp_path_factory.mktemp("examples") / "said.json"
    words = [sys.executable, "-c", RUN, str(out), *(str(FOLDER / name) for name in WORDS)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return {Path(path).name: text for path, text in json.loads(out.read_text()).items()}


def test_every_example_is_run():
    assert {path.name for path in FOLDER.glob("*.py")} == set(WORDS)


@pytest.mark.parametrize("name", WORDS)
def test_an_example_says_what_it_should(name, said):
    assert not said[name].endswith("failed\n"), said[name][-3000:]
    for words in WORDS[name]:
        assert words in said[name]
