"""``camembert-dual verify``: both frameworks, or two checkpoints, stage by stage."""

from __future__ import annotations

import argparse
import importlib.util
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from camembert_dual.checkpoints.folder import open_checkpoint
from camembert_dual.commands import stages
from camembert_dual.commands.stages import TREES, Inputs, sample_inputs
from camembert_dual.storage.locate import locate

TOLERANCES = {"float64": 1e-10, "float32": 1e-4}
PACKAGES = {"torch": "torch", "tf": "tensorflow"}
Stages = dict[str, npt.NDArray[Any]]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument("first", metavar="A", help="a checkpoint: run by both frameworks if alone")
    parser.add_argument("second", metavar="B", nargs="?", help="another, run by the same framework")
    parser.add_argument(
        "--backend", choices=tuple(TREES), help="framework for A and B; the one installed"
    )
    parser.add_argument(
        "--dtype", choices=tuple(TOLERANCES), default="float64", help="default float64"
    )
    parser.add_argument(
        "--tolerance", type=float, help="largest difference; 1e-10, in float32 1e-4"
    )


def run(arguments: argparse.Namespace) -> int:
    """Compare; 0 if every stage agrees, 1 if one does not."""
    installed = [name for name, package in PACKAGES.items() if importlib.util.find_spec(package)]
    if arguments.second is None:
        runs = [(arguments.first, "torch"), (arguments.first, "tf")]
    else:
        backend = arguments.backend or next(iter(installed), "torch")
        runs = [(arguments.first, backend), (arguments.second, backend)]
    absent = sorted({backend for _, backend in runs} - set(installed))
    if absent:
        extra = absent[0]
        raise ImportError(f'verify needs {PACKAGES[extra]}: pip install "camembert-dual[{extra}]"')
    for name, _ in runs:
        locate(name, finish=False)  # nothing is written by a comparison
    inputs = sample_inputs([open_checkpoint(name).config for name, _ in runs])
    one, other = (run_stages(name, backend, arguments.dtype, inputs) for name, backend in runs)
    tolerance = TOLERANCES[arguments.dtype] if arguments.tolerance is None else arguments.tolerance
    for name, backend in runs:
        print(f"{backend:<6}{arguments.dtype}  {name}")
    differences = compare(one, other)
    for stage, difference in differences.items():
        verdict = "ok" if difference <= tolerance else "DIFFERS"
        print(f"{stage:<20}{difference:12.3e}  {verdict}")
    wrong = [stage for stage, difference in differences.items() if not difference <= tolerance]
    if wrong:
        print(f"different: the first stage beyond {tolerance:g} is {wrong[0]}")
        return 1
    print(f"equal: no difference beyond {tolerance:g}")
    return 0


def run_stages(name: str, backend: str, dtype: str, inputs: Inputs) -> Stages:
    """Run a checkpoint in a fresh process.

    Raises:
        ValueError: If the process fails; the message is its last line.
    """
    with tempfile.TemporaryDirectory() as folder:
        given, output = Path(folder) / "inputs.npz", Path(folder) / "stages.npz"
        np.savez(given, **inputs)  # type: ignore[arg-type]
        words = ["-m", stages.__name__, name, backend, dtype, str(given), str(output)]
        command = [sys.executable, *words]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            lines = done.stderr.strip().splitlines() or [f"exit status {done.returncode}"]
            raise ValueError(f"{name} must run under {backend}; received {lines[-1]}")
        with np.load(output) as found:
            return {key[4:]: found[key] for key in sorted(found)}


def compare(one: Stages, other: Stages) -> dict[str, float]:
    """The largest difference of each stage; NaN if there is one, infinity if shapes differ."""
    differences = {}
    for stage in dict.fromkeys([*one, *other]):
        if stage not in one or stage not in other or one[stage].shape != other[stage].shape:
            differences[stage] = float("inf")
        else:
            differences[stage] = float(np.abs(one[stage] - other[stage]).max(initial=0.0))
    return differences
