"""Answers as arrays, for callers that know no framework."""

from collections.abc import Mapping
from typing import Any

import torch

from camembert_dual.common.arrays import Array
from camembert_dual.pt import surgery
from camembert_dual.pt.layers import evaluation
from camembert_dual.pt.tensors import array_of, wide_dtype


def last_hidden_states(model: Any, inputs: Mapping[str, Any]) -> Array:
    """The states (B, T, D) above the last layer, in single precision at least, without dropout."""
    with torch.no_grad(), evaluation():
        output = surgery.backbone_of(model)(**inputs, return_dict=True)
    states = output.last_hidden_state
    return array_of(states.to(wide_dtype(states)))
