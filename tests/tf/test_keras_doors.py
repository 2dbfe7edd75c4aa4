"""Doors of Keras itself: ``export``, ``build``, ``summary``, and the HDF5 file of Keras 2."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import cases
import tree_tf as tree
from camembert_dual import TFCamembertMainLayer, TFCamembertModel, TFCamembertPreTrainedModel

# Keras' own files write variables in a way that NumPy 2 warns of
pytestmark = pytest.mark.filterwarnings(
    "ignore:__array__ implementation doesn't accept a copy keyword:DeprecationWarning"
)
INPUTS = ("input_ids", "attention_mask")
SIGNATURE = [{name: tf.TensorSpec([None, None], tf.int32, name) for name in INPUTS}]


def new(task: str, **options):
    config = cases.config(num_hidden_layers=1, is_decoder=task == cases.CAUSAL)
    return tree.new(task, config, cases.weights(config, task), "float32", **options)


def texts(task: str = cases.BARE, rows: int = 3, length: int = 6):
    """Padded ids and their mask, as a tokenizer gives them."""
    ids = cases.ids(cases.config(), cases.generator("doors", rows), rows, length).astype("int32")
    ids[-1, length // 2 :] = cases.config().pad_token_id
    mask = (ids != cases.config().pad_token_id).astype("int32")
    one_more = (lambda value: value[:, None]) if task == cases.CHOICE else (lambda value: value)
    return {"input_ids": one_more(ids), "attention_mask": one_more(mask)}


def arrays(output):
    return {name: np.asarray(value) for name, value in output.items()}


def assert_close(found, expected):
    assert set(found) == set(expected)
    for name, value in expected.items():
        np.testing.assert_allclose(found[name], value, rtol=0, atol=1e-5, err_msg=name)


@pytest.mark.parametrize("task", cases.TASKS)
def test_keras_exports_a_model_that_was_never_called(task, tmp_path):
    model = new(task)
    model.config.output_hidden_states = True  # what no signature can answer
    model.export(tmp_path, verbose=False)
    assert model.config.output_hidden_states
    loaded = tf.saved_model.load(tmp_path)
    for rows, length in ((3, 6), (1, 4)):
        given = texts(task, rows, length)
        expected = model(given, output_hidden_states=False)
        expected = arrays(
            {name: expected[name] for name in expected if tf.is_tensor(expected[name])}
        )
        tensors = {name: tf.constant(value) for name, value in given.items()}
        assert_close(arrays(loaded.serve(tensors)), expected)
        assert_close(arrays(loaded.signatures["serving_default"](**tensors)), expected)


def test_a_signature_of_the_users_is_kept(tmp_path):
    model = new(cases.TOKEN)
    ids = texts()["input_ids"][:2]
    model.export(tmp_path, verbose=False, input_signature=[tf.TensorSpec([2, None], tf.int32)])
    loaded = tf.saved_model.load(tmp_path)
    (spec,) = loaded.signatures["serving_default"].structured_input_signature[1].values()
    assert spec.shape == (2, None)
    np.testing.assert_allclose(loaded.serve(ids)["logits"], model(ids).logits, rtol=0, atol=1e-5)


class OneByOne(TFCamembertPreTrainedModel):
    """A user's class of ours with an argument for each input."""

    def __init__(self, config, **options):
        super().__init__(config, **options)
        self.roberta = TFCamembertMainLayer(config, add_pooling_layer=False, name="roberta")
        self.scorer = keras.layers.Dense(2)

    def call(self, input_ids, attention_mask=None, training=None):
        states = self.roberta(input_ids, attention_mask=attention_mask, training=training)[0]
        return self.scorer(states)


class Together(OneByOne):
    """One whose inputs come together."""

    def call(self, inputs, training=None):
        return {"scores": self.scorer(self.roberta(inputs, training=training)[0])}


class Around(keras.Model):
    """A user's model of Keras with one of ours inside."""

    def __init__(self, config):
        super().__init__()
        self.camembert, self.scorer = TFCamembertModel(config), keras.layers.Dense(2)

    def call(self, inputs, training=False):
        return self.scorer(self.camembert(inputs, training=training).last_hidden_state)


class AroundTheNetwork(Around):
    """One with the network alone."""

    def __init__(self, config):
        super().__init__(config)
        self.camembert = TFCamembertMainLayer(config, name="roberta")


def test_users_classes_of_ours_are_exported_uncalled(tmp_path):
    given = texts()
    for kind in (OneByOne, Together):
        model = kind(cases.config(num_hidden_layers=1))
        model.export(tmp_path / kind.__name__, verbose=False)
        loaded = tf.saved_model.load(tmp_path / kind.__name__)
        tensors = [tf.constant(given[name]) for name in INPUTS]
        if kind is Together:
            found, expected = loaded.serve(dict(zip(INPUTS, tensors, strict=True))), model(given)
            found, expected = found["scores"], expected["scores"]
        else:
            found, expected = loaded.serve(*tensors), model(**given)
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-5)


@pytest.mark.parametrize("kind", [Around, AroundTheNetwork])
def test_a_model_around_ours_is_exported_with_a_signature(kind, tmp_path):
    model, given = kind(cases.config(num_hidden_layers=1)), texts()
    expected = model(given)
    with pytest.raises(ValueError, match=r"^input_ids must be integers .*; received float32\.$"):
        model.export(tmp_path / "floats", verbose=False)  # Keras asks for floats by itself
    model.export(tmp_path / "model", verbose=False, input_signature=SIGNATURE)
    loaded = tf.saved_model.load(tmp_path / "model")
    found = loaded.serve({name: tf.constant(value) for name, value in given.items()})
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-5)


@pytest.mark.parametrize(
    "shape",
    [(None, 7), {"input_ids": (None, 7), "attention_mask": (None, 7)}, [(None, 7), (None, 7)]],
    ids=str,
)
def test_build_takes_shapes_of_every_form_and_changes_nothing(shape, tmp_path):
    model, given = new(cases.SEQUENCE), texts()
    expected = model(given).logits
    model.build(shape)
    np.testing.assert_array_equal(model(given).logits, expected)
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(again(given).logits, expected)
    model.export(tmp_path / "model", verbose=False)  # Keras would take the shapes for floats


@pytest.mark.parametrize("task", [cases.MASKED, cases.SEQUENCE, cases.CHOICE])
def test_the_file_of_keras_2_is_read_back(task, tmp_path, recwarn):
    """Into the same model, and as a whole where the class is named."""
    model, given = new(task), texts(task)
    model.save(tmp_path / "model.h5")
    fresh = type(model)(model.config)
    fresh.load_weights(tmp_path / "model.h5")
    name = type(model).__name__
    with pytest.raises(ValueError, match=f"Unknown layer: '{name}'") as refused:
        keras.saving.load_model(tmp_path / "model.h5")
    assert "\n" not in str(refused.value)
    whole = keras.saving.load_model(tmp_path / "model.h5", custom_objects={name: type(model)})
    for again in (fresh, whole):
        np.testing.assert_array_equal(again(given)[0], model(given)[0])


def test_a_functional_model_around_ours_is_read_back_from_that_file(tmp_path):
    inputs = {name: keras.Input((None,), dtype="int32", name=name) for name in INPUTS}
    states = new(cases.BARE)(inputs).last_hidden_state
    model = keras.Model(inputs, keras.layers.Dense(3)(states))
    model.save(tmp_path / "model.h5")
    again = keras.saving.load_model(tmp_path / "model.h5")
    np.testing.assert_array_equal(again(texts()), model(texts()))
    model.export(tmp_path / "model", verbose=False)
    loaded = tf.saved_model.load(tmp_path / "model")
    found = loaded.serve({name: tf.constant(value) for name, value in texts().items()})
    np.testing.assert_allclose(found, model(texts()), rtol=0, atol=1e-5)


@pytest.mark.parametrize("task", cases.TASKS)
def test_the_summary_names_the_parts_and_counts_them(task):
    model, lines = new(task), []
    model.summary(print_fn=lambda text, **_: lines.append(text))
    text = "\n".join(lines)
    for layer in model.layers:
        assert f"{layer.name} ({type(layer).__name__})" in text
        assert f"{layer.count_params():,}" in text
    assert f"Total params: {model.num_parameters():,}" in text
