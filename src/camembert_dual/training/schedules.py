"""What the optimiser is told: the factor of the learning rate, and what does not decay."""

from __future__ import annotations

import re

from camembert_dual.common.errors import require
from camembert_dual.parameter_names import NORMALISATIONS

LAYER = re.compile(r"(^|\.)encoder\.layer\.(\d+)\.")
EMBEDDINGS = re.compile(r"(^|\.)embeddings\.")


def linear_warmup_linear_decay(step: int, *, warmup_steps: int, total_steps: int) -> float:
    """Give the factor of the peak learning rate at a step.

    It rises in a straight line from 0 at step 0 to 1 at ``warmup_steps``, then falls in a straight
    line to 0 at ``total_steps``, and stays there (Devlin et al. 2019, appendix A.2).

    Args:
        step: Optimiser steps made before this one.
        warmup_steps: Length of the rise, in steps; 0 starts at the peak.
        total_steps: Length of the rise and fall together, in steps.

    Returns:
        The factor, in [0, 1].

    Raises:
        ValueError: If ``step`` is negative, or ``warmup_steps`` is not in [0, ``total_steps``).
    """
    require(step >= 0, "step must be at least 0", step)
    rule = f"warmup_steps must be at least 0 and below total_steps={total_steps}"
    require(0 <= warmup_steps < total_steps, rule, warmup_steps)
    if step < warmup_steps:
        return step / warmup_steps
    return max(0.0, (total_steps - step) / (total_steps - warmup_steps))


def no_decay(name: str) -> bool:
    """Whether weight decay skips a parameter: all biases and all layer normalisations.

    Both frameworks ask here, so that they decay the same list, which is that of BERT's released
    code (Devlin et al. 2019).

    Args:
        name: A published name, such as
            ``roberta.encoder.layer.0.attention.output.LayerNorm.weight``.
    """
    words = name.lower().split(".")
    return words[-1] == "bias" or not set(NORMALISATIONS).isdisjoint(words)


def rate_scale(name: str, num_hidden_layers: int, layer_decay: float) -> float:
    """The share of the learning rate that a weight gets: less from each layer to the one below.

    The head has all of it, the last layer ``layer_decay``, and so on down to the embeddings
    (Howard and Ruder 2018, section 3.2; Sun et al. 2019, section 5.3.4).

    Args:
        name: A published name.
        num_hidden_layers: Layers of the network.
        layer_decay: The factor from a layer to the one below.
    """
    layer = LAYER.search(name)
    if layer:
        return layer_decay ** (num_hidden_layers - int(layer[2]))
    return layer_decay ** (num_hidden_layers + 1) if EMBEDDINGS.search(name) else 1.0
