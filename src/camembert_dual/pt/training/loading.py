"""How a model that is to be trained is loaded."""

from typing import Any

import torch


def loading_options(precision: str) -> dict[str, Any]:
    """What ``from_pretrained`` is told: the device; weights are in single precision in any case."""
    return {"device_map": "cuda"} if torch.cuda.is_available() else {}
