"""Words, positions and token types become hidden states."""

from typing import Any

import torch
from torch import Tensor, nn

from camembert_dual.config import CamembertConfig
from camembert_dual.pt.layers import dropout, embedding, layer_norm
from camembert_dual.pt.masks import positions_of_embeds, positions_of_ids


class Embeddings(nn.Module):
    """The sum of word, position and token type embeddings, normalised (Devlin et al. 2019).

    RoBERTa numbers positions from ``pad_token_id + 1``; see :mod:`camembert_dual.pt.masks`.
    With relative positions the position table is kept but not added.
    """

    def __init__(self, config: CamembertConfig) -> None:
        super().__init__()
        size, padding_index = config.hidden_size, config.pad_token_id
        self.word_embeddings = embedding(config.vocab_size, size, config, padding_index)
        self.position_embeddings = embedding(
            config.max_position_embeddings, size, config, padding_index
        )
        self.token_type_embeddings = embedding(config.type_vocab_size, size, config)
        self.LayerNorm = layer_norm(config)
        self.dropout = dropout(config.hidden_dropout_prob)
        self.padding_index = padding_index
        self.absolute = config.position_embedding_type == "absolute"

    def forward(
        self,
        input_ids: Any = None,
        token_type_ids: Tensor | None = None,
        position_ids: Tensor | None = None,
        inputs_embeds: Tensor | None = None,
        past_length: int = 0,
    ) -> Tensor:
        """Embed ids (B, T) or take embedded inputs (B, T, D); give hidden states (B, T, D)."""
        if inputs_embeds is not None:
            words = inputs_embeds
            positions = positions_of_embeds(inputs_embeds, self.padding_index, past_length)
        else:
            words = self.word_embeddings(input_ids)  # (B, T, D)
            positions = positions_of_ids(input_ids, self.padding_index, past_length)
        if token_type_ids is None:
            token_type_ids = torch.zeros((1, 1), dtype=torch.long, device=words.device)
        types = self.token_type_embeddings(token_type_ids)
        hidden_states = (
            words.to(types.dtype) + types
        )  # what is embedded already may be of another type
        if self.absolute:
            positions = positions if position_ids is None else position_ids
            hidden_states = hidden_states + self.position_embeddings(positions)
        return self.dropout(self.LayerNorm(hidden_states))
