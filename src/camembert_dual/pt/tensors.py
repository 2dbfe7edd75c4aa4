"""The tensors that a tokenizer hands out."""

from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor


def to_tensor(array: npt.NDArray[Any]) -> Tensor:
    """A tensor of the same numbers: ids are int64, as PyTorch's embeddings take them."""
    return torch.from_numpy(np.ascontiguousarray(array))
