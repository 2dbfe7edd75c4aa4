"""Classes of a user's own in Keras: ``fit``, its files, and the names of layers of every kind."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import cases
import own_models_tf as own
import tree_tf as tree
from camembert_dual.tf import TFCamembertMainLayer, TFCamembertModel
from camembert_dual.tf.naming import places_of
from camembert_dual.tf.pretrained import PretrainedModel

pytestmark = [
    pytest.mark.filterwarnings("ignore:.* starts with new, random weights:UserWarning"),
    pytest.mark.filterwarnings(
        "ignore:__array__ implementation doesn't accept a copy keyword:DeprecationWarning"
    ),
]
IDS = np.array([[5, 11, 27, 6], [5, 34, 6, 7]])
LABELS = np.array([[0, 2, 1, 0], [2, 0, 1, 1]])
INPUTS = {"input_ids": IDS, "labels": LABELS}


def made(kind: type, **options):
    """A model without dropout."""
    config = cases.config(num_labels=3, hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0)
    keras.utils.set_random_seed(3)
    model = kind(config, **options)
    model({"input_ids": IDS})
    return model


FORMS = {
    "labels among the inputs": lambda: (INPUTS, None),
    "labels apart": lambda: ({"input_ids": IDS}, LABELS),
    "ids alone": lambda: (IDS, LABELS),
    "labels by name": lambda: ({"input_ids": IDS}, {"labels": LABELS}),
    "a dataset of inputs": lambda: (tf.data.Dataset.from_tensors(INPUTS), None),
    "a dataset of pairs": lambda: (tf.data.Dataset.from_tensors((IDS, LABELS)), None),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("kind", [own.Tagger, own.Doubled, own.Quadrupled, own.Tripled])
def test_fit_trains_on_the_loss_of_the_class(kind, form):
    model, other = made(kind), made(kind)
    expected = float(other(tf.constant(IDS), labels=tf.constant(LABELS)).loss)
    model.compile(keras.optimizers.SGD(0.1))
    x, y = FORMS[form]()
    history = model.fit(x, y, shuffle=False, verbose=0).history
    np.testing.assert_allclose(history["loss"][0], expected, rtol=1e-5)
    own.train(other, IDS, LABELS)
    for weight, wanted in zip(model.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_allclose(weight, wanted, rtol=0, atol=1e-6)


@pytest.mark.parametrize("kind", [own.Tagger, own.Doubled])
def test_fit_takes_the_loss_and_the_metrics_that_are_given_to_compile(kind):
    model = made(kind)
    expected = float(own.cross_entropy(LABELS, model({"input_ids": IDS}).logits))
    model.compile("sgd", own.cross_entropy, metrics=["sparse_categorical_accuracy"])
    found = model.evaluate({"input_ids": IDS}, LABELS, verbose=0, return_dict=True)
    np.testing.assert_allclose(found["loss"], expected, rtol=1e-5)
    logits = model.predict({"input_ids": IDS}, verbose=0).logits
    accuracy = np.mean(logits.argmax(-1) == LABELS)
    np.testing.assert_allclose(found["sparse_categorical_accuracy"], accuracy)


def test_validation_is_on_the_loss_of_the_class():
    model = made(own.Tagger)
    model.compile(keras.optimizers.SGD(0.0))
    for data in (({"input_ids": IDS}, LABELS), tf.data.Dataset.from_tensors((IDS, LABELS))):
        found = model.fit(INPUTS, validation_data=data, shuffle=False, verbose=0).history
        np.testing.assert_allclose(found["val_loss"], found["loss"], rtol=1e-6)


def test_weights_of_labels_that_a_call_cannot_see_are_refused():
    model = made(own.Tagger)
    model.compile("sgd")
    with pytest.raises(ValueError, match=r"must be weighed by a loss .*received sample_weight"):
        model.fit({"input_ids": IDS}, LABELS, sample_weight=np.ones(2), verbose=0)


def test_a_call_without_a_loss_is_told():
    model = made(own.Tagger)
    model.compile("sgd")
    with pytest.raises(ValueError, match=r"Tagger must be compiled with a loss, .*received none"):
        model.fit({"input_ids": IDS}, verbose=0)


def test_a_users_model_is_saved_by_keras(tmp_path):
    model = made(own.Tagger)
    model.save(tmp_path / "mine.keras")
    again = keras.saving.load_model(tmp_path / "mine.keras")
    again({"input_ids": IDS})
    model.save_weights(tmp_path / "mine.weights.h5")
    again.load_weights(tmp_path / "mine.weights.h5")
    arrays = model.to_arrays()
    assert all(np.array_equal(array, arrays[name]) for name, array in again.to_arrays().items())


class Kinds(PretrainedModel):
    """Layers of many kinds, named by nobody."""

    def __init__(self, config, **options):
        super().__init__(config, **options)
        self.roberta = TFCamembertModel(config, add_pooling_layer=False)
        self.turned = keras.layers.Conv1D(2, 3)
        self.norm = keras.layers.BatchNormalization()
        self.words = keras.layers.Embedding(4, 24)
        self.mlp = keras.Sequential([keras.layers.Dropout(0.1), keras.layers.Dense(24)])
        self.by_name = {"a": keras.layers.Dense(24)}
        self.lstm = keras.layers.LSTM(24, return_sequences=True)
        self.scale = self.add_weight(shape=(), name="scale")

    def call(self, inputs, training=False):
        states = self.roberta(inputs, training=training).last_hidden_state
        states = self.lstm(self.mlp(self.norm(states + self.words(tf.constant([[1]])))))
        return self.turned(self.by_name["a"](states)) * self.scale


def test_layers_are_named_by_the_attributes_that_call_them(tmp_path):
    config = cases.config()
    model = Kinds(config)
    model({"input_ids": IDS})
    arrays = model.to_arrays()
    table = {name for name in cases.weights(config, cases.MASKED) if name.startswith("roberta.")}
    assert table <= set(arrays)
    assert {name: arrays[name].shape for name in set(arrays) - table} == {
        "turned.weight": (2, 24, 3),
        "turned.bias": (2,),
        "norm.weight": (24,),
        "norm.bias": (24,),
        "norm.running_mean": (24,),
        "norm.running_var": (24,),
        "words.weight": (4, 24),
        "mlp.1.weight": (24, 24),
        "mlp.1.bias": (24,),
        "by_name.a.weight": (24, 24),
        "by_name.a.bias": (24,),
        "lstm.cell.kernel": (24, 96),
        "lstm.cell.recurrent_kernel": (24, 96),
        "lstm.cell.bias": (96,),
        "scale": (),
    }
    model.save_pretrained(tmp_path)
    again = Kinds.from_pretrained(tmp_path)
    assert all(np.array_equal(array, arrays[name]) for name, array in again.to_arrays().items())
    np.testing.assert_array_equal(again({"input_ids": IDS}), model({"input_ids": IDS}))


def test_own_layers_have_the_type_that_is_asked_for(tmp_path):
    made(own.Tagger).save_pretrained(tmp_path)
    model = own.Tagger.from_pretrained(tmp_path, dtype="float64")
    assert {weight.dtype for weight in model.weights} == {"float64"}
    assert keras.config.dtype_policy().name == "float32"


@pytest.mark.parametrize("task", cases.TASKS)
def test_the_names_of_our_layers_are_the_published_ones(task):
    config = cases.config("crossed") if task == cases.BARE else cases.config()
    model = tree.model_class(task)(config)
    assert set(places_of(model)) == {one.name for one in model.expected_parameters()}


def test_a_whole_model_is_a_layer_of_a_users_keras_model(tmp_path):
    inner = TFCamembertModel(cases.config())
    ids = keras.Input((None,), dtype="int32", name="input_ids")
    scores = keras.layers.Dense(3)(inner(ids).pooler_output)
    model = keras.Model(ids, scores)
    model.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    before = inner.to_arrays()["pooler.dense.weight"].copy()
    model.fit(IDS, np.array([0, 2]), verbose=0)
    assert not np.array_equal(before, inner.to_arrays()["pooler.dense.weight"])
    model.save(tmp_path / "mine.keras")
    again = keras.saving.load_model(tmp_path / "mine.keras")
    np.testing.assert_array_equal(again(IDS), model(IDS))
    assert isinstance(again.layers[1].roberta, TFCamembertMainLayer)
