"""How a model that is to be trained is made or loaded."""

from typing import Any

from camembert_dual.config import CamembertConfig


def loading_options(precision: str) -> dict[str, Any]:
    """What ``from_pretrained`` is told: Keras' policy; weights are in single precision anyway."""
    return {"dtype": "mixed_bfloat16"} if precision == "bfloat16" else {}


def new_model(model_class: Any, config: CamembertConfig, precision: str) -> Any:
    """Make a model where it is to be trained."""
    return model_class(config, **loading_options(precision))
