"""The bricks, with every default of the framework stated here and nowhere else."""

from collections.abc import Callable

from torch import Tensor, nn
from torch.nn import functional

from camembert_dual.config import CamembertConfig


def dense(in_size: int, out_size: int, config: CamembertConfig) -> nn.Linear:
    """An affine map (..., in_size) -> (..., out_size): normal weights, zero bias."""
    layer = nn.Linear(in_size, out_size, bias=True)
    nn.init.normal_(layer.weight, mean=0.0, std=config.initializer_range)
    nn.init.zeros_(layer.bias)
    return layer


def embedding(
    rows: int, size: int, config: CamembertConfig, padding_index: int | None = None
) -> nn.Embedding:
    """A table of normal rows; the padding row starts at zero and gets no gradient by look-up."""
    layer = nn.Embedding(rows, size, padding_idx=padding_index)
    nn.init.normal_(layer.weight, mean=0.0, std=config.initializer_range)
    if padding_index is not None:
        nn.init.zeros_(layer.weight[padding_index])
    return layer


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
