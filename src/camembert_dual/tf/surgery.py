"""Models of another size: more or fewer words, fewer heads."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

import keras
import tensorflow as tf

from camembert_dual.common.errors import require
from camembert_dual.tf.naming import check_floating


def backbone_of(model: Any) -> Any:
    """The network below the head: embeddings, encoder and pooler."""
    network = getattr(model, "roberta", model)
    return getattr(network, "roberta", network)  # of a whole model within a user's


def has_network(model: Any) -> bool:
    """Whether a model has the network; a user's may not, or call it otherwise."""
    return hasattr(backbone_of(model), "encoder") and hasattr(backbone_of(model), "embeddings")


def set_input_embeddings(model: Any, embeddings: keras.layers.Layer) -> None:
    """Use a layer for the word embeddings.

    Raises:
        ValueError: If its table has another shape.
    """
    wanted = (model.config.vocab_size, model.config.hidden_size)
    rule = f"The word embedding table must be of shape {wanted}; see resize_token_embeddings"
    if isinstance(embeddings, keras.layers.Embedding):
        embeddings.build()
        require(
            tuple(embeddings.embeddings.shape) == wanted, rule, tuple(embeddings.embeddings.shape)
        )
    holder = backbone_of(model).embeddings
    with unlocked(holder):
        holder._tracker.untrack(holder.word_embeddings)
        holder.word_embeddings = embeddings


def set_output_embeddings(model: Any, embeddings: keras.layers.Layer) -> None:
    """Use a layer for the LM head's decoder.

    Raises:
        ValueError: If the model has no LM head.
    """
    has_head = hasattr(model, "lm_head")
    require(has_head, "Output embeddings must be set in a model with LM head", "none")
    with unlocked(model.lm_head):
        if model.lm_head.decoder is not None:
            model.lm_head._tracker.untrack(model.lm_head.decoder)
        model.lm_head.decoder = embeddings


def resize_token_embeddings(model: Any, new_num_tokens: int | None, mean_initialised: bool) -> None:
    """Grow or shrink the word table, the LM head's bias and an untied decoder; update the config.

    Raises:
        ValueError: If a special token of the config would lose its row.
    """
    config = model.config
    if new_num_tokens is None or new_num_tokens == config.vocab_size:
        return
    special = (config.pad_token_id, config.bos_token_id or 0, config.eos_token_id or 0)
    rule = f"The vocabulary must keep the special tokens, at least {max(special) + 1} rows"
    require(new_num_tokens > max(special), rule, new_num_tokens)
    tables = [model.get_input_embeddings()]
    decoder = model.get_output_embeddings()
    if decoder is not None and not config.tie_word_embeddings:
        tables.append(decoder)
    for table in tables:
        scale = None if mean_initialised else config.initializer_range
        resized = resize_rows(table.embeddings.value, new_num_tokens, scale)
        replace_weight(table, "_embeddings", resized)
        table.input_dim = new_num_tokens
    head = getattr(model, "lm_head", decoder)  # a decoder of a user's own has its own bias
    if decoder is not None and head.bias is not None:
        old = head.bias.value
        kept = old[:new_num_tokens]
        new = tf.zeros(new_num_tokens - kept.shape[0], old.dtype)
        replace_weight(head, "bias", tf.concat([kept, new], axis=0))
    if decoder is not None:
        head.vocab_size = new_num_tokens
    config.vocab_size = new_num_tokens


def resize_rows(table: tf.Tensor, rows: int, scale: float | None) -> tf.Tensor:
    """Keep the first rows of a table and add new ones.

    Args:
        table: (V, D).
        rows: Rows wanted.
        scale: Standard deviation of the new rows, or None to start them at the mean of the old
            ones.

    Returns:
        (rows, D).
    """
    kept = table[:rows]
    new = (rows - kept.shape[0], table.shape[1])
    if scale is None:
        added = tf.broadcast_to(tf.reduce_mean(table, axis=0, keepdims=True), new)
    else:
        added = tf.random.normal(new, dtype=table.dtype) * tf.constant(scale, table.dtype)
    return tf.concat([kept, added], axis=0)


def prune_heads(model: Any, heads_to_prune: Mapping[int, Sequence[int]]) -> None:
    """Remove heads, by their original numbers; heads that are gone already are passed over.

    Raises:
        ValueError: If a layer or head does not exist or none would be left.
    """
    for one in model._flatten_layers():
        check_floating(one)
    config = model.config
    pruned = config.pruned_further(heads_to_prune)
    for layer, heads in pruned.items():
        attention = backbone_of(model).encoder.layer[layer].attention
        keep_heads(
            attention,
            [head for head in attention.self.heads if head not in heads],
            config.head_size,
        )
    config.pruned_heads = {**config.pruned_heads, **pruned}


def keep_heads(attention: Any, kept: Sequence[int], head_size: int) -> None:
    """Drop all heads of an attention block but those ``kept``, by their original numbers."""
    indices = [attention.self.heads.index(head) for head in kept]
    rows = tf.constant([head * head_size + row for head in indices for row in range(head_size)])
    for projection in (attention.self.query, attention.self.key, attention.self.value):
        replace_weight(projection, "_kernel", tf.gather(projection.kernel.value, rows, axis=1))
        replace_weight(projection, "bias", tf.gather(projection.bias.value, rows))
        projection.units = len(rows)
    dense = attention.projection.dense
    replace_weight(dense, "_kernel", tf.gather(dense.kernel.value, rows, axis=0))
    dense.in_size = len(rows)
    dense.input_spec = keras.layers.InputSpec(min_ndim=2, axes={-1: len(rows)})
    attention.self.heads = list(kept)


def replace_weight(layer: keras.layers.Layer, name: str, value: tf.Tensor) -> None:
    """Give a built layer a weight of another shape; its name, path and whether it trains stay."""
    old = getattr(layer, name)
    layer._untrack_variable(old)
    with unlocked(layer), ExitStack() as scopes:
        for part in layer.path.split("/"):
            scopes.enter_context(keras.name_scope(part))
        new = layer.add_weight(
            shape=value.shape,
            initializer=lambda shape, dtype: tf.cast(value, dtype),
            name=old.name,
            trainable=old.trainable,
        )
        setattr(layer, name, new)


@contextmanager
def unlocked(layer: keras.layers.Layer) -> Iterator[None]:
    """Let a built layer take weights and layers.

    Keras locks its lists of them once it is built. It unlocks them in this way itself, where its
    own layers change after that (LoRA, quantisation); there is no public call.
    """
    layer._tracker.unlock()
    try:
        yield
    finally:
        layer._tracker.lock()
