"""The objects that users of ``transformers``' TensorFlow classes reach for: ``model.roberta``."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import camembert_dual
import cases
import tree_tf as tree
from camembert_dual.tf import TFCamembertMainLayer

pytestmark = pytest.mark.filterwarnings(
    "ignore:__array__ implementation doesn't accept a copy keyword:DeprecationWarning"
)

IDS = np.array([[0, 11, 27, 2], [0, 34, 2, 1]])
LAYERS = {  # by the reference's classes
    cases.BARE: ["roberta"],
    cases.MASKED: ["roberta", "lm_head"],
    "CamembertForCausalLM": ["roberta", "lm_head"],
    "CamembertForSequenceClassification": ["roberta", "classifier"],
    "CamembertForMultipleChoice": ["roberta", "dropout", "classifier"],
    "CamembertForTokenClassification": ["roberta", "dropout", "classifier"],
    "CamembertForQuestionAnswering": ["roberta", "qa_outputs"],
}


@pytest.mark.parametrize("task", cases.TASKS)
def test_a_model_holds_the_network_as_its_first_layer(task):
    model = tree.model_class(task)(cases.config())
    assert [layer.name for layer in model.layers] == LAYERS[task]
    assert type(model.roberta) is TFCamembertMainLayer
    assert model.layers[0] is model.roberta
    query = model.roberta.encoder.layer[1].attention.self.query.kernel
    assert query.path.split("/")[1:] == (
        ["roberta", "encoder", "layer_1", "attention", "self", "query", "kernel"]
    )


def test_the_network_is_frozen_as_the_first_layer():
    model = tree.model_class("CamembertForTokenClassification")(cases.config())
    model.layers[0].trainable = False
    assert [one.path.split("/", 1)[1] for one in model.trainable_weights] == [
        "classifier/kernel",
        "classifier/bias",
    ]
    model.compile("sgd")
    before = model.to_arrays()
    model.fit({"input_ids": IDS, "labels": np.zeros_like(IDS)}, verbose=0)
    changed = {
        name for name, array in model.to_arrays().items() if not np.array_equal(array, before[name])
    }
    assert changed == {"classifier.weight", "classifier.bias"}


class OfAUser(keras.Model):
    """A model as users write them around the layer."""

    def __init__(self, config, **options):
        super().__init__(**options)
        self.roberta = TFCamembertMainLayer(config, add_pooling_layer=False, name="roberta")
        self.score = keras.layers.Dense(3, name="score")

    def call(self, inputs, training=False):
        states = self.roberta(inputs, training=training)[0]
        return self.score(states[:, 0])


def test_the_layer_learns_in_a_users_model_and_its_weights_return(tmp_path):
    keras.utils.set_random_seed(5)
    config = cases.config()
    model, other = OfAUser(config), OfAUser(config)
    inputs = {"input_ids": IDS, "attention_mask": (config.pad_token_id != IDS).astype("int32")}
    model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    before = model(inputs).numpy()
    table = model.roberta.embeddings.word_embeddings.embeddings
    kept = table.numpy()
    model.fit(inputs, np.array([0, 2]), epochs=2, verbose=0)
    assert not np.allclose(model(inputs), before)
    assert not np.array_equal(table, kept)
    model.save_weights(tmp_path / "mine.weights.h5")
    assert not np.allclose(other(inputs), model(inputs))
    other.load_weights(tmp_path / "mine.weights.h5")
    np.testing.assert_array_equal(other(inputs), model(inputs))


def test_the_layer_is_saved_with_a_functional_model(tmp_path):
    ids = keras.Input((None,), dtype="int32")
    layer = TFCamembertMainLayer(cases.config(), name="network")
    model = keras.Model(ids, layer(ids).pooler_output)
    model.save(tmp_path / "mine.keras")
    again = keras.saving.load_model(tmp_path / "mine.keras")
    np.testing.assert_array_equal(again(IDS), model(IDS))
    assert again.layers[-1].config == layer.config
    assert again.layers[-1].pooler is not None


def test_the_layer_computes_what_the_bare_model_does():
    model = tree.built(cases.BARE, "plain")
    layer = TFCamembertMainLayer(model.config, dtype="float64")
    layer.build()
    layer.set_weights(model.get_weights())
    for name, array in model(IDS).items():
        np.testing.assert_array_equal(layer(IDS)[name], array)


@pytest.mark.parametrize("inputs", [{"input_idz": IDS}, {"input_ids": np.full((1, 4), 999)}])
def test_what_the_layer_refuses_is_one_line(inputs):
    layer = TFCamembertMainLayer(cases.config())
    with pytest.raises(ValueError, match=r"must .*; received .*\.$") as caught:
        layer(**inputs)
    assert "\n" not in str(caught.value)


def test_the_layer_is_public_under_the_name_of_each_family():
    for family in ("Camembert", "Roberta", "XLMRoberta"):
        assert getattr(camembert_dual, f"TF{family}MainLayer") is TFCamembertMainLayer


def test_the_layer_is_traced_once_for_all_lengths():
    layer, traces = TFCamembertMainLayer(cases.config()), []
    layer.build()

    @tf.function(input_signature=[tf.TensorSpec([None, None], tf.int32)])
    def states(ids):
        traces.append(ids)
        return layer(ids)[0]

    for length in (2, 3, 4):
        np.testing.assert_allclose(
            states(IDS[:, :length]), layer(IDS[:, :length])[0], rtol=0, atol=1e-5
        )
    assert len(traces) == 1
