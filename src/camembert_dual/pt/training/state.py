"""The state of a training run on disk: weights, moments of AdamW, and how far it came."""

from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torch import nn
from torch.optim import Optimizer

from camembert_dual.storage.atomic import atomic_target
from camembert_dual.storage.file_names import TRAINING_STATE
from camembert_dual.training.run_state import Progress, check_settings, write_settings
from camembert_dual.training.settings import PretrainingSettings

MOMENTS = ("exp_avg", "exp_avg_sq")


def save_state(
    folder: Path,
    settings: PretrainingSettings,
    model: nn.Module,
    optimizer: Optimizer,
    progress: Progress,
) -> None:
    """Write weights, moments and progress, whole or not at all, and the settings beside them.

    Raises:
        OSError: If the folder cannot be written.
    """
    tensors = {}
    for name, weight in model.named_parameters():
        tensors[f"weight/{name}"] = weight.detach()
        for moment in MOMENTS:
            tensors[f"{moment}/{name}"] = optimizer.state[weight][moment]
    counts = {"done": str(progress.done), "seconds": f"{progress.seconds:.0f}"}
    with atomic_target(folder / TRAINING_STATE) as temporary:
        save_file(tensors, temporary, metadata=counts)
    write_settings(folder, settings.to_dict())


def load_state(
    folder: Path, settings: PretrainingSettings, model: nn.Module, optimizer: Optimizer
) -> Progress:
    """Take up the state of an interrupted run.

    Returns:
        How far it came; nothing done if the folder holds no state.

    Raises:
        ValueError: If the run had other settings.
    """
    path = folder / TRAINING_STATE
    if not path.exists():
        return Progress(0, 0.0)
    check_settings(folder, settings.to_dict())
    with safe_open(path, "pt") as file:
        counts = file.metadata()
    done = int(counts["done"])
    tensors = load_file(path)
    with torch.no_grad():
        for name, weight in model.named_parameters():
            weight.copy_(tensors[f"weight/{name}"])
            moments = {moment: tensors[f"{moment}/{name}"].clone() for moment in MOMENTS}
            optimizer.state[weight] = {"step": torch.tensor(float(done)), **moments}
    return Progress(done, float(counts["seconds"]))
