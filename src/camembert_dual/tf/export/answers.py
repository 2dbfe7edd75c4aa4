"""From strings to answers inside one graph, for SavedModels that take text."""

from functools import partial
from typing import Any

import tensorflow as tf

from camembert_dual.common.errors import require
from camembert_dual.common.id_layout import META_SYMBOL
from camembert_dual.common.model_names import TASK_OF
from camembert_dual.labels import infer_problem_type
from camembert_dual.tasks.fill_mask import TOP_K
from camembert_dual.tf.export.tokenizer_layer import TFCamembertTokenizer
from camembert_dual.tokenization.camembert_base import CamembertBase

Answer = dict[str, tf.Tensor]


def text_signature(model: Any, tokenizer: CamembertBase, top_k: int = TOP_K) -> Any:
    """Make the endpoint ``text`` of a model.

    ======================  ======================  ============================================
    model                   takes                   answers
    ======================  ======================  ============================================
    bare model              ``text`` (N)            ``vectors`` (N, D), the means of the tokens'
    sequence classifier     ``text`` (N)            ``labels`` and ``scores`` (N, L), best first
    token classifier        ``text`` (N)            ``tokens``, ``labels``, ``scores`` (N, T)
    masked language model   ``text`` (N)            ``tokens`` and ``scores`` (N, k) of the first
                                                    mask of each text
    causal language model   ``text`` (N)            ``tokens`` and ``scores`` (N, k) of what comes
                                                    next
    multiple choice         ``prompt`` (N) and      ``answer`` (N) and ``scores`` (N, C)
                            ``choices`` (N, C)
    question answering      ``question`` and        ``answer`` and ``score`` (N)
                            ``context`` (N)
    ======================  ======================  ============================================

    Args:
        model: A model of this package.
        tokenizer: Its tokenizer.
        top_k: Proposals of a language model.

    Returns:
        A ``tf.function`` with an input signature.

    Raises:
        ImportError: If tensorflow-text is not installed.
        ValueError: If a causal language model's config has no ``is_decoder``.
    """
    endpoints = {
        "feature-extraction": feature_extraction,
        "text-classification": text_classification,
        "token-classification": token_classification,
        "fill-mask": partial(fill_mask, top_k=top_k),
        "text-generation": partial(text_generation, top_k=top_k),
        "multiple-choice": multiple_choice,
        "question-answering": question_answering,
    }
    limit = model.config.max_sequence_length
    layer = TFCamembertTokenizer.from_tokenizer(tokenizer, max_length=limit)
    return endpoints[TASK_OF[model.architecture]](model, tokenizer, layer)


def feature_extraction(model: Any, tokenizer: CamembertBase, layer: TFCamembertTokenizer) -> Any:
    """Make the endpoint of a bare model: the mean of the last hidden states of a text's tokens."""

    @tf.function(input_signature=[strings("text")], autograph=False)
    def text(text: tf.Tensor) -> Answer:
        given = layer(text)
        states = tf.cast(model(**given, training=False).last_hidden_state, tf.float32)  # (N, T, D)
        kept = tf.cast(given["attention_mask"], tf.float32)[:, :, None]
        return {"vectors": tf.reduce_sum(states * kept, axis=1) / tf.reduce_sum(kept, axis=1)}

    return text


def text_classification(model: Any, tokenizer: CamembertBase, layer: TFCamembertTokenizer) -> Any:
    """Make the endpoint of a sequence classifier; a regression answers its numbers as scores."""
    names, problem = label_names(model), problem_of(model)

    @tf.function(input_signature=[strings("text")], autograph=False)
    def text(text: tf.Tensor) -> Answer:
        logits = tf.cast(model(**layer(text), training=False).logits, tf.float32)  # (N, L)
        if problem == "regression":
            return {"scores": logits}
        several = problem == "multi_label_classification"
        scores = tf.sigmoid(logits) if several else tf.nn.softmax(logits)
        order = tf.argsort(scores, direction="DESCENDING")
        return {"labels": tf.gather(names, order), "scores": tf.gather(scores, order, batch_dims=1)}

    return text


def token_classification(model: Any, tokenizer: CamembertBase, layer: TFCamembertTokenizer) -> Any:
    """Make the endpoint of a token classifier; padding answers as the others do."""
    names, pieces = label_names(model), piece_table(model, tokenizer)

    @tf.function(input_signature=[strings("text")], autograph=False)
    def text(text: tf.Tensor) -> Answer:
        given = layer(text)
        scores = tf.nn.softmax(tf.cast(model(**given, training=False).logits, tf.float32))
        return {
            "tokens": tf.gather(pieces, given["input_ids"]),  # (N, T)
            "labels": tf.gather(names, tf.argmax(scores, axis=-1)),
            "scores": tf.reduce_max(scores, axis=-1),
        }

    return text


def fill_mask(model: Any, tokenizer: CamembertBase, layer: TFCamembertTokenizer, top_k: int) -> Any:
    """Make the endpoint of a masked language model; it refuses a text without a mask."""
    pieces = piece_table(model, tokenizer)
    rule = f"A text must contain {tokenizer.mask_token} in its first {layer.max_length} tokens"

    @tf.function(input_signature=[strings("text")], autograph=False)
    def text(text: tf.Tensor) -> Answer:
        ids = masked_ids(layer, text, tokenizer.mask_token, tokenizer.mask_token_id)  # (N, T)
        is_mask = ids == tokenizer.mask_token_id
        bad = tf.boolean_mask(text, ~tf.reduce_any(is_mask, axis=1))
        tf.debugging.Assert(tf.size(bad) == 0, [f"{rule}; received", bad])
        attends = tf.cast(ids != tokenizer.pad_token_id, ids.dtype)
        logits = model(input_ids=ids, attention_mask=attends, training=False).logits
        place = tf.argmax(tf.cast(is_mask, tf.int32), axis=1)
        return best_tokens(tf.gather(logits, place, batch_dims=1), pieces, top_k)

    return text


def text_generation(
    model: Any, tokenizer: CamembertBase, layer: TFCamembertTokenizer, top_k: int
) -> Any:
    """Make the endpoint of a causal language model: what comes next."""
    require(model.config.is_decoder, "is_decoder must be True to continue a text", "False")
    pieces = piece_table(model, tokenizer)

    @tf.function(input_signature=[strings("text")], autograph=False)
    def text(text: tf.Tensor) -> Answer:
        given = layer(text)
        # causal attention hides the closing </s> from the token before it
        logits = model(**given, use_cache=False, training=False).logits
        last = tf.reduce_sum(given["attention_mask"], axis=1) - 2
        return best_tokens(tf.gather(logits, last, batch_dims=1), pieces, top_k)

    return text


def multiple_choice(model: Any, tokenizer: CamembertBase, layer: TFCamembertTokenizer) -> Any:
    """Make the endpoint of multiple choice; every prompt has as many choices."""
    specs = [strings("prompt"), tf.TensorSpec([None, None], tf.string, "choices")]

    @tf.function(input_signature=specs, autograph=False)
    def text(prompt: tf.Tensor, choices: tf.Tensor) -> Answer:
        shape = tf.shape(choices)  # (N, C)
        prompts = tf.repeat(prompt, shape[1])  # (N C)
        given = layer([prompts, tf.reshape(choices, [-1])])  # (N C, T)
        given = {name: tf.reshape(ids, [*tf.unstack(shape), -1]) for name, ids in given.items()}
        scores = tf.nn.softmax(tf.cast(model(**given, training=False).logits, tf.float32))
        best = tf.argmax(scores, axis=1)
        return {"answer": tf.gather(choices, best, batch_dims=1), "scores": scores}

    return text


def question_answering(model: Any, tokenizer: CamembertBase, layer: TFCamembertTokenizer) -> Any:
    """Make the endpoint of question answering; the score is the product of both ends'."""
    pieces = piece_table(model, tokenizer)

    @tf.function(input_signature=[strings("question"), strings("context")], autograph=False)
    def text(question: tf.Tensor, context: tf.Tensor) -> Answer:
        given = layer([question, context])
        output = model(**given, training=False)
        ids = given["input_ids"]
        ends = tf.cumsum(tf.cast(ids == tokenizer.sep_token_id, tf.int32), axis=1)
        inside = tf.logical_and(ends == 2, ids != tokenizer.sep_token_id)  # the context's tokens
        start, end = (
            tf.nn.softmax(tf.where(inside, tf.cast(one, tf.float32), tf.float32.min))
            for one in (output.start_logits, output.end_logits)
        )
        pairs = tf.linalg.band_part(start[:, :, None] * end[:, None, :], 0, -1)  # (N, T, T)
        length = tf.shape(ids)[1]
        best = tf.argmax(tf.reshape(pairs, [-1, length * length]), axis=1, output_type=tf.int32)
        first, last = best // length, best % length
        places = tf.range(length)[None, :]
        kept = tf.logical_and(places >= first[:, None], places <= last[:, None])
        words = tf.strings.reduce_join(tf.where(kept, tf.gather(pieces, ids), ""), axis=1)
        answer = tf.strings.strip(tf.strings.regex_replace(words, META_SYMBOL, " "))
        return {"answer": answer, "score": tf.reduce_max(pairs, axis=[1, 2])}

    return text


def best_tokens(logits: tf.Tensor, pieces: tf.Tensor, top_k: int) -> Answer:
    """The most probable tokens (N, k) of logits (N, V), and their probabilities."""
    best = tf.math.top_k(tf.nn.softmax(tf.cast(logits, tf.float32)), top_k)
    return {"tokens": tf.gather(pieces, best.indices), "scores": best.values}


def masked_ids(layer: TFCamembertTokenizer, text: tf.Tensor, mask: str, mask_id: int) -> tf.Tensor:
    """Encode texts (N) that hold masks to ids (N, T): the layer takes them for ordinary words."""
    parts = tf.strings.split(text, mask)  # (N, parts)
    encoded = layer(parts.flat_values)  # every part with the ids of a text's two ends
    lengths = tf.reduce_sum(encoded["attention_mask"], axis=1)
    inner = tf.RaggedTensor.from_tensor(encoded["input_ids"], lengths=lengths)[:, 1:-1]
    masks = tf.fill([inner.nrows(), 1], tf.constant(mask_id, inner.dtype))
    joined = tf.concat([masks, inner], axis=1)
    rows = tf.RaggedTensor.from_row_splits(joined, parts.row_splits).merge_dims(1, 2)[:, 1:]
    rows = rows[:, : layer.max_length - 2]
    column = [rows.nrows(), 1]
    first = tf.fill(column, tf.constant(layer.ids["cls_id"], rows.dtype))
    last = tf.fill(column, tf.constant(layer.ids["sep_id"], rows.dtype))
    return tf.concat([first, rows, last], axis=1).to_tensor(layer.ids["pad_id"])


def strings(name: str) -> tf.TensorSpec:
    """The spec of strings (N)."""
    return tf.TensorSpec([None], tf.string, name)


def label_names(model: Any) -> tf.Tensor:
    """The names of the labels (L)."""
    return tf.constant([model.config.id2label[one] for one in range(model.config.num_labels)])


def piece_table(model: Any, tokenizer: CamembertBase) -> tf.Tensor:
    """The pieces of the vocabulary by id (V); empty beyond the tokenizer's."""
    known = tokenizer.convert_ids_to_tokens(list(range(len(tokenizer))))
    table = [*known, *[""] * (model.config.vocab_size - len(known))]
    return tf.constant(table[: model.config.vocab_size])


def problem_of(model: Any) -> str:
    """What a sequence classifier is for; classes unless the config says otherwise."""
    return model.config.problem_type or infer_problem_type(model.config.num_labels, True)
