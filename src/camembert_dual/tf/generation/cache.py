"""One step of a decoder: read tokens after what was read before, from the cache."""

from typing import Any, NamedTuple

import tensorflow as tf

from camembert_dual.generation.options_old import GenerationOptions
from camembert_dual.tf.tensors import wide_dtype

Encoder = tuple[tf.Tensor, tf.Tensor] | tuple[()]


class DecoderCache(NamedTuple):
    """What the model has read of each row.

    ``mask`` (B, S) marks the attended columns, ``length`` (B) counts the positions used, ``past``
    is the cache.
    """

    mask: tf.Tensor
    length: tf.Tensor
    past: tuple[tuple[tf.Tensor, ...], ...]


def next_logits(
    model: Any, input_ids: tf.Tensor, mask: tf.Tensor, cache: DecoderCache | None, encoder: Encoder
) -> tuple[tf.Tensor, DecoderCache]:
    """Read tokens (B, T) after what was read before, if anything.

    Positions count the attended tokens, so padding on the left moves none.

    Returns:
        Logits (B, V) of what follows, in float32 at least, and all that is read now.
    """
    padding = model.config.pad_token_id
    is_token = tf.cast(mask & (input_ids != padding), input_ids.dtype)
    count = tf.cumsum(is_token, axis=1)  # (B, T)
    if cache is not None:
        count = count + cache.length[:, None]
        mask = tf.concat([cache.mask, mask], axis=1)  # (B, S)
    states, states_mask = encoder or (None, None)
    output = model(
        input_ids=input_ids,
        attention_mask=mask,
        position_ids=count * is_token + padding,
        encoder_hidden_states=states,
        encoder_attention_mask=states_mask,
        past_key_values=None if cache is None else cache.past,
        use_cache=True,
        logits_to_keep=1,
        output_attentions=False,
        output_hidden_states=False,
        return_dict=True,
        training=False,
    )
    logits = output.logits[:, -1]  # (B, V)
    return tf.cast(logits, wide_dtype(logits)), DecoderCache(
        mask, count[:, -1], output.past_key_values
    )


def last_tokens(new_tokens: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """The last tokens (..., N) of all texts as a batch to read (B, 1), and its mask."""
    last = tf.reshape(new_tokens[..., -1:], [-1, 1])
    return last, tf.ones_like(last, dtype=tf.bool)


def ends_text(tokens: tf.Tensor, options: GenerationOptions) -> tf.Tensor:
    """Which tokens end a text."""
    ends = tf.constant(options.ends, dtype=tokens.dtype, shape=[len(options.ends)])
    return tf.reduce_any(tokens[..., None] == ends, axis=-1)


def take(values: tf.Tensor, index: tf.Tensor) -> tf.Tensor:
    """Pick (B, C, ...) out of (B, A, ...) by an index (B, C) into the second axis."""
    return tf.gather(values, index, batch_dims=1)


def repeat_rows(values: tf.Tensor, times: int) -> tf.Tensor:
    """Repeat each row: (B, ...) to (B W, ...)."""
    return tf.repeat(values, times, axis=0)


def repeat_encoder(encoder: Encoder, times: int) -> Encoder:
    """Repeat each row of the encoder's states and mask, if any."""
    if not encoder:
        return ()
    return repeat_rows(encoder[0], times), repeat_rows(encoder[1], times)


def repeat_cache(cache: DecoderCache, times: int) -> DecoderCache:
    """Repeat each row of what was read."""
    past = tuple(tuple(repeat_rows(one, times) for one in layer) for layer in cache.past)
    return DecoderCache(repeat_rows(cache.mask, times), repeat_rows(cache.length, times), past)


def reorder_cache(cache: DecoderCache, parents: tf.Tensor) -> DecoderCache:
    """Give each beam what its parent (B, W) has read; encoder states are the same in a row."""
    width = parents.shape[1]
    first = tf.range(tf.shape(parents)[0])[:, None] * width
    rows = tf.reshape(first + parents, [-1])  # (B W,)
    past = tuple(
        (tf.gather(layer[0], rows), tf.gather(layer[1], rows), *layer[2:]) for layer in cache.past
    )
    return DecoderCache(tf.gather(cache.mask, rows), tf.gather(cache.length, rows), past)
