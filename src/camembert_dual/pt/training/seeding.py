"""The seed of PyTorch's generators."""

import torch


def seed_framework(seed: int) -> None:
    """Seed the generators of all devices."""
    torch.manual_seed(seed)
