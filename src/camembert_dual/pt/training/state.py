"""The state of a training run on disk: weights, moments of AdamW, and how far it came."""

from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.optim import Optimizer

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


def save_state(folder: Path, model: nn.Module, optimizer: Optimizer, progress: Progress) -> None:
    """Write weights, moments and progress, whole or not at all.

    Raises:
        OSError: If the folder cannot be written.
    """
    tensors = {LOSSES: torch.from_numpy(progress.losses)}
    for name, weight in model.named_parameters():
        tensors[f"{WEIGHT}/{name}"] = weight.detach()
        for moment in MOMENTS:
            tensors[f"{moment}/{name}"] = optimizer.state[weight][moment]
    with atomic_target(folder / TRAINING_STATE) as temporary:
        save_file(tensors, temporary, metadata=progress.to_texts())


def load_state(folder: Path, model: nn.Module, optimizer: Optimizer) -> Progress:
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
    weights = dict(model.named_parameters())
    expected = {
        f"{kind}/{name}": (weight.dtype, *weight.shape)
        for name, weight in weights.items()
        for kind in (WEIGHT, *MOMENTS)
    }
    expected[LOSSES] = (torch.float64, progress.done)
    found = {name: (tensor.dtype, *tensor.shape) for name, tensor in tensors.items()}
    check_tensors(path, found, expected)
    with torch.no_grad():
        for name, weight in weights.items():
            weight.copy_(tensors[f"{WEIGHT}/{name}"])
            # the file's memory may be unaligned, where vectorised steps round otherwise
            moments = {moment: tensors[f"{moment}/{name}"].clone() for moment in MOMENTS}
            step = torch.tensor(float(progress.done))
            optimizer.state[weight] = {"step": step, **moments}
    return progress._replace(losses=tensors[LOSSES].numpy())


def read_state(path: Path) -> tuple[dict[str, str], dict[str, Tensor]]:
    """Read the texts and the tensors of a state.

    Raises:
        CheckpointError: If the file is not whole.
    """
    try:
        with safe_open(path, "pt") as file:
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
            return file.metadata() or {}, tensors
    except SafetensorError as error:
        rule = "the state of a training must be a whole safetensors file"
        raise file_error(path, rule, str(error)) from None
