"""The loss of a step's batch, and what a batch is answered with, whatever the head.

Letters: B rows, C texts of a row, T positions, D hidden, V vocabulary, N labels in a batch.
"""

from collections.abc import Mapping
from functools import partial
from typing import Any

import tensorflow as tf

from camembert_dual.common.model_names import MASKED_LM, MODEL, QUESTION_ANSWERING
from camembert_dual.inputs import IGNORE_INDEX
from camembert_dual.tf.layers import size_of
from camembert_dual.tf.losses import Reduction, cross_entropy
from camembert_dual.tf.tensors import wide_dtype
from camembert_dual.training.settings import SIMILARITY_TEMPERATURE
from camembert_dual.training.steps import SPAN, WEIGHTS

Batch = Mapping[str, tf.Tensor]
INPUTS = ("input_ids", "attention_mask")


def batch_loss(
    model: Any, batch: Batch, label_smoothing: float, training: bool = False
) -> tf.Tensor:
    """The weighted sum of the losses of a batch.

    Args:
        model: A model of this package.
        batch: Its inputs, its labels and the ``weights`` of their losses.
        label_smoothing: Share of each label that is spread over all classes.

    Returns:
        Loss (), in float32 at least.
    """
    logits, weights = answers(model, batch, training), batch[WEIGHTS]
    if model.architecture == MODEL:
        return contrast(logits[0], weights)
    if model.architecture == QUESTION_ANSWERING:
        weighers = [partial(weighted_sum, weights), partial(weighted_sum, weights)]
        return model.head_loss([batch[name] for name in SPAN], logits, weighers)
    labels = batch["labels"]
    if model.architecture == MASKED_LM:
        chosen = labels != IGNORE_INDEX
        labels, weights = tf.boolean_mask(labels, chosen), tf.boolean_mask(weights, chosen)
    return model.head_loss(labels, logits[0], weigher(weights, logits[0], label_smoothing))


def answers(model: Any, batch: Batch, training: bool = False) -> tuple[tf.Tensor, ...]:
    """What a model says of a batch: logits.

    Returns:
        One tensor; two, of starts and of ends, for question answering. The masked language
        model's are those of the labelled tokens alone (N, V), as the head is dear; the bare
        model's are the vectors of the texts (B, C, D).
    """
    inputs = {name: batch[name] for name in INPUTS}
    if model.architecture == MODEL:
        return (text_vectors(model, **inputs, training=training),)
    if model.architecture == MASKED_LM:
        states = model.roberta(**inputs, training=training).last_hidden_state
        labelled = tf.boolean_mask(states, batch["labels"] != IGNORE_INDEX)
        return (model.lm_head(labelled, decoder=model.get_output_embeddings()),)
    output = model(**inputs, training=training)
    if model.architecture == QUESTION_ANSWERING:
        return output.start_logits, output.end_logits
    return (output.logits,)


def text_vectors(
    model: Any, input_ids: tf.Tensor, attention_mask: tf.Tensor, training: bool = False
) -> tf.Tensor:
    """The means (B, C, D) of the states of the tokens (B, C, T) of each text."""
    rows, texts, length = tf.unstack(tf.shape(input_ids))
    mask = tf.reshape(attention_mask, [-1, length])  # (B * C, T)
    flat = tf.reshape(input_ids, [-1, length])
    states = model(input_ids=flat, attention_mask=mask, training=training).last_hidden_state
    wide = tf.cast(states, wide_dtype(states))
    tokens = tf.cast(mask, wide.dtype)[..., tf.newaxis]  # (B * C, T, 1)
    means = tf.reduce_sum(wide * tokens, axis=1) / tf.reduce_sum(tokens, axis=1)
    return tf.reshape(means, [rows, texts, means.shape[-1]])


def contrast(vectors: tf.Tensor, weights: tf.Tensor) -> tf.Tensor:
    """The loss of finding each second text among those of all rows (Gao et al. 2021, section 3).

    Args:
        vectors: (B, C, D): a text, one that means the same, and perhaps one that does not.
        weights: (B).

    Returns:
        Loss ().
    """
    directions = tf.math.l2_normalize(vectors, axis=-1)
    others = tf.reshape(
        tf.transpose(directions[:, 1:], [1, 0, 2]), [-1, vectors.shape[-1]]
    )  # ((C - 1) * B, D)
    cosines = tf.matmul(directions[:, 0], others, transpose_b=True)  # (B, (C - 1) * B)
    labels = tf.range(size_of(vectors, 0))
    scores = cosines / SIMILARITY_TEMPERATURE
    return cross_entropy(scores, labels, scores.shape[-1], partial(weighted_sum, weights))


def weigher(weights: tf.Tensor, logits: tf.Tensor, label_smoothing: float) -> Reduction:
    """The reduction that weighs losses, each label a little spread over all classes."""
    if not label_smoothing:
        return partial(weighted_sum, weights)
    wide = tf.cast(logits, wide_dtype(logits))
    spread = tf.reduce_logsumexp(wide, axis=-1) - tf.reduce_mean(
        wide, axis=-1
    )  # the loss of all classes alike

    def weigh(losses: tf.Tensor, is_valid: tf.Tensor) -> tf.Tensor:
        mixed = (1.0 - label_smoothing) * losses + label_smoothing * spread
        return weighted_sum(weights, mixed, is_valid)

    return weigh


def weighted_sum(weights: tf.Tensor, losses: tf.Tensor, is_valid: tf.Tensor) -> tf.Tensor:
    """The sum of the losses, each times its weight, where ``is_valid``; all of one shape."""
    return tf.reduce_sum(tf.where(is_valid, losses * tf.cast(weights, losses.dtype), 0.0))
