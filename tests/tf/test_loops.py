"""Loops of a user's own end where ``fit`` ends, and a killed process goes on where it was."""

import signal
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

import cases
from camembert_dual import TFCamembertForSequenceClassification

WORKER = Path(__file__).parents[1] / "support" / "backup_worker.py"
NO_DROPOUT = {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0}
CONFIG = cases.config(num_hidden_layers=1, **NO_DROPOUT)
RATE = 0.0625  # which float32 holds exactly
IDS = cases.ids(CONFIG, cases.generator("loops"), 4, 6).astype("int32")
CLASSES = np.array([0, 3, 1, 4])


class OwnStep(TFCamembertForSequenceClassification):
    """A step of a user's own, on the loss of ``compile``."""

    def train_step(self, data):
        x, y, weights = keras.utils.unpack_x_y_sample_weight(data)
        with tf.GradientTape() as tape:
            loss = self.compute_loss(x, y, self(x, training=True), weights)
        self.optimizer.apply(
            tape.gradient(loss, self.trainable_variables), self.trainable_variables
        )
        return {"loss": loss}


class OwnLoss(TFCamembertForSequenceClassification):
    """One on the loss that a call with labels returns."""

    def train_step(self, data):
        x, y = data
        with tf.GradientTape() as tape:
            loss = self(x, labels=y, training=True).loss
        gradients = tape.gradient(loss, self.trainable_weights)
        self.optimizer.apply_gradients(zip(gradients, self.trainable_weights, strict=True))
        return {"loss": loss}


def new(kind=TFCamembertForSequenceClassification):
    model = kind(CONFIG, dtype="float64")
    model.load_arrays(cases.weights(CONFIG, cases.SEQUENCE))
    return model


def fitted(kind=TFCamembertForSequenceClassification, checkpointing=False, ema=None, **compiled):
    """The weights after two epochs of two batches."""
    model, average = new(kind), {"use_ema": True, "ema_momentum": ema} if ema else {}
    if checkpointing:
        model.gradient_checkpointing_enable()
    model.compile(keras.optimizers.SGD(RATE, **average), **compiled)
    model.fit(IDS, CLASSES, batch_size=2, epochs=2, shuffle=False, verbose=0)
    return model.to_arrays()


def stepped(model):
    """Take the same steps by hand; the weights after each, in the model's order."""
    for row in (0, 2, 0, 2):
        with tf.GradientTape() as tape:
            loss = model(IDS[row : row + 2], labels=CLASSES[row : row + 2], training=True).loss
        gradients = tape.gradient(loss, model.trainable_weights)
        for weight, gradient in zip(model.trainable_weights, gradients, strict=True):
            weight.assign_sub(RATE * gradient)
        yield [weight.numpy() for weight in model.trainable_weights]


def assert_same(found, expected):
    assert set(found) == set(expected)
    for name, array in expected.items():
        np.testing.assert_allclose(found[name], array, rtol=0, atol=1e-12, err_msg=name)


@pytest.fixture(scope="module")
def by_hand():
    """A model after the steps by hand, and the weights after each."""
    model = new()
    start = [weight.numpy() for weight in model.trainable_weights]
    return model, [start, *stepped(model)]


@pytest.mark.parametrize(
    ("kind", "how"),
    [
        (TFCamembertForSequenceClassification, {}),
        (OwnStep, {}),
        (OwnLoss, {}),
        (OwnStep, {"jit_compile": True}),
        (OwnStep, {"steps_per_execution": 2}),
        (OwnStep, {"checkpointing": True}),
    ],
    ids=str,
)
def test_a_step_of_ones_own_ends_where_a_tape_ends(kind, how, by_hand):
    assert_same(fitted(kind, **how), by_hand[0].to_arrays())


def test_a_moving_average_is_what_it_is_by_hand(by_hand):
    """Keras puts it in the place of the weights when ``fit`` ends."""
    model, steps = by_hand
    average = steps[1]  # before the first step there is none
    for weights in steps[2:]:
        average = [0.75 * old + 0.25 * now for old, now in zip(average, weights, strict=True)]
    expected = new()
    for weight, value in zip(expected.trainable_weights, average, strict=True):
        weight.assign(value)
    assert_same(fitted(ema=0.75), expected.to_arrays())
    assert not np.allclose(average[0], steps[-1][0], rtol=0, atol=1e-9)
    assert model.to_arrays().keys() == expected.to_arrays().keys()


def test_training_goes_on_in_another_process_after_a_kill(tmp_path):
    """With dropout: the backup holds the state of the draws."""
    words = [sys.executable, str(WORKER), str(tmp_path / "backup")]
    killed = subprocess.run([*words, "killed"], capture_output=True, text=True, check=False)
    assert killed.returncode == -signal.SIGKILL, killed.stderr[-3000:]
    assert list((tmp_path / "backup").iterdir())
    out = tmp_path / "out.npz"
    done = subprocess.run([*words, str(out)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    found = dict(np.load(out))
    wholes = {name: value for name, value in found.items() if name.startswith("whole/")}
    assert wholes
    for name, value in wholes.items():
        np.testing.assert_array_equal(found[name.replace("whole", "resumed", 1)], value)


def test_keras_on_tensorflow_cuts_nothing_by_itself():
    """docs/keras.md says so, and gives another way."""
    mesh = keras.distribution.DeviceMesh((1,), ("model",), ["cpu:0"])
    layouts = keras.distribution.LayoutMap(mesh)
    layouts[".*/kernel"] = (None, "model")
    with keras.distribution.ModelParallel(layout_map=layouts).scope():
        model = new()
    assert {type(one.value) for one in model.weights} == {type(new().weights[0].value)}
