"""What the optimiser is told: the learning-rate multiplier and the parameters without decay."""

LAYER_NORM_NAMES = frozenset({"LayerNorm", "layer_norm"})
"""The published names of layer normalisations: in the backbone, and in `lm_head`."""


def linear_warmup_linear_decay(step: int, *, warmup_steps: int, total_steps: int) -> float:
    """Return what to multiply the peak learning rate by at one optimiser step.

    The multiplier rises in a straight line from 0 at step 0 to 1 at `warmup_steps`, then falls in
    a straight line to 0 at `total_steps`, and stays there.

    Args:
        step: number of optimiser steps made before this one.
        warmup_steps: length of the rise, in steps; 0 starts at the peak.
        total_steps: length of the rise and fall together, in steps.

    Returns:
        The multiplier, 0 to 1.

    Raises:
        ValueError: not `step >= 0` and `0 <= warmup_steps < total_steps`.

    Source:
        Devlin et al. 2019, appendix A.2; Liu et al. 2019, section 2.4.
    """
    if step < 0 or not 0 <= warmup_steps < total_steps:
        raise ValueError(
            "step must be at least 0, and warmup_steps at least 0 and below total_steps; "
            f"received step={step}, warmup_steps={warmup_steps}, total_steps={total_steps}"
        )
    if step < warmup_steps:
        return step / warmup_steps
    return max(0.0, (total_steps - step) / (total_steps - warmup_steps))


def no_decay(name: str) -> bool:
    """Tell whether weight decay skips a parameter: all biases and all of LayerNorm.

    Both frameworks ask here, with the published torch name, so that they decay the same list.

    Args:
        name: a published name, such as `roberta.encoder.layer.0.attention.output.LayerNorm.weight`.

    Returns:
        True if the parameter must not decay.

    Source:
        Devlin et al. 2019, the optimiser of the released code.
    """
    words = name.split(".")
    return words[-1] == "bias" or not LAYER_NORM_NAMES.isdisjoint(words)
