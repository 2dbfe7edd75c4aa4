"""The run at the real size measures what is allocated, and fails where a bound is broken."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

REAL_SIZE = Path(__file__).parents[1] / "real_size"
sys.path.insert(0, str(REAL_SIZE))

import bounds  # noqa: E402
import run  # noqa: E402

MEASURED = """
import numpy as np
from measuring import run_steps

def take(count):
    return lambda: np.ones(count * 125_000).sum()  # count MB

def fail():
    raise ValueError("as told")

run_steps({"large": take(300), "small": take(40), "fail": fail, "huge": take(10**8)})
"""


def test_each_step_has_its_own_peak_and_a_failure_does_not_end_the_others():
    done = subprocess.run(
        [sys.executable, "-c", MEASURED], cwd=REAL_SIZE, capture_output=True, text=True, check=True
    )
    told = {one["step"]: one for one in map(json.loads, done.stdout.splitlines())}
    assert list(told) == ["large", "small", "fail", "huge"]
    assert told["large"]["peak"] == pytest.approx(300e6, rel=0.05)
    assert told["small"]["peak"] == pytest.approx(40e6, rel=0.2)
    assert told["fail"]["error"] == "ValueError"
    assert "MemoryError" in told["huge"]["error"]  # refused, on a machine that lacks 100 TB


def test_a_step_passes_if_it_ran_within_its_bound(monkeypatch, tmp_path):
    lines = [
        {"step": "load", "seconds": 1.0, "peak": 10.0},
        {"step": "forward", "seconds": 1.0, "peak": 10.0 * bounds.GB},
        {"step": "save", "seconds": 1.0, "peak": 10.0, "error": "OSError"},
    ]
    text = "\n".join(map(json.dumps, lines))

    def told(*words):
        command = [sys.executable, "-c", f"print({text!r})"]
        return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)

    monkeypatch.setattr(run, "worker", told)
    found = list(run.results("pt", "CamembertForMaskedLM", "base", str(tmp_path)))
    assert [one.passed for one in found] == [True, False, False, False]
    assert [one.error for one in found][2:] == ["OSError", "not run: the process ended with 0"]
    assert found[1].row().endswith("over its bound")


@pytest.mark.parametrize(
    ("size", "layers", "d", "f"), [("base", 12, 768, 3072), ("large", 24, 1024, 4096)]
)
def test_bounds_are_made_of_the_published_sizes(size, layers, d, f):
    sizes = bounds.sizes_of(size, "CamembertForMaskedLM")
    layer = 4 * (d * d + d) + (d * f + f) + (f * d + d) + 2 * 2 * d
    embeddings, head = (32005 + 514 + 1) * d + 2 * d, d * d + d + 2 * d + 32005
    assert sizes.weights == 4 * (embeddings + layers * layer + head)
    assert sizes.largest == 4 * 32005 * d
    logits = 4 * 8 * 128 * 32005
    assert bounds.logits(sizes, "CamembertForMaskedLM") == logits
    assert bounds.logits(sizes, "CamembertForTokenClassification") == 0
    assert bounds.train(sizes, "CamembertForMaskedLM") > 4 * sizes.weights + logits
