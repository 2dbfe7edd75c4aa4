"""What a model must be to be saved: what its config says, so that it comes back as it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from camembert_dual.common.errors import listed, refusal, require
from camembert_dual.parameters import Parameter

REMEDY = "to be saved (make the config say what the model is, or merge and remove what was added)"


def check_weights(expected: Sequence[Parameter], shapes: Mapping[str, tuple[int, ...]]) -> None:
    """Check that a model has the weights of its config, and no others.

    Args:
        expected: The weights by the config.
        shapes: The shapes of the model's weights by published name.

    Raises:
        ValueError: If one is missing, or of another shape, or beside those of the config.
    """
    names = {one.name for one in expected}
    others = [name for name in shapes if name not in names]
    for one in expected:
        if shapes.get(one.name) != one.shape:
            layer = one.name.rpartition(".")[0]
            near = listed([name for name in others if name.startswith(f"{layer}.")])
            rule = f"{one.name} must be of shape {one.shape} as the config says, {REMEDY}"
            raise refusal(rule, shapes.get(one.name, near or "none"))
    rule = f"A model must have no weights but those that its config says, {REMEDY}"
    require(not others, rule, listed(others))


def check_kind(name: str, is_kept: bool, wanted: str, found: str) -> None:
    """Check that what computes with a weight is what the published network has there.

    Raises:
        ValueError: If it is another kind of layer.
    """
    layer = name.rpartition(".")[0]
    require(is_kept, f"{layer} must be of the kind {wanted} {REMEDY}", found)
