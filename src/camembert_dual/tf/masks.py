"""Positions and masks: RoBERTa's offset, padding and causality.

Masks are boolean and True means attend.
"""

import tensorflow as tf


def positions_of_ids(input_ids: tf.Tensor, padding_index: int, past_length: int) -> tf.Tensor:
    """Number the tokens from ``padding_index + 1``; padding gets ``padding_index`` itself.

    This is RoBERTa's numbering, from fairseq's ``make_positions``.

    Args:
        input_ids: (B, T).
        padding_index: The id and the position of padding.
        past_length: Cached positions before these.

    Returns:
        Positions (B, T).
    """
    is_token = tf.cast(input_ids != padding_index, input_ids.dtype)
    count = tf.cumsum(is_token, axis=1) + tf.cast(past_length, is_token.dtype)
    return count * is_token + padding_index


def positions_of_embeds(
    inputs_embeds: tf.Tensor, padding_index: int, past_length: int
) -> tf.Tensor:
    """Number embedded inputs, of which none is known to be padding.

    Args:
        inputs_embeds: (B, T, D).
        padding_index: The position of padding.
        past_length: Cached positions before these.

    Returns:
        Positions (1, T), the same for each row.
    """
    length = tf.shape(inputs_embeds)[1]
    first = padding_index + 1 + past_length
    return tf.range(first, first + length)[None, :]  # (1, T)


def expand_mask(attention_mask: tf.Tensor) -> tf.Tensor:
    """Spread a mask (B, S) or (B, T, S) over the heads: boolean (B, 1, 1 or T, S)."""
    attends = attention_mask != tf.zeros((), attention_mask.dtype)
    # LiteRT's converter knows no other way to add an axis to two unknown ones
    if len(attends.shape) == 2:
        attends = tf.expand_dims(attends, 1)  # (B, 1, S)
    return tf.expand_dims(attends, 1)  # (B, 1, 1 or T, S)


def causal_mask(query_length: int, key_length: int) -> tf.Tensor:
    """Which keys each query may see, the last query being at the last key: (1, 1, T, S)."""
    queries = tf.range(key_length - query_length, key_length)
    keys = tf.range(key_length)
    return (keys[None, :] <= queries[:, None])[None, None]  # (1, 1, T, S)
