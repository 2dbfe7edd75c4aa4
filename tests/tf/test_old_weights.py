"""What TensorFlow itself writes of a model with the names that Keras 2 gave its variables."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import cases
import tree_tf as tree
from camembert_dual.checkpoints.folder import open_arrays, open_checkpoint
from camembert_dual.parameter_names import tf_name
from camembert_dual.parameters import parameters
from camembert_dual.tf import TFCamembertModel, load_old_weights
from checkpoint_cases import assert_same

# Keras' own files write variables in a way that NumPy 2 warns of
pytestmark = pytest.mark.filterwarnings(
    "ignore:__array__ implementation doesn't accept a copy keyword:DeprecationWarning"
)
TASK = "CamembertModel"
OWN = {"mine/kernel": (7, 5), "mine/bias": (5,)}


def tracked(path, values):
    """A tree of objects as the attributes of a model are, and a variable for each path."""
    root = tf.Module()
    for name, (called, value) in values.items():
        *parts, last = name.split("/")
        here = root
        for part in parts:
            if not hasattr(here, part):
                setattr(here, part, tf.Module())
            here = getattr(here, part)
        setattr(here, last, tf.Variable(value, name=called))
    return root


@pytest.fixture(params=["float32", "bfloat16", "float16"])
def saved(request, tmp_path):
    """A checkpoint of a user's model around CamemBERT, its weights and where it lies."""
    config = cases.config()
    weights = cases.weights(config, TASK)
    kind = tf.as_dtype(request.param).as_numpy_dtype
    values, expected = {}, {}
    for row in parameters(config, TASK):
        array = weights[row.name].astype(kind)
        expected[row.name] = array
        called = f"outer/le_bert/{tf_name(row.name).removesuffix(':0')}"
        # attributes that say nothing of the weight: only the name does
        values[f"bert/part{len(values)}/value"] = called, array.T if row.transposed else array
    random = cases.generator("own layers")
    own = {f"outer/{name}": random.normal(size=shape).astype(kind) for name, shape in OWN.items()}
    values |= {f"out{len(name)}/value": (name, array) for name, array in own.items()}
    values["optimizer/step"] = "step", np.int64(7)
    root = tracked(tmp_path, values)
    tf.train.Checkpoint(root=root).write(str(tmp_path / "w"))
    return config, expected, own, tmp_path / "w"


def test_a_checkpoint_of_tensorflow_is_read_without_it(saved):
    config, expected, own, path = saved
    checkpoint = open_checkpoint(path, config=config)
    names = {name.removeprefix("roberta."): name for name in checkpoint.arrays}
    assert_same({name: checkpoint.arrays[names[name]] for name in expected}, expected)
    assert len(names) == len(expected)
    assert_same({name: one.read() for name, one in checkpoint.arrays.own.items()}, own)
    assert "optimizer" in dict(checkpoint.arrays.dropped)


def test_the_same_model_rebuilt_on_keras_3_has_the_weights(saved):
    config, expected, own, path = saved
    inner = TFCamembertModel(config, dtype=str(expected["embeddings.LayerNorm.weight"].dtype))
    mine = keras.layers.Dense(5, name="mine")
    ids = keras.Input((None,), dtype="int32")
    model = keras.Model(ids, mine(inner(ids)[0][:, 0]))
    rest = load_old_weights(model, path)
    assert_same(inner.to_arrays(), expected)
    assert_same(rest, own)


def test_a_model_without_camembert_or_with_two_is_refused(saved):
    config, _, _, path = saved
    ids = keras.Input((None,), dtype="int32")
    two = [TFCamembertModel(config, name=name)(ids)[0] for name in ("un", "deux")]
    for outputs, names in ((keras.layers.Identity()(ids), "[]"), (two, "['un', 'deux']")):
        with pytest.raises(ValueError, match="must have one CamemBERT") as caught:
            load_old_weights(keras.Model(ids, outputs), path)
        assert names in str(caught.value)


def test_the_variables_of_a_savedmodel_are_read(tmp_path):
    config = cases.config()
    weights = cases.weights(config, TASK)
    values = {
        f"part{number}/value": (
            f"m/{tf_name(row.name).removesuffix(':0')}",
            weights[row.name].T if row.transposed else weights[row.name],
        )
        for number, row in enumerate(parameters(config, TASK))
    }
    tf.saved_model.save(tracked(tmp_path, values), tmp_path / "saved")
    model = tree.model_class(TASK).from_pretrained(
        tmp_path / "saved", config=config, dtype="float64"
    )
    assert_same(model.to_arrays(), weights)


@pytest.mark.parametrize("name", ["own.keras", "own.weights.h5"])
def test_the_camembert_in_a_users_own_keras_3_model_is_found(tmp_path, name):
    config = cases.config()
    inner = tree.new(TASK, config, cases.weights(config, TASK), "float32")
    ids = keras.Input((None,), dtype="int32")
    model = keras.Model(ids, keras.layers.Dense(5, name="mine")(inner(ids)[0][:, 0]))
    (model.save if name.endswith(".keras") else model.save_weights)(tmp_path / name)
    given = {} if name.endswith(".keras") else {"config": config}
    loaded = tree.model_class(TASK).from_pretrained(tmp_path / name, **given)
    assert_same(loaded.to_arrays(), inner.to_arrays())
    rest = [one.read() for one in open_arrays(tmp_path / name).own.values()]
    for one, expected in zip(rest, model.get_layer("mine").weights, strict=True):
        np.testing.assert_array_equal(one, expected.numpy())
