"""No way to make a model leaves a weight that TensorFlow copies at every read.

A variable that was once written in parts (slices, scattered rows) is copied at each later read, for
ever. There is no call that tells, but it shows: two reads of a healthy variable are one memory.
"""

import keras
import numpy as np
import pytest
import tensorflow as tf

import cases
import tree_tf as tree
from camembert_dual.checkpoints.folder import write_weights
from camembert_dual.tf.training.optimization import create_optimizer
from checkpoint_cases import write_config

# Keras' own files write variables in a way that NumPy 2 warns of
pytestmark = pytest.mark.filterwarnings(
    "ignore:__array__ implementation doesn't accept a copy keyword:DeprecationWarning"
)
TASK = "CamembertForMaskedLM"
NAME = f"TF{TASK}"


def is_copied(variable) -> bool:
    """Whether a read of a variable is a copy."""
    first, second = (
        tf.raw_ops.ReadVariableOp(resource=variable.handle, dtype=variable.dtype) for _ in range(2)
    )
    # the public numpy() is a copy by itself, and a memory view knows no bfloat16
    return first._numpy().ctypes.data != second._numpy().ctypes.data


def copied_weights(model) -> list[str]:
    return [one.path for one in model.weights if is_copied(one.value)]


def new(dtype: str = "float32", **overrides):
    config = cases.config(**overrides)
    return tree.new(TASK, config, cases.weights(config, TASK), dtype)


def batch():
    config = cases.config()
    given = cases.padded(config, cases.generator("reads"), 4, cases.RIGHT)
    return given, given["input_ids"]


@pytest.mark.parametrize("write", ["slice", "rows"])
def test_the_check_sees_a_variable_that_is_copied(write):
    variable = tf.Variable(np.zeros((7, 3), np.float32))
    assert not is_copied(variable)
    if write == "slice":
        variable[2:4].assign(np.ones((2, 3), np.float32))
    else:
        variable.scatter_nd_add([[1]], np.ones((1, 3), np.float32))
    assert is_copied(variable)


def test_a_new_model_is_read_without_copies():
    assert not copied_weights(tree.tree.TFCamembertForMaskedLM(cases.config()))


@pytest.mark.parametrize("dtype", ["float32", "float64", "float16", "bfloat16"])
def test_a_model_filled_from_arrays_is_read_without_copies(dtype):
    assert not copied_weights(new(dtype))


@pytest.mark.parametrize(
    ("form", "shard"),
    [
        ("safetensors", None),
        ("safetensors", 20_000),
        ("bin", None),
        ("tf-h5", None),
        ("keras-weights", None),
    ],
)
def test_a_loaded_model_is_read_without_copies(form, shard, tmp_path):
    config = cases.config()
    write_config(tmp_path, config)
    arrays = {name: one.astype("f4") for name, one in cases.weights(config, TASK).items()}
    write_weights(tmp_path, arrays, form, architecture=TASK, max_shard_size=shard)
    model = tree.tree.TFCamembertForMaskedLM.from_pretrained(tmp_path)
    np.testing.assert_array_equal(
        model.to_arrays()["lm_head.dense.weight"], arrays["lm_head.dense.weight"]
    )
    assert not copied_weights(model)


def change(model, how: str):
    if how == "resized":
        model.resize_token_embeddings(131)
    elif how == "resized to a mean":
        model.resize_token_embeddings(97, mean_initialised=True)
    elif how == "pruned":
        model.prune_heads({0: [1], 1: [0, 2]})
    elif how == "other embeddings":
        table = keras.layers.Embedding(101, 24)
        table.build()
        model.set_input_embeddings(table)
    else:
        model.initialise_weights([one.name for one in model.expected_parameters()])


@pytest.mark.parametrize(
    "how", ["resized", "resized to a mean", "pruned", "other embeddings", "drawn anew"]
)
def test_a_changed_model_is_read_without_copies(how):
    model = new()
    change(model, how)
    assert not copied_weights(model)


def test_a_model_from_keras_files_is_read_without_copies(tmp_path):
    model = new()
    model.save(tmp_path / "whole.keras")
    model.save_weights(tmp_path / "its.weights.h5")
    whole = keras.saving.load_model(tmp_path / "whole.keras")
    assert not copied_weights(whole)
    again = tree.tree.TFCamembertForMaskedLM(cases.config())
    again.load_weights(tmp_path / "its.weights.h5")
    assert not copied_weights(again)
    assert not copied_weights(model)


def optimizers():
    return {
        "our own": lambda: create_optimizer(1e-3, 10),
        "AdamW": lambda: keras.optimizers.AdamW(1e-3),
        "SGD": lambda: keras.optimizers.SGD(1e-3),
    }


@pytest.mark.parametrize("optimizer", optimizers())
@pytest.mark.parametrize("eager", [False, True], ids=["graph", "eager"])
def test_a_trained_model_is_read_without_copies(optimizer, eager):
    model, (given, labels) = new(), batch()
    model.compile(optimizers()[optimizer](), run_eagerly=eager)
    model.fit(given, labels, batch_size=2, verbose=0)
    assert not copied_weights(model)
    moments = [one for one in model.optimizer.variables if len(one.shape)]
    assert not [one.path for one in moments if is_copied(one.value)]


def test_an_exported_model_is_read_without_copies(tmp_path):
    model = new()
    tree.tree.export_saved_model(model, tmp_path / "saved")
    assert not copied_weights(model)
    served = tf.saved_model.load(str(tmp_path / "saved"))
    served.signatures["serving_default"]
    variables = served.signatures["serving_default"].variables
    assert len(variables) >= len(model.weights)
    assert not [one.name for one in variables if is_copied(one)]


def test_the_copies_of_a_mirrored_model_are_read_without_copies():
    devices = tf.config.list_logical_devices("CPU")
    strategy = tf.distribute.MirroredStrategy([one.name for one in devices])
    with strategy.scope():
        model = new()
    for weight in model.weights:
        parts = weight.value.values if hasattr(weight.value, "values") else [weight.value]
        assert not any(is_copied(one) for one in parts)
