"""What stands on top of the encoder (RoBERTa's heads, Liu et al. 2019)."""

import inspect
from functools import partial
from typing import Any

import keras
import tensorflow as tf

from camembert_dual.config import CamembertConfig
from camembert_dual.tf.layers import Dropout, affine, dense, dropout, embedding, gelu, layer_norm


class Pooler(keras.layers.Layer):
    """The first token's state through an affine map and tanh."""

    def __init__(self, config: CamembertConfig, *, name: str, dtype: Any) -> None:
        super().__init__(name=name, dtype=dtype)
        self.dense = dense(
            config.hidden_size, config.hidden_size, config, name="dense", dtype=dtype
        )

    def build(self, input_shape: Any = None) -> None:
        """Build the children."""
        self.dense.build()

    def call(self, hidden_states: tf.Tensor) -> tf.Tensor:
        """Map (B, T, D) to (B, D)."""
        return tf.tanh(self.dense(hidden_states[:, 0]))


class LMHead(keras.layers.Layer):
    """Transforms hidden states and compares them with every word embedding.

    The decoder is the layer of the word embeddings, called in reverse (Press and Wolf 2017), unless
    the config unties it; only the bias is the head's own.
    """

    def __init__(self, config: CamembertConfig, *, name: str, dtype: Any) -> None:
        super().__init__(name=name, dtype=dtype)
        self.dense = dense(
            config.hidden_size, config.hidden_size, config, name="dense", dtype=dtype
        )
        self.layer_norm = layer_norm(config, name="layer_norm", dtype=dtype)
        self.vocab_size = config.vocab_size
        self.decoder = None
        if not config.tie_word_embeddings:
            self.decoder = embedding(
                config.vocab_size, config.hidden_size, config, name="decoder", dtype=dtype
            )

    def build(self, input_shape: Any = None) -> None:
        """Build the children and the bias."""
        self.dense.build()
        self.layer_norm.build()
        self.bias = self.add_weight(shape=(self.vocab_size,), initializer="zeros", name="bias")
        if self.decoder is not None:
            self.decoder.build()

    def call(self, hidden_states: tf.Tensor, decoder: keras.layers.Layer) -> tf.Tensor:
        """Map (..., D) by a decoder, a layer of V embeddings, to logits (..., V)."""
        hidden_states = self.layer_norm(gelu(self.dense(hidden_states)))
        product = partial(multiply, decoder, self.vocab_size)
        return affine(hidden_states, product, self.bias)


def multiply(embeddings: keras.layers.Layer, count: int, rows: tf.Tensor) -> tf.Tensor:
    """Multiply rows (N, D) with each of V embeddings: (N, V); any layer that has them will do."""
    if "reverse" in inspect.signature(embeddings.call).parameters:
        return embeddings(rows, reverse=True)
    return tf.matmul(rows, embeddings(tf.range(count)), transpose_b=True)


class ClassificationHead(keras.layers.Layer):
    """Classifies a text by its first token, with a hidden layer instead of the pooler."""

    def __init__(self, config: CamembertConfig, *, name: str, dtype: Any) -> None:
        super().__init__(name=name, dtype=dtype)
        self.dense = dense(
            config.hidden_size, config.hidden_size, config, name="dense", dtype=dtype
        )
        self.dropout = classifier_dropout(config, dtype=dtype)
        self.out_proj = dense(
            config.hidden_size, config.num_labels, config, name="out_proj", dtype=dtype
        )

    def build(self, input_shape: Any = None) -> None:
        """Build the children."""
        self.dense.build()
        self.out_proj.build()

    def call(self, hidden_states: tf.Tensor) -> tf.Tensor:
        """Map (B, T, D) to logits (B, L)."""
        first = self.dropout(hidden_states[:, 0])  # (B, D)
        return self.out_proj(self.dropout(tf.tanh(self.dense(first))))


def classifier_dropout(config: CamembertConfig, *, dtype: Any) -> Dropout:
    """The classifiers' own dropout, or that of the hidden states when the config names none."""
    own = config.classifier_dropout
    return dropout(config.hidden_dropout_prob if own is None else own, dtype=dtype)
