"""Metrics of ``compile``: what they count, batch by batch, under ``fit`` and in Keras' files."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import cases
import tree_tf as tree
from camembert_dual.tf import LabelAccuracy, Perplexity, SpanExactMatch

SPAN = ("start_positions", "end_positions")
TASKS = (cases.TOKEN, cases.MASKED, cases.CAUSAL)


def log_softmax(scores):
    scores = scores - scores.max(-1, keepdims=True)
    return scores - np.log(np.exp(scores).sum(-1, keepdims=True))


def some_labels(shape, count, *key):
    random = cases.generator("metrics", *key)
    labels = random.integers(0, count, shape)
    labels[random.random(shape) < 0.4] = -100
    return labels


def model_of(task, **compiled):
    config = cases.config(hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0)
    model = tree.new(task, config, cases.weights(config, task), "float32")
    model.compile(keras.optimizers.SGD(0.0), **compiled)
    return model, cases.inputs(task, cases.case("right padding"))


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("task", TASKS)
def test_labels_are_counted_as_the_loss_counts_them(task, weighted):
    shifted = task == cases.CAUSAL
    metrics = [LabelAccuracy(shift_labels=shifted), Perplexity(shift_labels=shifted)]
    model, batch = model_of(task, **{"weighted_metrics" if weighted else "metrics": metrics})
    scores = model(batch).logits.numpy()
    labels = some_labels(scores.shape[:-1], scores.shape[-1], task)
    weights = np.array([0.25, 1.5], "float32") if weighted else np.ones(2, "float32")
    found = model.evaluate(
        batch, labels, sample_weight=weights, batch_size=1, verbose=0, return_dict=True
    )
    if shifted:
        scores, labels = scores[:, :-1], labels[:, 1:]
    counts = (labels != -100) * weights[:, None]
    assert 0 < (labels == -100).sum() < labels.size
    right = scores.argmax(-1) == labels
    np.testing.assert_allclose(found["accuracy"], (right * counts).sum() / counts.sum(), rtol=1e-5)
    losses = -np.take_along_axis(log_softmax(scores), np.maximum(labels, 0)[..., None], -1)[..., 0]
    mean = (losses * counts).sum() / counts.sum()
    np.testing.assert_allclose(found["perplexity"], np.exp(mean), rtol=1e-5)
    if not weighted and not shifted:  # the loss of one batch of all rows is the same mean
        loss = model.evaluate(batch, labels, batch_size=2, verbose=0, return_dict=True)["loss"]
        np.testing.assert_allclose(found["perplexity"], np.exp(loss), rtol=1e-5)


@pytest.mark.parametrize("weights", [None, np.array([3.0, 1.0], "float32")])
def test_a_list_of_metrics_sees_both_ends_of_a_span(weights):
    metrics = [SpanExactMatch(), LabelAccuracy("ends")]
    model, batch = model_of(cases.QUESTION, weighted_metrics=metrics)
    output = model(batch)
    starts, ends = (one.numpy().argmax(-1) for one in (output.start_logits, output.end_logits))
    ends = [ends[0], (ends[1] + 1) % 7]  # the second ends elsewhere
    labels = dict(zip(SPAN, (np.array(starts), np.array(ends)), strict=True))
    found = model.evaluate(batch, labels, sample_weight=weights, verbose=0, return_dict=True)
    counts = np.ones(2) if weights is None else weights
    np.testing.assert_allclose(found["exact_match"], counts[0] / counts.sum())
    np.testing.assert_allclose(found["ends"], (2 * counts[0] + counts[1]) / (2 * counts.sum()))


def test_a_dict_of_metrics_sees_each_end_by_itself():
    model, batch = model_of(
        cases.QUESTION, metrics={name: [LabelAccuracy(name[:3])] for name in SPAN}
    )
    output = model(batch)
    starts, ends = (one.numpy().argmax(-1) for one in (output.start_logits, output.end_logits))
    labels = dict(zip(SPAN, (starts, (ends + 1) % 7), strict=True))
    found = model.evaluate(batch, labels, verbose=0, return_dict=True)
    values = {name.rpartition("_")[2]: value for name, value in found.items()}
    assert (values["sta"], values["end"]) == (1.0, 0.0)


@pytest.mark.parametrize("jit_compile", [False, True])
def test_metrics_are_counted_in_the_graph_of_fit(jit_compile):
    model, batch = model_of(cases.TOKEN, metrics=[LabelAccuracy()], jit_compile=jit_compile)
    scores = model(batch).logits.numpy()
    labels = some_labels(scores.shape[:-1], scores.shape[-1], "fit")
    data = tf.data.Dataset.from_tensor_slices((batch, labels)).batch(1)
    found = model.fit(data, validation_data=data, shuffle=False, verbose=0).history
    expected = (scores.argmax(-1) == labels)[labels != -100].mean()
    for name in ("accuracy", "val_accuracy"):
        np.testing.assert_allclose(found[name], [expected], rtol=1e-6)


@pytest.mark.parametrize(
    "metric",
    [
        LabelAccuracy("one", shift_labels=True),
        Perplexity("two", shift_labels=True),
        SpanExactMatch("three"),
    ],
    ids=lambda one: one.name,
)
def test_keras_saves_a_metric_and_reads_it_again(metric):
    config = keras.metrics.serialize(metric)
    again = keras.metrics.deserialize(config)
    assert type(again) is type(metric)
    assert again.get_config() == metric.get_config()
