"""Agreement: both frameworks, or two checkpoints, stage by stage and weight by weight.

Each framework runs in a process of its own:
``python -m camembert_dual.workflows.verify stages|weights CHECKPOINT BACKEND DTYPE TASK IN OUT``
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from camembert_dual.checkpoints.folder import open_checkpoint
from camembert_dual.checkpoints.proof import sha256
from camembert_dual.checkpoints.selecting import select
from camembert_dual.common.arrays import IntArray, to_numpy, to_tensor
from camembert_dual.common.backends import BACKENDS, installed, needs, tree
from camembert_dual.common.model_names import ARCHITECTURES, MODEL, MULTIPLE_CHOICE, class_name
from camembert_dual.config import CamembertConfig
from camembert_dual.parameter_names import POOLER, canonical
from camembert_dual.parameters import NETWORKS, Parameter, parameters
from camembert_dual.storage.locate import locate

TOLERANCES = {"float64": 1e-10, "float32": 1e-4}
ROWS, TOKENS = 3, 24
Inputs = dict[str, IntArray]
Stages = dict[str, npt.NDArray[Any]]
SAMPLE = 256  # values of a weight that are compared as numbers, beside the hash of all
HASH = "#"


class Run(NamedTuple):
    """A checkpoint in a framework."""

    name: str
    backend: str


class Agreement(NamedTuple):
    """How far two runs agree.

    Attributes:
        runs: The two.
        dtype: The type of weights and arithmetic.
        tolerance: The largest difference that is none.
        differences: The largest difference of each stage, in the order of the network.
    """

    runs: Sequence[Run]
    dtype: str
    tolerance: float
    differences: Mapping[str, float]

    @property
    def first_wrong(self) -> str | None:
        """The first stage that differs; None if none does."""
        return next((one for one in self.differences if not self.agrees(one)), None)

    def agrees(self, stage: str) -> bool:
        """Whether a stage is the same in both."""
        return self.differences[stage] <= self.tolerance


class WeightMatch(NamedTuple):
    """A weight in two runs.

    Attributes:
        name: Its published name.
        difference: The largest difference of a sample of values; infinity where one run lacks it
            or has another number of values.
        is_same: Whether all bits are the same.
    """

    name: str
    difference: float
    is_same: bool


def verify(
    runs: Sequence[Run], dtype: str, tolerance: float | None = None, architecture: str = ""
) -> Agreement:
    """Run two on the same inputs, and compare.

    Args:
        runs: The two.
        dtype: The type of weights and arithmetic, a key of ``TOLERANCES``.
        tolerance: The largest difference that is none; that of the type if None.
        architecture: Name of the class; the checkpoint's own if empty.

    Raises:
        ValueError: If a checkpoint does not run.
    """
    inputs = sample_inputs([open_checkpoint(run.name).config for run in runs])
    extra = [architecture] if architecture else []
    one, other = (run_stages(run.name, run.backend, dtype, inputs, *extra) for run in runs)
    limit = TOLERANCES[dtype] if tolerance is None else tolerance
    return Agreement(runs, dtype, limit, compare(one, other))


def match_weights(runs: Sequence[Run], dtype: str) -> list[WeightMatch]:
    """Compare the weights of two runs as the frameworks have loaded them.

    Raises:
        ValueError: If a checkpoint cannot be loaded.
    """
    one, other = (run_weights(run.name, run.backend, dtype, {}) for run in runs)
    differences = compare(one, other)
    return [
        WeightMatch(name, difference, differences[f"{HASH}{name}"] == 0)
        for name, difference in differences.items()
        if not name.startswith(HASH)
    ]


def runs_of(first: str, second: str | None, backend: str | None) -> list[Run]:
    """The two runs to compare: one checkpoint in both frameworks, or two in one.

    Raises:
        ImportError: If a framework is not installed.
    """
    present = installed()
    if second is None:
        runs = [Run(first, one) for one in BACKENDS]
    else:
        chosen = backend or next(iter(present or BACKENDS))
        runs = [Run(first, chosen), Run(second, chosen)]
    for run in runs:
        if run.backend not in present:
            known = BACKENDS[run.backend]
            raise ImportError(needs("verify", known.title, known.extra))
        locate(run.name, finish=False)  # nothing is written by a comparison
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


def run_stages(
    name: str, backend: str, dtype: str, inputs: Inputs, architecture: str = ""
) -> Stages:
    """Run :func:`stages` in a fresh process.

    Raises:
        ValueError: If the process fails; the message is its last line.
    """
    return run_apart("stages", name, backend, dtype, inputs, architecture)


def run_weights(name: str, backend: str, dtype: str, inputs: Inputs) -> Stages:
    """Run :func:`weights` in a fresh process.

    Raises:
        ValueError: If the process fails; the message is its last line.
    """
    return run_apart("weights", name, backend, dtype, inputs, "")


def run_apart(
    what: str, name: str, backend: str, dtype: str, inputs: Inputs, architecture: str
) -> Stages:
    """Run a function of this module in a fresh process, that knows one framework alone.

    Raises:
        ValueError: If the process fails; the message is its last line.
    """
    with tempfile.TemporaryDirectory() as folder:
        given, output = Path(folder) / "inputs.npz", Path(folder) / "found.npz"
        np.savez(given, **inputs)  # type: ignore[arg-type]
        words = ["-m", __name__, what, name, backend, dtype, architecture, str(given), str(output)]
        command = [sys.executable, *words]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            lines = done.stderr.strip().splitlines() or [f"exit status {done.returncode}"]
            raise ValueError(f"{name} must run under {backend}; received {lines[-1]}.")
        with np.load(output) as found:
            return {key[5:]: found[key] for key in sorted(found)}


def compare(one: Stages, other: Stages) -> dict[str, float]:
    """The largest difference of each stage; NaN if there is one, infinity if shapes differ."""
    differences = {}
    for stage in dict.fromkeys([*one, *other]):
        if stage not in one or stage not in other or one[stage].shape != other[stage].shape:
            differences[stage] = float("inf")
        else:
            differences[stage] = float(np.abs(one[stage] - 1.0 * other[stage]).max(initial=0.0))
    return differences


def stages(name: str, backend: str, dtype: str, inputs: Inputs, architecture: str = "") -> Stages:
    """Run a checkpoint.

    Args:
        name: Folder, file, bundled name or hub name.
        backend: ``"pt"`` or ``"tf"``.
        dtype: Type of weights and arithmetic.
        inputs: Ids and mask (B, T).
        architecture: Name of the class to run it by; its own if empty.

    Returns:
        Stage to its values, in the order of the network; padded positions are zero.
    """
    checkpoint = open_checkpoint(name)
    architecture = architecture or select(checkpoint).architecture
    model = load(name, backend, dtype, architecture)
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


def weights(name: str, backend: str, dtype: str, inputs: Inputs, architecture: str = "") -> Stages:
    """The weights of a checkpoint as a framework has loaded them, by their published names.

    Returns:
        For each weight, some of its values, evenly spaced (``SAMPLE`` at most), and under
        ``#`` and its name the bytes of its hash.
    """
    architecture = architecture or select(open_checkpoint(name)).architecture
    found: Stages = {}
    for title, array in load(name, backend, dtype, architecture).to_arrays().items():
        places = np.linspace(0, array.size - 1, min(SAMPLE, array.size)).astype(np.int64)
        found[title] = array.reshape(-1)[places].astype(np.float64)
        found[f"{HASH}{title}"] = np.frombuffer(bytes.fromhex(sha256(array)), np.uint8)
    return found


def load(name: str, backend: str, dtype: str, architecture: str) -> Any:
    """Load a checkpoint into a framework's class; no new pooler where it holds none."""
    model_class = getattr(tree(backend, "verify"), class_name(architecture, backend))
    own = select(open_checkpoint(name))
    bare = architecture == MODEL and not any(POOLER in one for one in own.arrays)
    options = {"add_pooling_layer": False} if bare else {}
    return model_class.from_pretrained(name, dtype=dtype, **options)


def architectures_of(name: str) -> list[str]:
    """The classes whose weights a checkpoint holds, its own first; of the bare one no pooler."""
    own = select(open_checkpoint(name))
    held = {canonical(one) for one in own.arrays}
    fitting = [
        architecture
        for architecture in ARCHITECTURES
        if {canonical(one.name) for one in needed(own.config, architecture)} <= held
    ]
    return list(dict.fromkeys([own.architecture, *fitting]))


def needed(config: CamembertConfig, architecture: str) -> Sequence[Parameter]:
    """The weights that a class cannot do without."""
    pooler = NETWORKS[architecture].pooler and architecture != MODEL
    return parameters(config, architecture, pooler=pooler)


def write_found(
    what: str, checkpoint: str, backend: str, dtype: str, architecture: str, given: str, output: str
) -> None:
    """Write what a function of this module finds; numbers before the names keep their order."""
    function = {"stages": stages, "weights": weights}[what]
    with np.load(given) as arrays:
        found = function(checkpoint, backend, dtype, dict(arrays), architecture)
    named: dict[str, Any] = {
        f"{number:04d} {name}": one for number, (name, one) in enumerate(found.items())
    }
    np.savez(output, **named)


if __name__ == "__main__":
    write_found(*sys.argv[1:])
