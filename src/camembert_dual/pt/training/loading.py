"""How a model that is to be trained is made or loaded."""

from typing import Any

import torch

from camembert_dual.config import CamembertConfig


def loading_options(precision: str) -> dict[str, Any]:
    """What ``from_pretrained`` is told: the device; weights are in single precision in any case."""
    return {"device_map": "cuda"} if torch.cuda.is_available() else {}


def new_model(model_class: Any, config: CamembertConfig, precision: str) -> Any:
    """Make a model where it is to be trained."""
    return model_class(config).to("cuda" if torch.cuda.is_available() else "cpu")
