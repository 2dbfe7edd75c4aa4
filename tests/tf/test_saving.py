"""Keras' own files: exact in another process, and training goes on where it was."""

import subprocess
import sys

import keras
import numpy as np
import pytest

import cases
import tree_tf as tree
from camembert_dual.tf.training.optimization import create_optimizer

# Keras' own files write variables in a way that NumPy 2 warns of
pytestmark = pytest.mark.filterwarnings(
    "ignore:__array__ implementation doesn't accept a copy keyword:DeprecationWarning"
)
ELSEWHERE = """
import sys, keras, numpy as np
import camembert_dual.tf as tree
from camembert_dual.config import CamembertConfig
folder = sys.argv[1]
calls = np.load(f"{folder}/calls.npz")
given = {"input_ids": calls["input_ids"], "attention_mask": calls["attention_mask"]}
tasks = [name.removeprefix("task-") for name in calls if name.startswith("task-")]
answers = {}
for task in tasks:
    ids = {name: value[:, None] if "Choice" in task else value for name, value in given.items()}
    whole = keras.saving.load_model(f"{folder}/{task}.keras")
    again = type(whole).from_config(whole.get_config())
    again.load_weights(f"{folder}/{task}.weights.h5")
    published = type(whole).from_pretrained(f"{folder}/{task}")
    for number, model in enumerate((whole, again, published)):
        answers[f"{task}-{number}"] = np.asarray(model(**ids)[0])
np.savez(f"{folder}/answers.npz", **answers)
"""


def test_every_model_is_exact_in_another_process(tmp_path):
    batch = cases.padded(cases.config(), cases.generator("saving"), 3, cases.RIGHT)
    expected = {}
    for task in cases.TASKS:
        config = cases.config("pruned")
        model = tree.new(task, config, cases.weights(config, task), "float32")
        model.save(tmp_path / f"{task}.keras")
        model.save_weights(tmp_path / f"{task}.weights.h5")
        model.save_pretrained(tmp_path / task)
        given = {
            name: value[:, None] if task == cases.CHOICE else value for name, value in batch.items()
        }
        expected[task] = np.asarray(model(**given)[0])
    np.savez(tmp_path / "calls.npz", **batch, **{f"task-{one}": 0 for one in cases.TASKS})
    words = [sys.executable, "-c", ELSEWHERE, str(tmp_path)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    answers = np.load(tmp_path / "answers.npz")
    for task in cases.TASKS:
        for number in range(3):
            np.testing.assert_array_equal(answers[f"{task}-{number}"], expected[task])


def test_resumed_training_equals_uninterrupted(tmp_path):
    """The optimiser's moments and step and its schedule are in the file."""
    config = cases.config(
        num_hidden_layers=1, hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0
    )
    model = tree.new(cases.SEQUENCE, config, cases.weights(config, cases.SEQUENCE), "float32")
    model.compile(create_optimizer(1e-2, total_steps=12, warmup_steps=3))
    batch = cases.padded(config, cases.generator("resume"), 4, cases.RIGHT)
    y = np.array([0, 3, 1, 4])
    how = {"batch_size": 2, "shuffle": False, "verbose": 0}
    model.fit(batch, y, epochs=2, **how)
    model.save(tmp_path / "half.keras")
    resumed = keras.saving.load_model(tmp_path / "half.keras")
    assert int(resumed.optimizer.iterations) == 4
    ends = []
    for one in (model, resumed):
        one.fit(batch, y, epochs=4, initial_epoch=2, **how)
        ends.append(one.to_arrays())
    for name, array in ends[0].items():
        np.testing.assert_array_equal(ends[1][name], array, err_msg=name)


class Interruption(keras.callbacks.Callback):
    """The power fails after two of four epochs."""

    def on_epoch_begin(self, epoch, logs=None):
        if epoch == 2:
            raise KeyboardInterrupt


@pytest.mark.parametrize("kind", ["keras", "weights.h5", "backup"])
def test_training_with_dropout_goes_on_exactly(kind, tmp_path):
    config = cases.config(num_hidden_layers=1, hidden_dropout_prob=0.3)
    batch = cases.padded(config, cases.generator("resume"), 4, cases.RIGHT)
    y = np.array([0, 3, 1, 4])
    how = {"batch_size": 2, "shuffle": False, "verbose": 0}
    path = tmp_path / f"half.{kind}"

    def compiled():
        model = tree.new(cases.SEQUENCE, config, cases.weights(config, cases.SEQUENCE), "float32")
        model.compile(create_optimizer(1e-2, total_steps=12, warmup_steps=3), run_eagerly=True)
        return model

    model, backup = compiled(), [keras.callbacks.BackupAndRestore(path)] * (kind == "backup")
    if kind == "backup":
        with pytest.raises(KeyboardInterrupt):
            model.fit(batch, y, epochs=4, callbacks=[*backup, Interruption()], **how)
    else:
        model.fit(batch, y, epochs=2, **how)
        (model.save if kind == "keras" else model.save_weights)(path)
    if kind == "keras":
        resumed = keras.saving.load_model(path)
    else:
        resumed = compiled()
        if kind == "weights.h5":
            resumed.optimizer.build(resumed.trainable_variables)
            resumed.load_weights(path)
    resumed.fit(batch, y, epochs=4, initial_epoch=0 if backup else 2, callbacks=backup, **how)
    model.fit(batch, y, epochs=4, initial_epoch=2, **how)
    assert int(resumed.optimizer.iterations) == int(model.optimizer.iterations) == 8
    expected, found = model.to_arrays(), resumed.to_arrays()
    for name, array in expected.items():
        np.testing.assert_array_equal(found[name], array, err_msg=name)


def test_a_model_is_registered_under_the_package():
    for task in cases.TASKS:
        name = keras.saving.get_registered_name(getattr(tree.tree, f"TF{task}"))
        assert name == f"camembert_dual>TF{task}"
