"""``camembert-dual verify``: both frameworks, or two checkpoints, stage by stage.

Each framework runs in a process of its own:
``python -m camembert_dual.commands.verify CHECKPOINT BACKEND DTYPE INPUTS OUTPUT``
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from camembert_dual.checkpoints.folder import open_checkpoint
from camembert_dual.checkpoints.selecting import select
from camembert_dual.commands.arguments import add_backend
from camembert_dual.commands.printing import say
from camembert_dual.common.arrays import IntArray, to_numpy, to_tensor
from camembert_dual.common.backends import BACKENDS, installed, needs, tree
from camembert_dual.common.model_names import MULTIPLE_CHOICE, class_name
from camembert_dual.config import CamembertConfig
from camembert_dual.storage.locate import locate

TOLERANCES = {"float64": 1e-10, "float32": 1e-4}
ROWS, TOKENS = 3, 24
Inputs = dict[str, IntArray]
Stages = dict[str, npt.NDArray[Any]]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument("first", metavar="A", help="a checkpoint: run by both frameworks if alone")
    parser.add_argument("second", metavar="B", nargs="?", help="another, run by the same framework")
    add_backend(parser, "framework for A and B; the one installed")
    parser.add_argument(
        "--dtype", choices=tuple(TOLERANCES), default="float64", help="default float64"
    )
    parser.add_argument(
        "--tolerance", type=float, help="largest difference; 1e-10, in float32 1e-4"
    )


def run(arguments: argparse.Namespace) -> int:
    """Compare; 0 if every stage agrees, 1 if one does not.

    Raises:
        ImportError: If a framework is not installed.
        ValueError: If a checkpoint does not run.
    """
    runs = runs_of(arguments)
    for name, _ in runs:
        locate(name, finish=False)  # nothing is written by a comparison
    inputs = sample_inputs([open_checkpoint(name).config for name, _ in runs])
    one, other = (run_stages(name, backend, arguments.dtype, inputs) for name, backend in runs)
    tolerance = TOLERANCES[arguments.dtype] if arguments.tolerance is None else arguments.tolerance
    for name, backend in runs:
        say(f"{backend:<6}{arguments.dtype}  {name}")
    differences = compare(one, other)
    for stage, difference in differences.items():
        verdict = "ok" if difference <= tolerance else "DIFFERS"
        say(f"{stage:<20}{difference:12.3e}  {verdict}")
    wrong = [stage for stage, difference in differences.items() if not difference <= tolerance]
    if wrong:
        say(f"different: the first stage beyond {tolerance:g} is {wrong[0]}")
        return 1
    say(f"equal: no difference beyond {tolerance:g}")
    return 0


def runs_of(arguments: argparse.Namespace) -> list[tuple[str, str]]:
    """The two runs to compare, each a checkpoint and a backend.

    Raises:
        ImportError: If a framework is not installed.
    """
    present = installed()
    if arguments.second is None:
        runs = [(arguments.first, backend) for backend in BACKENDS]
    else:
        backend = arguments.backend or next(iter(present or BACKENDS))
        runs = [(arguments.first, backend), (arguments.second, backend)]
    for _, backend in runs:
        if backend not in present:
            raise ImportError(needs("verify", BACKENDS[backend].title, BACKENDS[backend].extra))
    return runs


def sample_inputs(configs: Sequence[CamembertConfig]) -> Inputs:
    """Ids and mask (B, T) that fit every model to be compared, two of the rows padded."""
    length = min(TOKENS, *(config.max_sequence_length for config in configs))
    vocabulary = np.arange(min(config.vocab_size for config in configs))
    tokens = np.setdiff1d(vocabulary, [config.pad_token_id for config in configs])
    sizes = np.array([length, max(1, length * 2 // 3), max(1, length // 4)])
    return {
        "input_ids": np.random.default_rng(0).choice(tokens, (ROWS, length)),
        "attention_mask": (np.arange(length) < sizes[:, None]).astype(np.int64),
    }


def run_stages(name: str, backend: str, dtype: str, inputs: Inputs) -> Stages:
    """Run :func:`stages` in a fresh process.

    Raises:
        ValueError: If the process fails; the message is its last line.
    """
    with tempfile.TemporaryDirectory() as folder:
        given, output = Path(folder) / "inputs.npz", Path(folder) / "stages.npz"
        np.savez(given, **inputs)  # type: ignore[arg-type]
        words = ["-m", __name__, name, backend, dtype, str(given), str(output)]
        command = [sys.executable, *words]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            lines = done.stderr.strip().splitlines() or [f"exit status {done.returncode}"]
            raise ValueError(f"{name} must run under {backend}; received {lines[-1]}.")
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


def stages(name: str, backend: str, dtype: str, inputs: Inputs) -> Stages:
    """Run a checkpoint.

    Args:
        name: Folder, file, bundled name or hub name.
        backend: ``"pt"`` or ``"tf"``.
        dtype: Type of weights and arithmetic.
        inputs: Ids and mask (B, T).

    Returns:
        Stage to its values, in the order of the network; padded positions are zero.
    """
    checkpoint = open_checkpoint(name)
    architecture = select(checkpoint).architecture
    model_class = getattr(tree(backend, "verify"), class_name(architecture, backend))
    model = model_class.from_pretrained(name, dtype=dtype)
    inputs = arranged(inputs, checkpoint.config, architecture)
    tensors = {key: to_tensor(one, backend) for key, one in inputs.items()}
    outputs = model(**tensors, output_hidden_states=True)
    mask = inputs["attention_mask"].reshape(-1, inputs["attention_mask"].shape[-1])
    found = {}
    for number, state in enumerate(outputs["hidden_states"]):
        title = f"layer {number - 1}" if number else "embeddings"
        found[title] = to_numpy(state) * mask[..., None]
    for key in ("last_hidden_state", "pooler_output", "logits", "start_logits", "end_logits"):
        if key in outputs:
            value = to_numpy(outputs[key])
            if value.shape[:2] == mask.shape:
                value = value * mask.reshape(mask.shape + (1,) * (value.ndim - 2))
            found[key] = value
    return found


def arranged(inputs: Inputs, config: CamembertConfig, architecture: str) -> Inputs:
    """The same inputs with the model's own padding; (B, C, T) with C = 2 for choices."""
    mask = inputs["attention_mask"]
    ids = np.where(mask == 1, inputs["input_ids"], config.pad_token_id)
    if architecture == MULTIPLE_CHOICE:
        ids, mask = (np.stack([one, one[::-1]], axis=1) for one in (ids, mask))
    return {"input_ids": ids, "attention_mask": mask}


def write_stages(checkpoint: str, backend: str, dtype: str, inputs: str, output: str) -> None:
    """Write the stages to a file; numbers before the names keep their order."""
    with np.load(inputs) as arrays:
        found = stages(checkpoint, backend, dtype, dict(arrays))
    named: dict[str, Any] = {
        f"{number:03d} {name}": one for number, (name, one) in enumerate(found.items())
    }
    np.savez(output, **named)


if __name__ == "__main__":
    write_stages(*sys.argv[1:])
