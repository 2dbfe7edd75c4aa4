"""How a model that is to be trained is loaded."""

from typing import Any


def loading_options(precision: str) -> dict[str, Any]:
    """What ``from_pretrained`` is told: Keras' policy; weights are in single precision anyway."""
    return {"dtype": "mixed_bfloat16"} if precision == "bfloat16" else {}
