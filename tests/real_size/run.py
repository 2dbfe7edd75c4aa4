"""Every class of both trees at CamemBERT's real size: seconds, peak memory, and its bound.

    python tests/real_size/run.py [base|large]

Each class runs in a process of its own, so that its peaks are its own. Time is printed and never
judged. The exit status is 1 if a step fails, does not run, or breaks its bound.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import bounds

from camembert_dual.common.model_names import ARCHITECTURES

HERE = Path(__file__).parent
COLUMNS = f"{'step':<60}{'seconds':>8}{'peak GB':>9}{'bound GB':>9}{'of bound':>9}"


class Result(NamedTuple):
    """What became of one step; ``error`` is empty if it did what it should."""

    title: str
    seconds: float
    peak: float
    bound: float
    error: str

    @property
    def passed(self) -> bool:
        """Whether it worked within its bound."""
        return not self.error and self.peak <= self.bound

    def row(self) -> str:
        """Its line of the table."""
        verdict = self.error or ("" if self.passed else "over its bound")
        numbers = f"{self.seconds:8.1f}{self.peak / bounds.GB:9.2f}{self.bound / bounds.GB:9.2f}"
        return f"{self.title:<60}{numbers}{self.peak / self.bound:9.0%}  {verdict}".rstrip()


def results(tree: str, architecture: str, size: str, folder: str) -> Iterator[Result]:
    """Run one class; a step that its process did not reach is a failure, too."""
    wanted = bounds.bounds_of(size, tree, architecture)
    told: dict[str, Mapping[str, Any]] = {}
    with worker(tree, architecture, size, folder) as process:
        for line in process.stdout or ():
            one = json.loads(line)
            told[one["step"]] = one
            bound = wanted[one["step"]]
            title = f"{tree:<8}{architecture:<36}{one['step']}"
            yield Result(title, one["seconds"], one["peak"], bound, one.get("error", ""))
        status = process.wait()
    for step in [one for one in wanted if one not in told]:
        title = f"{tree:<8}{architecture:<36}{step}"
        yield Result(title, 0.0, 0.0, wanted[step], f"not run: the process ended with {status}")


def worker(tree: str, architecture: str, size: str, folder: str) -> subprocess.Popen[str]:
    """Start a process; what it says besides its results goes to a file of the folder."""
    command = [sys.executable, str(HERE / f"{tree}_worker.py"), architecture, size, folder]
    environment = os.environ | {"TF_CPP_MIN_LOG_LEVEL": "2", "PYTHONWARNINGS": "ignore"}
    with log_of(folder, tree, architecture).open("w") as log:
        return subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=log, text=True, env=environment
        )


def log_of(folder: str, tree: str, architecture: str) -> Path:
    """What the process of a class says besides its results."""
    return Path(folder, f"{tree}-{architecture}.log")


def tail(log: Path) -> str:
    """The last lines of a log, each cut short."""
    return "\n".join(f"    | {line[:160]}" for line in log.read_text().splitlines()[-12:])


def main(size: str = "base") -> int:
    """Run all; 0 if all passed."""
    start = time.perf_counter()
    jobs = [
        ("neutral", "checkpoint"),
        *((tree, one) for tree in ("pt", "tf") for one in ARCHITECTURES),
    ]
    found = []
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(
            [sys.executable, str(HERE / "neutral_worker.py"), "-", size, folder], check=True
        )
        print(COLUMNS, flush=True)
        for tree, architecture in jobs:
            for one in results(tree, architecture, size, folder):
                print(one.row(), flush=True)
                found.append(one)
            if any(one.error for one in found if one.title.startswith(f"{tree:<8}{architecture} ")):
                print(tail(log_of(folder, tree, architecture)), flush=True)
    passed = sum(one.passed for one in found)
    print(f"camembert-{size}, {time.perf_counter() - start:.0f} seconds")
    print(f"{passed} passed, {len(found) - passed} failed")
    return 0 if passed == len(found) else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
