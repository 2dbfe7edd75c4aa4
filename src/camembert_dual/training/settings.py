"""The numbers of a pretraining run, in one place and written beside the checkpoint."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

from camembert_dual.config import CamembertConfig


@dataclass(frozen=True)
class PretrainingSettings:
    """How a small CamemBERT is trained from text.

    Attributes:
        vocab_size: SentencePiece pieces; the network's vocabulary has five more rows.
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
        long_share: Share of the documents that is packed into long rows.
        held_out_fraction: Share of the held-out file's sentences that is kept for evaluation.
        precision: ``"float32"``, or ``"bfloat16"`` for autocast where the processor multiplies in
            it.
        seed: Seed of every draw.
    """

    vocab_size: int = 8000
    hidden_size: int = 192
    num_hidden_layers: int = 4
    num_attention_heads: int = 3
    steps: int = 10_000
    warmup_steps: int = 500
    learning_rate: float = 2e-3
    weight_decay: float = 0.01
    tokens_per_batch: int = 4096
    max_length: int = 128
    long_length: int = 512
    long_share: float = 0.05
    held_out_fraction: float = 0.1
    precision: str = "float32"
    seed: int = 0

    def config(self) -> CamembertConfig:
        """The network's configuration; it trains without dropout, as it never sees a text often."""
        return CamembertConfig.camembert_base(
            vocab_size=self.vocab_size + 5,
            hidden_size=self.hidden_size,
            num_hidden_layers=self.num_hidden_layers,
            num_attention_heads=self.num_attention_heads,
            intermediate_size=4 * self.hidden_size,
            max_position_embeddings=self.long_length + 2,
            hidden_dropout_prob=0.0,
            attention_probs_dropout_prob=0.0,
        )

    def to_dict(self) -> dict[str, Any]:
        """The settings by name."""
        return dataclasses.asdict(self)
