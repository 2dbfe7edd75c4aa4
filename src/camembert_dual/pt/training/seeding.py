"""The seed of PyTorch's generators."""

import os

import torch


def seed_framework(seed: int) -> None:
    """Seed the generators of all devices."""
    torch.manual_seed(seed)


def make_deterministic(warn_only: bool) -> None:
    """Compute the same bits each time."""
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":16:8")  # what PyTorch asks for on CUDA
    torch.use_deterministic_algorithms(True, warn_only=warn_only)
    torch.backends.cudnn.benchmark = False
