"""The bricks, with every default of the framework stated here and nowhere else."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

import torch
from torch import Tensor, nn
from torch.nn import functional

from camembert_dual.config import CamembertConfig

_initialises = ContextVar("initialises", default=True)


@contextmanager
def uninitialised() -> Iterator[None]:
    """Make models whose matrices get no values, as a checkpoint is about to fill them.

    Drawing takes most of the time of a load.
    """
    token = _initialises.set(False)
    try:
        yield
    finally:
        _initialises.reset(token)


def initialise(
    shape: tuple[int, ...],
    dtype: torch.dtype | None = None,
    *,
    config: CamembertConfig,
    padding_index: int | None = None,
) -> Tensor:
    """Start a matrix at normal values, and a padding row at zero."""
    matrix = torch.empty(shape, dtype=dtype)
    if _initialises.get():
        nn.init.normal_(matrix, mean=0.0, std=config.initializer_range)
        if padding_index is not None:
            nn.init.zeros_(matrix[padding_index])
    return matrix


def dense(in_size: int, out_size: int, config: CamembertConfig) -> nn.Linear:
    """An affine map (..., in_size) -> (..., out_size): normal weights, zero bias."""
    layer = nn.Linear(in_size, out_size, bias=True, device="meta")  # which draws nothing
    layer.weight = nn.Parameter(initialise((out_size, in_size), config=config))
    layer.bias = nn.Parameter(torch.zeros(out_size))
    return layer


def decoder(config: CamembertConfig) -> nn.Linear:
    """The product (..., D) -> (..., V) with every word; what is tied in it has no numbers yet."""
    layer = nn.Linear(config.hidden_size, config.vocab_size, bias=True, device="meta")
    if not config.tie_word_embeddings:
        layer.weight = nn.Parameter(
            initialise((config.vocab_size, config.hidden_size), config=config)
        )
    return layer


def embedding(
    rows: int, size: int, config: CamembertConfig, padding_index: int | None = None
) -> nn.Embedding:
    """A table of normal rows; the padding row starts at zero and gets no gradient by look-up."""
    table = initialise((rows, size), config=config, padding_index=padding_index)
    return nn.Embedding.from_pretrained(table, freeze=False, padding_idx=padding_index)


def layer_norm(config: CamembertConfig) -> nn.LayerNorm:
    """Layer normalisation of the hidden states (Ba et al. 2016), with the config's epsilon."""
    return nn.LayerNorm(config.hidden_size, eps=config.layer_norm_eps)


def dropout(probability: float) -> nn.Dropout:
    """Dropout, active only in training."""
    return nn.Dropout(probability)


def activation(config: CamembertConfig) -> Callable[[Tensor], Tensor]:
    """The feed-forward layer's nonlinearity (GELU: Hendrycks and Gimpel 2016)."""
    if callable(config.hidden_act):
        return config.hidden_act
    functions: dict[str, Callable[[Tensor], Tensor]] = {
        "gelu": gelu,
        "gelu_new": gelu_new,
        "relu": functional.relu,
        "silu": functional.silu,
    }
    return functions[config.hidden_act]


def gelu(hidden_states: Tensor) -> Tensor:
    """The exact GELU, by the error function; the LM head always uses this one."""
    return functional.gelu(hidden_states, approximate="none")


def gelu_new(hidden_states: Tensor) -> Tensor:
    """The GELU's tanh form."""
    return functional.gelu(hidden_states, approximate="tanh")
