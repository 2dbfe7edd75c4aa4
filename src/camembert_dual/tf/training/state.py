"""The state of a training run on disk: weights, moments of AdamW, and how far it came."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import keras
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from camembert_dual.common.arrays import Array
from camembert_dual.common.errors import file_error
from camembert_dual.storage.atomic import atomic_target
from camembert_dual.storage.file_names import TRAINING_STATE
from camembert_dual.training.run_state import (
    LOSSES,
    MOMENTS,
    WEIGHT,
    Progress,
    check_tensors,
    read_progress,
)


def save_state(folder: Path, model: Any, optimizer: Any, progress: Progress) -> None:
    """Write weights, moments and progress, whole or not at all.

    Raises:
        OSError: If the folder cannot be written.
    """
    tensors = {LOSSES: progress.losses}
    tensors |= {name: one.numpy() for name, one in variables_of(model, optimizer)}
    with atomic_target(folder / TRAINING_STATE) as temporary:
        save_file(tensors, temporary, metadata=progress.to_texts())


def load_state(folder: Path, model: Any, optimizer: Any) -> Progress:
    """Take up the state of an interrupted run.

    Returns:
        How far it came; nothing done if the folder holds no state.

    Raises:
        CheckpointError: If the state is damaged, or of another network.
    """
    path = folder / TRAINING_STATE
    if not path.exists():
        return Progress.none()
    counts, tensors = read_state(path)
    progress = read_progress(path, counts)
    variables = dict(variables_of(model, optimizer))
    expected = {name: (one.dtype, *one.shape) for name, one in variables.items()}
    expected[LOSSES] = ("float64", progress.done)
    found = {name: (str(tensor.dtype), *tensor.shape) for name, tensor in tensors.items()}
    check_tensors(path, found, expected)
    for name, variable in variables.items():
        variable.assign(tensors[name])
    optimizer._iterations.assign(progress.done)
    return progress._replace(losses=tensors[LOSSES])


def variables_of(model: Any, optimizer: Any) -> Iterator[tuple[str, keras.Variable]]:
    """The variables that a state holds, by the names that they have in it."""
    for name, weight in model.variables_by_name().items():
        yield f"{WEIGHT}/{name}", weight
        index = optimizer._get_variable_index(weight)
        for moment, values in zip(
            MOMENTS, (optimizer._momentums, optimizer._velocities), strict=True
        ):
            yield f"{moment}/{name}", values[index]


def read_state(path: Path) -> tuple[dict[str, str], dict[str, Array]]:
    """Read the texts and the tensors of a state.

    Raises:
        CheckpointError: If the file is not whole.
    """
    try:
        with safe_open(path, "np") as file:
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
            return file.metadata() or {}, tensors
    except SafetensorError as error:
        rule = "the state of a training must be a whole safetensors file"
        raise file_error(path, rule, str(error)) from None
