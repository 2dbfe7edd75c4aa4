"""Words, positions and token types become hidden states."""

from typing import Any

import keras
import tensorflow as tf

from camembert_dual.config import CamembertConfig
from camembert_dual.tf.layers import dropout, embedding, layer_norm
from camembert_dual.tf.masks import positions_of_embeds, positions_of_ids


class Embeddings(keras.layers.Layer):
    """The sum of word, position and token type embeddings, normalised (Devlin et al. 2019).

    RoBERTa numbers positions from ``pad_token_id + 1``; see :mod:`camembert_dual.tf.masks`.
    With relative positions the position table is kept but not added.
    """

    def __init__(self, config: CamembertConfig, *, name: str, dtype: Any) -> None:
        super().__init__(name=name, dtype=dtype)
        size, padding_index = config.hidden_size, config.pad_token_id
        self.word_embeddings = embedding(
            config.vocab_size, size, config, padding_index, name="word_embeddings", dtype=dtype
        )
        self.position_embeddings = embedding(
            config.max_position_embeddings,
            size,
            config,
            padding_index,
            name="position_embeddings",
            dtype=dtype,
        )
        self.token_type_embeddings = embedding(
            config.type_vocab_size, size, config, name="token_type_embeddings", dtype=dtype
        )
        self.LayerNorm = layer_norm(config, name="LayerNorm", dtype=dtype)
        self.dropout = dropout(config.hidden_dropout_prob, dtype=dtype)
        self.padding_index = padding_index
        self.absolute = config.position_embedding_type == "absolute"

    def build(self, input_shape: Any = None) -> None:
        """Build the children."""
        self.word_embeddings.build()
        self.position_embeddings.build()
        self.token_type_embeddings.build()
        self.LayerNorm.build()

    def call(
        self,
        input_ids: tf.Tensor | None = None,
        token_type_ids: tf.Tensor | None = None,
        position_ids: tf.Tensor | None = None,
        inputs_embeds: tf.Tensor | None = None,
        past_length: int = 0,
    ) -> tf.Tensor:
        """Embed ids (B, T) or take embedded inputs (B, T, D); give hidden states (B, T, D)."""
        if inputs_embeds is not None:
            words = inputs_embeds
            positions = positions_of_embeds(inputs_embeds, self.padding_index, past_length)
        else:
            words = self.word_embeddings(input_ids)  # (B, T, D)
            positions = positions_of_ids(input_ids, self.padding_index, past_length)
        if token_type_ids is None:
            token_type_ids = tf.zeros((1, 1), tf.int32)
        types = self.token_type_embeddings(token_type_ids)
        hidden_states = (
            tf.cast(words, types.dtype) + types
        )  # what is embedded already may be of another type
        if self.absolute:
            positions = positions if position_ids is None else position_ids
            hidden_states = hidden_states + self.position_embeddings(positions)
        return self.dropout(self.LayerNorm(hidden_states))
