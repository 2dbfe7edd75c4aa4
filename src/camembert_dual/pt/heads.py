"""What stands on top of the encoder (RoBERTa's heads, Liu et al. 2019)."""

import torch
from torch import Tensor, nn

from camembert_dual.config import CamembertConfig
from camembert_dual.pt.layers import decoder, dense, dropout, gelu, layer_norm


class Pooler(nn.Module):
    """The first token's state through an affine map and tanh."""

    def __init__(self, config: CamembertConfig) -> None:
        super().__init__()
        self.dense = dense(config.hidden_size, config.hidden_size, config)

    def forward(self, hidden_states: Tensor) -> Tensor:
        """Map (B, T, D) to (B, D)."""
        return torch.tanh(self.dense(hidden_states[:, 0]))


class LMHead(nn.Module):
    """Transforms hidden states and compares them with every word embedding.

    The decoder's weight is the word embedding table itself (Press and Wolf 2017), unless the config
    unties it; see :mod:`camembert_dual.pt.tying`.
    """

    def __init__(self, config: CamembertConfig) -> None:
        super().__init__()
        self.dense = dense(config.hidden_size, config.hidden_size, config)
        self.layer_norm = layer_norm(config)
        self.bias = nn.Parameter(torch.zeros(config.vocab_size))
        self.decoder = decoder(config)

    def forward(self, hidden_states: Tensor) -> Tensor:
        """Map (..., D) to logits (..., V)."""
        return self.decoder(self.layer_norm(gelu(self.dense(hidden_states))))


class ClassificationHead(nn.Module):
    """Classifies a text by its first token, with a hidden layer instead of the pooler."""

    def __init__(self, config: CamembertConfig) -> None:
        super().__init__()
        self.dense = dense(config.hidden_size, config.hidden_size, config)
        self.dropout = classifier_dropout(config)
        self.out_proj = dense(config.hidden_size, config.num_labels, config)

    def forward(self, hidden_states: Tensor) -> Tensor:
        """Map (B, T, D) to logits (B, L)."""
        first = self.dropout(hidden_states[:, 0])  # (B, D)
        return self.out_proj(self.dropout(torch.tanh(self.dense(first))))


def classifier_dropout(config: CamembertConfig) -> nn.Dropout:
    """The classifiers' own dropout, or that of the hidden states when the config names none."""
    own = config.classifier_dropout
    return dropout(config.hidden_dropout_prob if own is None else own)
