"""Measure this package and its peers on the same workloads, interleaved, each in its own process.

    python benchmarks/driver.py [--only torch_full,load_torch] [--rounds 7]

Each workload has one process for each library, in the library's own virtual environment
(``venvs.sh`` makes them). They are prepared and run once; then each round runs one block of each in
turn, and a product of two large matrices, which is the machine's limit at that time. The medians go
to ``results.json``, beside those of rows that are not measured again, and from there to
``results.md`` and its plots.
"""

import argparse
import importlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

import report
from corpus import Corpus
from libraries import LIBRARIES, OURS, ROOT
from models import SIZES
from rows import Row
from workloads import MODULES, limit

TOLERANCE = 1e-3  # of results in float32, through twelve layers


class Worker:
    """A process that has prepared one workload in one library."""

    def __init__(self, library: str, words: list[str], venvs: Path) -> None:
        python = venvs / LIBRARIES[library].environment / "bin" / "python"
        environment = {"TF_CPP_MIN_LOG_LEVEL": "3", "PYTHONWARNINGS": "ignore", **os.environ}
        command = [str(python), str(HERE / "worker.py"), *words]
        self.title = f"{words[1]} in {library}"
        self.errors = tempfile.TemporaryFile()  # noqa: SIM115 - closed when the process ends
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.errors,
            env=environment,
            text=True,
        )

    def __enter__(self) -> "Worker":
        return self

    def __exit__(self, *_: object) -> None:
        self.process.communicate()
        self.errors.close()

    def answer(self) -> dict[str, Any]:
        """The next line that the process prints.

        Raises:
            SystemExit: If it ended instead.
        """
        line = self.process.stdout.readline()
        if not line:
            self.process.wait()
            self.errors.seek(0)
            raise SystemExit(f"{self.title}:\n{self.errors.read().decode()[-3000:]}")
        return json.loads(line)

    def run(self) -> dict[str, Any]:
        """One block."""
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return self.answer()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", help="rows by name, parted by commas; all if not given")
    parser.add_argument("--libraries", help="libraries by name, likewise")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--size", choices=SIZES, default="base")
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument("--venvs", type=Path, default=ROOT, help="folder of the environments")
    parser.add_argument("--work", type=Path, default=ROOT / "build" / "benchmarks")
    parser.add_argument("--results", type=Path, default=HERE, help="folder of results.md")
    options = parser.parse_args()
    names = options.only.split(",") if options.only else None
    libraries = options.libraries.split(",") if options.libraries else list(LIBRARIES)
    models = made(options)
    corpus = Corpus(options.data, models)
    for module, row in rows_of(names):
        found = measured(module, row, libraries, corpus, models, options)
        report.keep(options.results, row, found)
    report.write(options.results)


def rows_of(names: list[str] | None) -> list[tuple[ModuleType, Row]]:
    """The rows of these names, each with its file, or all.

    Raises:
        SystemExit: If there is no row of a name.
    """
    modules = [importlib.import_module(f"workloads.{name}") for name in MODULES]
    rows = {row.name: (module, row) for module in modules for row in module.ROWS}
    unknown = [name for name in names or () if name not in rows]
    if unknown:
        raise SystemExit(f"A row must be one of {', '.join(rows)}; received {unknown[0]}.")
    return [rows[name] for name in names or rows]


def made(options: argparse.Namespace) -> Path:
    """The folder of the checkpoint in all formats, made if need be."""
    folder = options.work / options.size
    data = str(options.data)
    for made, library, words in (
        ("tf-h5", OURS, (options.size, data)),
        ("ctranslate2", "ctranslate2", ("exports",)),
    ):
        python = options.venvs / LIBRARIES[library].environment / "bin" / "python"
        if not (folder / made).exists() and python.exists():
            words = (str(python), str(HERE / "models.py"), str(folder), *words)
            subprocess.run(words, check=True)
    return folder


def measured(
    module: ModuleType,
    row: Row,
    libraries: Iterable[str],
    corpus: Corpus,
    models: Path,
    options: argparse.Namespace,
) -> dict[str, Any]:
    """Run one row in the libraries that have it, in turn; see ``report`` for what comes out."""
    from camembert_dual import CamembertConfig

    inputs = module.inputs(row, corpus)
    config = CamembertConfig.from_pretrained(models / "safetensors")
    taking_part = [name for name in module.PEERS if name in libraries]
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        case = str(Path(folder) / row.name)
        np.savez(f"{case}.npz", **inputs)

        def worker(module: ModuleType, row: Row, library: str) -> Worker:
            words = [module.__name__.split(".")[-1], row.name, library, case, str(models)]
            return stack.enter_context(Worker(library, words, options.venvs))

        workers = {name: worker(module, row, name) for name in taking_part}
        workers["limit"] = worker(limit, limit.ROWS[0], "limit")
        versions = {name: one.answer()["version"] for name, one in workers.items()}
        compare(row, case, taking_part)
        blocks: dict[str, list[dict[str, Any]]] = {name: [] for name in workers}
        for number in range(options.rounds):
            for place in range(len(workers)):  # each begins in turn
                name = list(workers)[(place + number) % len(workers)]
                blocks[name].append(workers[name].run())
    seconds = {
        name: statistics.median(one["seconds"] for one in found) for name, found in blocks.items()
    }
    memory = "growth" if row.grows else "peak"
    work = module.work(row, inputs, config)
    return {
        "title": row.title.format_map(row.sizes),
        "seconds": seconds,
        "memory": {name: max(one[memory] for one in found) for name, found in blocks.items()},
        "versions": versions,
        "fraction": None if work is None else fraction(work, seconds),
        "rounds": options.rounds,
        "day": time.strftime("%Y-%m-%d"),
        "size": options.size,
    }


def fraction(work: float, seconds: dict[str, float]) -> float:
    """Our share of the multiplications and additions that the machine can do in our time."""
    most = limit.work(limit.ROWS[0], None, None) / seconds["limit"]
    return work / seconds[OURS] / most


def compare(row: Row, case: str, libraries: list[str]) -> None:
    """Compare what the libraries computed with what this package did.

    Raises:
        SystemExit: If one computed something else.
    """
    paths = {name: Path(f"{case}.{name}.npy") for name in libraries}
    results = {name: np.load(path) for name, path in paths.items() if path.exists()}
    for name, result in results.items():
        expected = results.get(OURS, result)
        same = result.shape == expected.shape
        if not same or not np.allclose(result, expected, rtol=0, atol=TOLERANCE):
            raise SystemExit(f"{row.name}: {name} computes something else.")


if __name__ == "__main__":
    main()
