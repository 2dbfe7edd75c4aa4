"""``fit``, ``evaluate`` and ``predict`` of every head: losses, metrics, weights."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import cases
import reference
import reference_losses
import tree_tf as tree

# Keras' own files write variables in a way that NumPy 2 warns of
pytestmark = pytest.mark.filterwarnings(
    "ignore:__array__ implementation doesn't accept a copy keyword:DeprecationWarning"
)
LOSSES = {
    str(loss): loss
    for loss in cases.LOSSES
    if loss.name in ("some labels", "inferred classes", "inferred number", "labels", "spans")
    or loss == next(one for one in cases.LOSSES if one.task == cases.CHOICE)
}
SPAN = ("start_positions", "end_positions")
NO_DROPOUT = {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0}


def prepared(case: cases.Loss, **compiled):
    """A compiled model with known weights, its inputs, its labels and its loss by the oracle."""
    case = case._replace(config={**case.config, **NO_DROPOUT})
    config, batch = cases.loss_call(case)
    arrays = cases.weights(config, case.task)
    model = tree.new(case.task, config, arrays)
    model.compile(**({"optimizer": keras.optimizers.SGD(0.0), "run_eagerly": True} | compiled))
    expected = reference.forward(config, arrays, case.task, batch)["loss"]
    labels = {name: batch.pop(name) for name in ("labels", *SPAN) if name in batch}
    return model, batch, labels, expected


def as_y(labels):
    return labels.get("labels", labels)


@pytest.mark.parametrize("loss", LOSSES.values(), ids=str)
def test_fit_reports_the_loss_of_the_head_wherever_labels_stand(loss):
    model, batch, labels, expected = prepared(loss)
    together = tf.data.Dataset.from_tensor_slices(batch | labels).batch(2)
    found = [
        model.fit(together, shuffle=False, verbose=0).history["loss"],
        model.fit(batch, as_y(labels), verbose=0).history["loss"],
        model.evaluate(batch, as_y(labels), verbose=0),
    ]
    np.testing.assert_allclose(np.hstack(found), expected, rtol=2e-6)  # Keras adds up in float32
    tensors = tf.nest.map_structure(tf.constant, as_y(labels))
    exact = model.compute_loss(batch, tensors, model(batch))
    np.testing.assert_allclose(exact, expected, rtol=0, atol=1e-10)


@pytest.mark.parametrize("task", cases.TASKS)
def test_predict_gives_what_a_call_gives_and_passes_labels_over(task):
    case = cases.case("right padding")
    batch = cases.inputs(task, case)
    model = tree.new(task, cases.config(), cases.weights(cases.config(), task))
    expected = tree.run(model, batch, return_dict=True)
    found = cases.stages(model.predict(batch, batch_size=1, verbose=0), np.asarray)
    assert reference.first_difference(expected, found, 1e-12) is None
    labels = dict.fromkeys(SPAN if task == cases.QUESTION else ("labels",), np.zeros(2, int))
    if task == cases.BARE:
        return
    found = cases.stages(model.predict_step((batch | labels,)), np.asarray)
    assert reference.first_difference(expected, found, 1e-12) is None


@pytest.mark.parametrize("task", [one for one in cases.HEADS if one != cases.QUESTION])
def test_a_loss_and_metrics_of_the_user_see_logits(task):
    config, batch = cases.config(**NO_DROPOUT), cases.inputs(task, cases.case("right padding"))
    model = tree.new(task, config, cases.weights(config, task))
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.SGD(0.0), loss=loss, metrics=["accuracy"], run_eagerly=True)
    scores = reference_losses.log_softmax(model(batch).logits.numpy())
    labels = cases.generator("labels of", task).integers(0, scores.shape[-1], scores.shape[:-1])
    expected = -np.take_along_axis(scores, labels[..., None], axis=-1).mean()
    right = np.argmax(scores, axis=-1) == labels
    for y in ((labels,), ()):  # as y, and among the inputs
        found = model.evaluate(
            batch if y else batch | {"labels": labels}, *y, verbose=0, return_dict=True
        )
        np.testing.assert_allclose(found["loss"], expected, rtol=2e-6)
        np.testing.assert_allclose(found["accuracy"], right.mean(), rtol=2e-6)


def test_a_loss_of_the_user_for_spans_has_two_parts():
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model, batch, labels, expected = prepared(
        LOSSES["QuestionAnswering, spans"], loss=dict.fromkeys(SPAN, loss)
    )
    found = model.evaluate(batch, labels, verbose=0)[0]
    np.testing.assert_allclose(found, 2 * expected, rtol=2e-6)


def test_weighted_metrics_pass_ignored_labels_over():
    model, batch, labels, _ = prepared(
        LOSSES["TokenClassification, some labels"],
        weighted_metrics=[keras.metrics.SparseCategoricalAccuracy("accuracy")],
    )
    valid = labels["labels"] != -100
    right = np.argmax(model(batch).logits, axis=-1) == labels["labels"]
    found = model.evaluate(batch, labels["labels"], verbose=0, return_dict=True)
    assert not valid.all()
    np.testing.assert_allclose(found["accuracy"], right[valid].mean(), rtol=2e-6)


def test_the_bare_model_trains_with_a_loss_of_the_user_only():
    config = cases.config()
    model = tree.new(cases.BARE, config, cases.weights(config, cases.BARE))
    batch = cases.inputs(cases.BARE, cases.case("right padding"))
    states = model(batch).last_hidden_state.numpy()
    model.compile(keras.optimizers.SGD(0.0), loss="mse", run_eagerly=True)
    found = model.evaluate(batch, states + 2, verbose=0)
    np.testing.assert_allclose(found, 4, rtol=2e-6)
    model = tree.new(cases.BARE, config, cases.weights(config, cases.BARE))
    model.compile(keras.optimizers.SGD(0.0))
    with pytest.raises(ValueError, match="must be compiled with a loss"):
        model.evaluate(batch, states, verbose=0)


def test_the_bare_model_learns_what_the_user_wants():
    config = cases.config(**NO_DROPOUT)
    arrays = cases.weights(config, cases.BARE, pooler=False)
    model = tree.new(cases.BARE, config, arrays, add_pooling_layer=False)
    batch = cases.inputs(cases.BARE, cases.case("right padding"))
    wanted = model(batch).last_hidden_state.numpy() + 2
    model.compile(keras.optimizers.SGD(0.1), loss="mse", run_eagerly=True)
    losses = model.fit(batch, wanted, epochs=2, verbose=0).history["loss"]
    np.testing.assert_allclose(losses[0], 4, rtol=2e-6)
    assert losses[1] < 4


@pytest.mark.parametrize("loss", LOSSES.values(), ids=str)
def test_sample_weights_multiply_the_losses_of_their_rows(loss):
    model, batch, labels, _ = prepared(loss)
    weights = np.array([0.5, 3.0])
    found = model.evaluate(batch, as_y(labels), sample_weight=weights, verbose=0)
    alone, counts = [], []
    for row in range(2):
        config, inputs = cases.loss_call(loss)
        inputs = {name: value[row : row + 1] for name, value in inputs.items()}
        oracle = reference.forward(config, cases.weights(config, loss.task), loss.task, inputs)
        alone.append(oracle["loss"])
        per_token = loss.task in (cases.CAUSAL, cases.MASKED, cases.TOKEN)
        counted = inputs["labels"][:, loss.task == cases.CAUSAL :] if per_token else np.zeros(1)
        counts.append((counted != -100).sum())
    expected = (weights * alone * counts).sum() / sum(counts)
    np.testing.assert_allclose(found, expected, rtol=2e-6)


def test_weights_of_tokens_multiply_the_losses_of_their_tokens():
    model, batch, labels, _ = prepared(LOSSES["TokenClassification, some labels"])
    weights = cases.generator("token weights").uniform(0, 2, labels["labels"].shape)
    logits = model(batch).logits.numpy()
    picked = reference_losses.log_softmax(logits)
    valid = np.argwhere(labels["labels"] != -100)
    losses = [-picked[b, t, labels["labels"][b, t]] * weights[b, t] for b, t in valid]
    found = model.evaluate(batch, labels["labels"], sample_weight=weights, verbose=0)
    np.testing.assert_allclose(found, np.mean(losses), rtol=2e-6)


def test_class_weights_are_weights_of_their_rows():
    history = []
    for weighting in ("class", "sample"):
        model, batch, _, _ = prepared(LOSSES["SequenceClassification, inferred classes"])
        y = np.array([1, 4])
        weights = {
            "class": {"class_weight": {1: 0.5, 4: 3.0}},
            "sample": {"sample_weight": np.array([0.5, 3.0])},
        }[weighting]
        history.append(model.fit(batch, y, verbose=0, **weights).history["loss"])
    assert history[0] == history[1]


WAYS = {
    "fit": lambda model, *given, **weights: model.fit(*given, verbose=0, **weights).history["loss"],
    "validation": lambda model, *given, sample_weight: model.fit(
        *given,
        verbose=0,
        validation_data=(*given, *[None] * (2 - len(given)), sample_weight),
    ).history["val_loss"],
    "evaluate": lambda model, *given, **weights: model.evaluate(*given, verbose=0, **weights),
    "train_on_batch": lambda model, *given, **weights: model.train_on_batch(*given, **weights),
    "test_on_batch": lambda model, *given, **weights: model.test_on_batch(*given, **weights),
}


@pytest.mark.parametrize(
    ("loss", "eager"),
    [(loss, True) for loss in LOSSES.values()]
    + [(LOSSES["TokenClassification, some labels"], False)]
    + [(LOSSES["QuestionAnswering, spans"], False)],
    ids=str,
)
def test_sample_weights_count_wherever_labels_stand(loss, eager):
    model, batch, labels, unweighted = prepared(loss, run_eagerly=eager)
    weights = np.array([0.5, 3.0])
    expected = model.evaluate(batch, as_y(labels), sample_weight=weights, verbose=0)
    assert abs(expected - unweighted) > 1e-3
    for name, way in WAYS.items():
        for given in ((batch | labels,), (batch, labels), (batch, as_y(labels))):
            found = way(model, *given, sample_weight=weights)
            np.testing.assert_allclose(found, expected, rtol=2e-6, err_msg=name)


@pytest.mark.parametrize("eager", [True, False], ids=["eager", "graph"])
def test_weighted_metrics_see_weights_wherever_labels_stand(eager):
    compiled = {"weighted_metrics": [keras.metrics.SparseCategoricalAccuracy("accuracy")]}
    loss = LOSSES["TokenClassification, some labels"]
    model, batch, labels, _ = prepared(loss, run_eagerly=eager, **compiled)
    right = np.argmax(model(batch).logits, axis=-1) == labels["labels"]
    weights = (labels["labels"] != -100) * np.array([[0.5], [3.0]])
    for given in ((batch | labels,), (batch, labels), (batch, labels["labels"])):
        model.reset_metrics()
        found = model.test_on_batch(*given, sample_weight=np.array([0.5, 3.0]), return_dict=True)
        expected = np.average(right, weights=weights)
        np.testing.assert_allclose(found["accuracy"], expected, rtol=2e-6)


def test_class_weights_count_wherever_labels_stand():
    model, batch, _, _ = prepared(LOSSES["SequenceClassification, inferred classes"])
    labels, weights = {"labels": np.array([1, 4])}, {1: 0.5, 4: 3.0}
    expected = model.evaluate(
        batch, labels["labels"], sample_weight=np.array([0.5, 3.0]), verbose=0
    )
    together = tf.data.Dataset.from_tensor_slices(batch | labels).batch(2)
    apart = tf.data.Dataset.from_tensor_slices((batch, labels)).batch(2)
    for given in ((batch | labels,), (batch, labels), (together,), (apart,)):
        found = model.fit(*given, class_weight=weights, shuffle=False, verbose=0).history["loss"]
        np.testing.assert_allclose(found, expected, rtol=2e-6)
    for given in ((batch | labels,), (batch, labels)):
        found = model.train_on_batch(*given, class_weight=weights)
        np.testing.assert_allclose(found, expected, rtol=2e-6)


def test_class_weights_of_texts_with_several_labels_are_refused():
    model, batch, labels, _ = prepared(LOSSES["TokenClassification, some labels"])
    with pytest.raises(
        ValueError, match=r"^class_weight must go with one label per text; .*ion\.$"
    ):
        model.fit(batch, labels["labels"], class_weight={1: 2.0}, verbose=0)


@pytest.mark.parametrize("loss", LOSSES.values(), ids=str)
def test_numpy_labels_train_eagerly(loss):
    """Keras hands NumPy's arrays on as they are."""
    model, batch, labels, expected = prepared(loss)
    for given in ((batch | labels,), (batch, labels), (batch, as_y(labels))):
        np.testing.assert_allclose(model.train_on_batch(*given), expected, rtol=2e-6)


CALLS = {
    "call": lambda model, batch: model(batch),
    "keywords": lambda model, batch: model(**batch),
    "backbone": lambda model, batch: model.roberta(batch),
    "graph": lambda model, batch: tf.function(model)(batch),
    "graph of a user": lambda model, batch: tf.function(lambda given: model(given).logits)(batch),
    "predict": lambda model, batch: model.predict(batch, verbose=0),
    "fit": lambda model, batch: model.fit(batch, np.zeros((2, 7), int), verbose=0),
    "functional": lambda model, batch: model(
        {name: keras.Input(one.shape[1:], dtype="int32") for name, one in batch.items()}
    ),
    "inside": lambda model, batch: Outer(model)(batch),
}


class Outer(keras.Model):
    """A user's model around ours."""

    def __init__(self, inner):
        super().__init__()
        self.inner = inner

    def call(self, inputs):
        return self.inner(inputs)


@pytest.mark.parametrize("eager", [True, False], ids=["eager", "graph"])
@pytest.mark.parametrize("how", CALLS)
def test_a_refusal_is_one_line_however_the_model_is_called(how, eager):
    config = cases.config()
    model = tree.new(cases.TOKEN, config, cases.weights(config, cases.TOKEN))
    model.compile(keras.optimizers.SGD(0.0), run_eagerly=eager)
    batch = dict(cases.inputs(cases.TOKEN, cases.case("right padding")))
    batch["attention_mask"] = np.ones((2, 5), int)
    with pytest.raises(
        ValueError, match=r"^attention_mask must be of shape .*received .*, 5"
    ) as error:
        CALLS[how](model, batch)
    assert "\n" not in str(error.value)


def test_an_error_of_another_kind_keeps_keras_report():
    config = cases.config()
    model = tree.new(cases.TOKEN, config, cases.weights(config, cases.TOKEN))

    def broken(inputs, training=None):
        raise KeyError("mine")

    model.classifier.call = broken
    with pytest.raises(KeyError, match=r"Exception encountered.*mine.*Arguments received"):
        model(cases.inputs(cases.TOKEN, cases.case("right padding")))


@pytest.mark.parametrize(
    ("task", "y", "message"),
    [
        (cases.TOKEN, None, "must get labels, among its inputs or as y; received input_ids, att"),
        (cases.TOKEN, {"label": np.zeros((2, 7), int)}, "must get labels.*; received label"),
        (cases.QUESTION, np.zeros(2, int), "must get start_positions and end.*; received y"),
        (cases.QUESTION, {"start_positions": np.zeros(2, int)}, "received start_positions"),
    ],
)
def test_wrong_labels_are_named(task, y, message):
    config = cases.config()
    model = tree.new(task, config, cases.weights(config, task))
    model.compile(keras.optimizers.SGD(0.0))
    with pytest.raises(ValueError, match=message):
        model.fit(cases.inputs(task, cases.case("right padding")), y, verbose=0)
