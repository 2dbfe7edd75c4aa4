"""The score of each new token, out of what ``generate`` returned of each step."""

from collections.abc import Sequence

import tensorflow as tf


def transition_scores(
    sequences: tf.Tensor,
    scores: Sequence[tf.Tensor],
    beam_indices: tf.Tensor | None,
    normalize_logits: bool,
) -> tf.Tensor:
    """Look the new tokens up; see :meth:`CamembertForCausalLM.compute_transition_scores`."""
    sequences = tf.cast(sequences, tf.int32)
    steps = tf.stack(tuple(scores), axis=1)  # (B W, N, V)
    if normalize_logits:
        steps = tf.nn.log_softmax(steps, axis=-1)
    count = steps.shape[1]
    if beam_indices is None:
        own = tf.range(sequences.shape[0])[:, None]
        rows = own + tf.zeros_like(sequences[:, -count:])  # (R, N)
    else:
        last = int(tf.reduce_max(tf.math.count_nonzero(beam_indices >= 0, axis=1)))
        rows, count = beam_indices[:, :last], last
    new = sequences[:, sequences.shape[1] - count :]
    columns = tf.range(count) + tf.zeros_like(new)
    index = tf.stack([tf.maximum(rows, 0), columns, new], axis=-1)  # (R, N, 3)
    return tf.where(rows < 0, 0.0, tf.gather_nd(steps, index))
