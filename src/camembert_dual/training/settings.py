"""The numbers of a training run, each default once."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any, NamedTuple

from camembert_dual.config import CamembertConfig

# AdamW for fine-tuning (Devlin et al. 2019, appendix A.3)
BETAS = (0.9, 0.999)
EPSILON = 1e-8
WEIGHT_DECAY = 0.01
MAX_GRADIENT_NORM = 1.0
# AdamW for pretraining (Liu et al. 2019, section 3.1)
PRETRAINING_BETAS = (0.9, 0.98)
PRETRAINING_EPSILON = 1e-6
SIMILARITY_TEMPERATURE = 0.05  # that cosines are divided by (Gao et al. 2021, section 3)
# of all words those that are chosen; of the chosen those that become <mask>, or random pieces
CHOSEN_SHARE, MASK_SHARE, RANDOM_SHARE = 0.15, 0.8, 0.1
PRECISIONS = ("float32", "bfloat16")


class OptimizerNumbers(NamedTuple):
    """What AdamW is made with, besides the learning rate, which each step brings along.

    Attributes:
        weight_decay: Decay of the weights that are not biases or layer normalisations.
        layer_decay: Factor of the learning rate from each layer to the one below.
        max_gradient_norm: Longest gradient of all weights together.
        betas: Shares of the running means of gradient and square that a step keeps.
        epsilon: Added to the root of the mean square.
    """

    weight_decay: float = WEIGHT_DECAY
    layer_decay: float = 1.0
    max_gradient_norm: float = MAX_GRADIENT_NORM
    betas: tuple[float, float] = BETAS
    epsilon: float = EPSILON


@dataclass(frozen=True)
class PretrainingSettings:
    """How a masked language model is trained from text.

    Attributes:
        hidden_size: Width of the network.
        num_hidden_layers: Its layers.
        num_attention_heads: Its heads.
        steps: Optimiser steps in all.
        warmup_steps: Steps of linear warm-up; the rest decays linearly to 0.
        learning_rate: Peak learning rate of AdamW.
        weight_decay: Decay of the weights that are not biases or layer normalisations.
        tokens_per_batch: Most tokens of a batch, padding included.
        max_length: Most tokens of an ordinary row.
        long_length: Most tokens of a long row, the model's limit.
        long_share: Share of the documents that is joined into long rows.
        held_out_fraction: Share of the held-out file's sentences that is kept for evaluation.
        precision: ``"float32"``, or ``"bfloat16"`` for autocast where the processor multiplies in
            it.
        seed: Seed of every draw.
    """

    hidden_size: int = 192
    num_hidden_layers: int = 4
    num_attention_heads: int = 3
    steps: int = 10_000
    warmup_steps: int = 500
    learning_rate: float = 2e-3
    weight_decay: float = WEIGHT_DECAY
    tokens_per_batch: int = 4096
    max_length: int = 128
    long_length: int = 512
    long_share: float = 0.05
    held_out_fraction: float = 0.1
    precision: str = "float32"
    seed: int = 0

    def config(self, vocab_size: int, pad_token_id: int, **ids: int) -> CamembertConfig:
        """The configuration of a new network; it trains without dropout, as it reads much text.

        Args:
            vocab_size: Rows of its word embedding table.
            pad_token_id: Id of ``<pad>``.
            **ids: Ids of other special tokens.
        """
        return CamembertConfig.camembert_base(
            vocab_size=vocab_size,
            hidden_size=self.hidden_size,
            num_hidden_layers=self.num_hidden_layers,
            num_attention_heads=self.num_attention_heads,
            intermediate_size=4 * self.hidden_size,
            max_position_embeddings=self.long_length + pad_token_id + 1,
            hidden_dropout_prob=0.0,
            attention_probs_dropout_prob=0.0,
            pad_token_id=pad_token_id,
            **ids,
        )

    def of_network(self, config: CamembertConfig) -> PretrainingSettings:
        """The same run for a network that is there already: its sizes, and rows that it takes."""
        limit = config.max_sequence_length
        return dataclasses.replace(
            self,
            hidden_size=config.hidden_size,
            num_hidden_layers=config.num_hidden_layers,
            num_attention_heads=config.num_attention_heads,
            max_length=min(self.max_length, limit),
            long_length=min(self.long_length, limit),
        )

    def to_dict(self) -> dict[str, Any]:
        """The settings by name."""
        return dataclasses.asdict(self)
