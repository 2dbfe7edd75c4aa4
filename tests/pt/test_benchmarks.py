"""The driver of the benchmarks, with a tiny model and this package alone."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROWS = ("torch_sentences", "torch_one")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with data, an environment that is this one, and what the driver wrote."""
    folder = tmp_path_factory.mktemp("benchmarks")
    data = folder / "data" / "text_commonvoice_fr"
    data.mkdir(parents=True)
    words = [
        "le",
        "la",
        "un",
        "une",
        "chat",
        "chien",
        "boit",
        "mange",
        "court",
        "dort",
        "lait",
        "pain",
        "rue",
        "bois",
        "vite",
        "bien",
    ]
    for part, name in enumerate(("modern.txt", "literary.txt")):
        lines = [
            " ".join(words[(part + i * j) % len(words)] for j in range(3 + i % 9))
            for i in range(200)
        ]
        (data / name).write_text("\n".join(lines), "utf-8")
    python = folder / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    python.chmod(0o755)
    return folder


def run(folder, *words):
    options = ("--size", "tiny", "--libraries", "ours", "--rounds", "2")
    places = ("--data", "data", "--venvs", ".", "--work", "work", "--results", ".")
    command = [sys.executable, str(ROOT / "benchmarks" / "driver.py"), *options, *places, *words]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder)


def test_rows_are_measured_one_after_the_other_and_kept(folder):
    for row in ROWS:
        done = run(folder, "--only", row)
        assert done.returncode == 0, done.stderr[-3000:]
    results = json.loads((folder / "results.json").read_text("utf-8"))
    assert tuple(results) == ROWS
    for found in results.values():
        assert set(found["seconds"]) == {"ours", "limit"}
        assert all(value > 0 for value in found["seconds"].values())
        assert found["memory"]["ours"] > 1e7
        assert 0 < found["fraction"] < 1
    page = (folder / "results.md").read_text("utf-8")
    assert "| torch, 32 real sentences | ours | " in page
    assert "<svg" in (folder / "results.svg").read_text("utf-8")


def test_a_row_that_is_none_is_refused(folder):
    done = run(folder, "--only", "fastest")
    assert done.returncode == 1
    assert "A row must be one of torch_full, " in done.stderr
