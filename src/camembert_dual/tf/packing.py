"""Padding costs nothing: the encoder sees the tokens of all texts in one row, without padding.

Nothing changes but the speed, not even the states at padded places. There every ``<pad>`` of a text
has the same id and, in RoBERTa's numbering, the same position, and attends to the same keys: one of
them stands for all, and is computed.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

import tensorflow as tf
from tensorflow.python.ops.control_flow_util import GraphOrParentsInXlaContext

from camembert_dual.config import CamembertConfig
from camembert_dual.tf.checks import can_read_values
from camembert_dual.tf.layers import size_of
from camembert_dual.tf.masks import expand_mask, positions_of_ids

PACKED = ("input_ids", "attention_mask", "token_type_ids")  # the inputs that can be packed
PAYS = 0.9  # with more tokens than this among its places, a batch is as fast as it is
OURS = __name__.rpartition(".")[0]


class Packing(NamedTuple):
    """Where the N tokens of a batch (B, T) are in one row.

    Attributes:
        shape: B and T.
        places: For each token its place in the flat batch (N).
        tokens: For each place of the flat batch the token that it has or is like (B T).
        texts: The tokens of each text and, behind them, any others (B, W).
        columns: For each token its place in the flat texts (N).
        mask: Which tokens of the texts are keys, over the heads (B, 1, 1, W).
        is_full: Whether all places have tokens, so that rows need no rearranging.
    """

    shape: tf.Tensor
    places: tf.Tensor
    tokens: tf.Tensor
    texts: tf.Tensor
    columns: tf.Tensor
    mask: tf.Tensor
    is_full: tf.Tensor

    def pack(self, values: tf.Tensor) -> tf.Tensor:
        """Bring values (B, T), or (1, T) for all texts, into the row (1, N)."""
        return tf.gather(tf.reshape(tf.broadcast_to(values, self.shape), [-1]), self.places)[None]

    def unpack(self, states: tf.Tensor) -> tf.Tensor:
        """Bring states (1, N, D) back to the places of their tokens (B, T, D)."""
        flat = self.moved(states, self.tokens)
        return tf.reshape(flat, [self.shape[0], self.shape[1], states.shape[-1]])

    def inputs(self, given: Mapping[str, Any], padding_index: int) -> dict[str, Any]:
        """The inputs in one row, with the positions that the tokens have in their texts."""
        ids, types = given["input_ids"], given["token_type_ids"]
        return {
            **given,
            "input_ids": self.pack(ids),
            "attention_mask": self,
            "token_type_ids": None if types is None else self.pack(types),
            "position_ids": self.pack(positions_of_ids(ids, padding_index, 0)),
        }

    def spread(self, states: tf.Tensor) -> tf.Tensor:
        """Bring states (1, N, D) into texts below each other (B, W, D)."""
        rows, width = size_of(self.texts, 0), size_of(self.texts, 1)
        moved = self.moved(states, tf.reshape(self.texts, [-1]))
        return tf.reshape(moved, [rows, width, states.shape[-1]])

    def collect(self, states: tf.Tensor) -> tf.Tensor:
        """Bring the texts' states (B, W, D) back into the row (1, N, D)."""
        return self.moved(states, self.columns)[None]

    def moved(self, states: tf.Tensor, places: tf.Tensor) -> tf.Tensor:
        """Take states (A, B, D) from flat places (N): (N, D)."""
        flat = tf.reshape(states, [-1, states.shape[-1]])
        return tf.cond(self.is_full, lambda: flat, lambda: tf.gather(flat, places))


def packing_of(
    model: Any, config: CamembertConfig, inputs: Mapping[str, tf.Tensor | None]
) -> Packing | None:
    """How to pack a call; None if it has too little padding, or needs it."""
    ids, mask, types = (inputs[name] for name in PACKED)
    if ids is None or mask is None or len(mask.shape) != 2 or is_compiled():
        return None
    has_others = any(inputs[name] is not None for name in inputs if name not in PACKED)
    if has_others or config.is_decoder or config.position_embedding_type != "absolute":
        return None
    is_key = mask != tf.zeros((), mask.dtype)
    # a text without keys attends to all of its places
    is_alike = ~is_key & (ids == config.pad_token_id) & tf.reduce_any(is_key, 1, keepdims=True)
    if types is not None:
        is_alike = is_alike & (types == 0)
    is_token = ~is_alike | (tf.cumsum(tf.cast(is_alike, tf.int32), 1) == 1)
    is_known = can_read_values(mask)  # in a graph rows are packed, or left as they are, at run time
    if is_known and int(tf.math.count_nonzero(is_token)) > PAYS * int(tf.size(ids)):
        return None
    return arranged(is_token, is_key, is_alike) if is_own(model) else None


def is_compiled() -> bool:
    """Whether XLA compiles what is computed; its sizes may not depend on values."""
    return not tf.executing_eagerly() and GraphOrParentsInXlaContext(
        tf.compat.v1.get_default_graph()
    )


def is_own(model: Any) -> bool:
    """Whether the parts that would see texts in one row are those of this package."""

    def is_ours(part: Any) -> bool:
        return type(part).__module__.startswith(OURS)

    return is_ours(model.embeddings) and all(
        is_ours(layer) and is_ours(layer.attention) and is_ours(layer.attention.self)
        for layer in model.encoder.layer
    )


def arranged(is_token: tf.Tensor, is_key: tf.Tensor, is_alike: tf.Tensor) -> Packing:
    """Order tokens by their places.

    Args:
        is_token: Which places of a batch (B, T) have a token of their own.
        is_key: Which of them queries attend to.
        is_alike: Which places are like the first of their text that is.
    """
    batch, length = size_of(is_token, 0), size_of(is_token, 1)
    number = tf.cumsum(tf.cast(tf.reshape(is_token, [-1]), tf.int32)) - 1  # of each token
    number = tf.reshape(number, [batch, length])
    first = tf.argmax(tf.cast(is_alike, tf.int32), 1, tf.int32)[:, None]
    tokens = tf.where(is_token, number, tf.gather(number, first, batch_dims=1))
    places = tf.cast(tf.where(tf.reshape(is_token, [-1]))[:, 0], tf.int32)
    counts = tf.reduce_sum(tf.cast(is_token, tf.int32), 1)
    width = tf.reduce_max(counts)
    starts = tf.cumsum(counts, exclusive=True)
    texts = tf.minimum(starts[:, None] + tf.range(width), tf.shape(places)[0] - 1)
    rows = places // length
    columns = rows * width + tf.range(tf.shape(places)[0]) - tf.gather(starts, rows)
    keys = tf.gather(tf.reshape(is_key, [-1]), tf.gather(places, texts)) & tf.sequence_mask(
        counts, width
    )
    return Packing(
        tf.shape(is_token),
        places,
        tf.reshape(tokens, [-1]),
        texts,
        columns,
        expand_mask(keys),
        tf.reduce_all(is_token),
    )
