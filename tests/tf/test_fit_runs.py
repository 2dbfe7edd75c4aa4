"""Ways to run ``fit``: compiled, backed up, batches of all lengths; and every head learns."""

import functools
import logging
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf
from tensorflow.python.eager.polymorphic_function import polymorphic_function

import cases
import tree_tf as tree

# Keras' own files write variables in a way that NumPy 2 warns of
pytestmark = pytest.mark.filterwarnings(
    "ignore:__array__ implementation doesn't accept a copy keyword:DeprecationWarning"
)
SPAN = ("start_positions", "end_positions")
NO_DROPOUT = {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0}


@functools.cache
def texts_and_classes():
    """Four texts and their classes."""
    batch = cases.padded(cases.config(), cases.generator("ways"), 4, cases.RIGHT)
    return batch, np.array([0, 3, 1, 4])


def classifier():
    config = cases.config(num_hidden_layers=1, **NO_DROPOUT)
    return tree.new(cases.SEQUENCE, config, cases.weights(config, cases.SEQUENCE))


def trained(compiled, **fitted):
    """The weights after three epochs of four texts, and the history."""
    model, (batch, y) = classifier(), texts_and_classes()
    model.compile(keras.optimizers.SGD(0.05), **compiled)
    how = {"batch_size": 1, "epochs": 3, "shuffle": False, "verbose": 0}
    history = model.fit(batch, y, **(how | fitted)).history
    return model.to_arrays(), history


@functools.cache
def trained_as_ever():
    return trained({})[0]


@pytest.mark.parametrize(
    "compiled",
    [{"run_eagerly": True}, {"jit_compile": True}, {"steps_per_execution": 2}],
    ids=str,
)
def test_every_way_to_run_ends_at_the_same_weights(compiled):
    actual, _ = trained(compiled)
    for name, array in trained_as_ever().items():
        np.testing.assert_allclose(actual[name], array, rtol=0, atol=1e-9)


def test_validation_split_and_callbacks_work(tmp_path):
    callbacks = [
        keras.callbacks.ModelCheckpoint(tmp_path / "best.weights.h5", save_weights_only=True),
        keras.callbacks.ModelCheckpoint(tmp_path / "best.keras"),
        keras.callbacks.EarlyStopping(monitor="loss", mode="max", patience=0),
        keras.callbacks.TensorBoard(tmp_path / "board", histogram_freq=1),
    ]
    weights, history = trained({}, validation_split=0.5, callbacks=callbacks)
    assert len(history["val_loss"]) == 2  # the loss did not rise: stopped early
    whole = keras.saving.load_model(tmp_path / "best.keras")
    only_weights = classifier()
    only_weights.load_weights(tmp_path / "best.weights.h5")
    for loaded in (whole, only_weights):
        for name, array in loaded.to_arrays().items():
            np.testing.assert_array_equal(array, weights[name])
    for part, name in (("train", "loss"), ("validation", "val_loss")):
        shown = written(tmp_path / "board" / part)
        np.testing.assert_allclose(shown["epoch_loss"], history[name], rtol=1e-6)
    histograms = [
        one for one in written(tmp_path / "board" / "train") if one.endswith("/histogram")
    ]
    assert len(histograms) == len(weights)


def written(folder: Path):
    """The values that TensorBoard finds in a folder, by name."""
    values = {}
    for record in tf.data.TFRecordDataset([str(one) for one in folder.iterdir()]):
        for value in tf.compat.v1.Event.FromString(record.numpy()).summary.value:
            values.setdefault(value.tag, []).append(tf.make_ndarray(value.tensor))
    return values


class Interruption(keras.callbacks.Callback):
    """The power fails after two of three epochs."""

    def on_epoch_begin(self, epoch, logs=None):
        if epoch == 2:
            raise KeyboardInterrupt


def test_a_backup_goes_on_where_the_training_was_interrupted(tmp_path):
    backup = functools.partial(keras.callbacks.BackupAndRestore, tmp_path)
    with pytest.raises(KeyboardInterrupt):
        trained({}, callbacks=[backup(), Interruption()])
    weights, history = trained({}, callbacks=[backup()])
    assert len(history["loss"]) == 1
    for name, array in trained_as_ever().items():
        np.testing.assert_array_equal(weights[name], array)


class Batches(keras.utils.PyDataset):
    """Batches of different lengths and numbers of rows."""

    SHAPES = ((2, 3), (1, 7), (3, 11), (2, 17), (1, 1))

    def __len__(self):
        return len(self.SHAPES)

    def __getitem__(self, index):
        rows, length = self.SHAPES[index]
        ids = cases.ids(cases.config(), cases.generator(index), rows, length)
        return {"input_ids": ids, "attention_mask": np.ones_like(ids)}, np.arange(rows)


def in_tf_data():
    batches = Batches()
    spec = tf.TensorSpec([None, None], tf.int64)
    signature = ({"input_ids": spec, "attention_mask": spec}, tf.TensorSpec([None], tf.int64))
    data = tf.data.Dataset.from_generator(
        lambda: (batches[index] for index in range(len(batches))), output_signature=signature
    )
    return data.apply(tf.data.experimental.assert_cardinality(len(batches)))


def counting(calls, name, step):
    """The step, which also notes its name when it is traced."""

    def counted(data):
        calls.append(name)
        return step(data)

    return counted


@pytest.mark.parametrize("make", [Batches, in_tf_data])
def test_fit_and_predict_trace_once_for_all_lengths(make, caplog, monkeypatch):
    # TensorFlow warns of many traces in one process, whichever the model: forget the other tests'
    manager = polymorphic_function._FrequentTracingDetectorManager()
    monkeypatch.setattr(polymorphic_function, "_frequent_tracing_detector_manager", manager)
    model, traced = classifier(), []
    for name in ("train_step", "predict_step"):
        setattr(model, name, counting(traced, name, getattr(model, name)))
    model.compile(keras.optimizers.SGD(0.05))
    logging.getLogger("tensorflow").addHandler(caplog.handler)  # where it warns of retracing
    try:
        model.fit(make(), epochs=2, shuffle=False, verbose=0)
        logits = model.predict(make(), verbose=0).logits
    finally:
        logging.getLogger("tensorflow").removeHandler(caplog.handler)
    # Keras hands batches of one shape to predict, whose second trace is for all
    assert traced == ["train_step", "predict_step", "predict_step"]
    assert len(logits) == sum(rows for rows, _ in Batches.SHAPES)
    assert "retracing" not in caplog.text


def test_gradient_accumulation_ends_where_the_whole_batch_ends():
    ends = []
    for size, steps in ((4, None), (1, 4)):
        model, (batch, y) = classifier(), texts_and_classes()
        model.compile(
            keras.optimizers.SGD(0.5, gradient_accumulation_steps=steps), run_eagerly=True
        )
        model.fit(batch, y, batch_size=size, shuffle=False, verbose=0)
        ends.append(model.to_arrays())
    for name, array in ends[0].items():
        np.testing.assert_allclose(ends[1][name], array, rtol=0, atol=1e-9)


@pytest.mark.parametrize("task", cases.HEADS)
def test_every_head_learns_a_tiny_set_by_heart(task):
    config = cases.config(is_decoder=task == cases.CAUSAL, num_hidden_layers=1, **NO_DROPOUT)
    keras.utils.set_random_seed(1)
    model = getattr(tree.tree, f"TF{task}")(config)
    model.compile(keras.optimizers.Adam(1e-2), steps_per_execution=50)
    random, rows = cases.generator("learn", task), 6
    batch = {"input_ids": cases.ids(config, random, rows, cases.T)}
    if task == cases.CHOICE:
        ids = cases.ids(config, random, rows * cases.C, cases.T)
        batch = {"input_ids": ids.reshape(rows, cases.C, cases.T)}
    y = {
        cases.CAUSAL: batch["input_ids"],
        cases.MASKED: random.integers(0, config.vocab_size, (rows, cases.T)),
        cases.SEQUENCE: random.integers(0, 5, rows),
        cases.CHOICE: random.integers(0, cases.C, rows),
        cases.TOKEN: random.integers(0, 5, (rows, cases.T)),
        cases.QUESTION: {name: random.integers(0, cases.T, rows) for name in SPAN},
    }[task]
    again = tf.data.Dataset.from_tensors((batch, y)).repeat()
    losses = model.fit(again, epochs=2, steps_per_epoch=50, shuffle=False, verbose=0).history[
        "loss"
    ]
    assert losses[1] < 0.2 * losses[0]
    output = model(batch)
    if task == cases.QUESTION:
        assert np.array_equal(np.argmax(output.start_logits, -1), y["start_positions"])
        assert np.array_equal(np.argmax(output.end_logits, -1), y["end_positions"])
    elif task == cases.CAUSAL:
        assert np.array_equal(np.argmax(output.logits, -1)[:, :-1], y[:, 1:])
    else:
        assert np.array_equal(np.argmax(output.logits, -1), y)
