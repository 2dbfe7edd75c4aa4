"""Models inside the user's own: functional, subclassed, in a layer; shapes, freezing, cloning."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import cases
import tree_tf as tree

# Keras' own files write variables in a way that NumPy 2 warns of
pytestmark = pytest.mark.filterwarnings(
    "ignore:__array__ implementation doesn't accept a copy keyword:DeprecationWarning"
)
IDS = cases.inputs(cases.BARE, cases.case("right padding"))


def backbone(**overrides):
    config = cases.config(**overrides)
    return tree.new(cases.BARE, config, cases.weights(config, cases.BARE), "float32")


def symbolic():
    return {name: keras.Input((None,), dtype="int32", name=name) for name in IDS}


@pytest.mark.parametrize("task", cases.TASKS)
def test_symbolic_calls_know_their_shapes_and_compute_the_same(task):
    config = cases.config()
    model = tree.new(task, config, cases.weights(config, task), "float32")
    shape = (cases.C, None) if task == cases.CHOICE else (None,)
    inputs = {name: keras.Input(shape, dtype="int32", name=name) for name in IDS}
    outputs = model(inputs)
    around = keras.Model(inputs, dict(outputs))
    batch = cases.inputs(task, cases.case("right padding"))
    expected = model(batch)
    for name, value in around(batch).items():
        np.testing.assert_array_equal(value, expected[name])
        known = outputs[name].shape
        assert len(known) == len(value.shape)
        assert all(one in (None, two) for one, two in zip(known, value.shape, strict=True))
    last = {"CamembertModel": config.hidden_size, cases.SEQUENCE: 5, cases.CHOICE: cases.C}
    if task in last:
        assert outputs[0].shape[-1] == last[task]


def test_a_functional_model_with_two_outputs_learns_and_freezes():
    inner = backbone(hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0)
    inputs = symbolic()
    encoded = inner(inputs)
    topic = keras.layers.Dense(3, name="topic")(encoded.pooler_output)
    tags = keras.layers.Dense(4, name="tags")(encoded.last_hidden_state)
    model = keras.Model(inputs, {"topic": topic, "tags": tags})
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile("adam", loss={"topic": loss, "tags": loss}, run_eagerly=True)
    y = {"topic": np.array([0, 2]), "tags": np.array([[0, 1, 2, 3, 0, 1, 2], [3] * 7])}
    before = inner.to_arrays()
    model.fit(IDS, y, verbose=0)
    name = "encoder.layer.0.output.dense.weight"
    assert not np.array_equal(inner.to_arrays()[name], before[name])
    inner.trainable = False
    assert len(model.trainable_weights) == 4  # two dense layers
    model.compile("adam", loss={"topic": loss, "tags": loss}, run_eagerly=True)
    before = inner.to_arrays()
    model.fit(IDS, y, verbose=0)
    for name, array in inner.to_arrays().items():
        np.testing.assert_array_equal(array, before[name])


@keras.saving.register_keras_serializable("tests")
class Wrapper(keras.layers.Layer):
    """A layer of the user around a model."""

    def __init__(self, inner, **options):
        super().__init__(**options)
        self.inner = inner

    def call(self, inputs):
        return self.inner(inputs).last_hidden_state

    def get_config(self):
        return super().get_config() | {"inner": keras.saving.serialize_keras_object(self.inner)}

    @classmethod
    def from_config(cls, config):
        return cls(keras.saving.deserialize_keras_object(config.pop("inner")), **config)


class Outer(keras.Model):
    """A model of the user around a layer around a model."""

    def __init__(self, inner):
        super().__init__()
        self.wrapper = Wrapper(inner)
        self.scorer = keras.layers.Dense(1)

    def call(self, inputs):
        return self.scorer(self.wrapper(inputs))


def test_training_and_masks_reach_a_model_inside_a_layer_inside_a_model():
    inner = backbone(hidden_dropout_prob=0.5)
    model = Outer(inner)
    quiet = model(IDS)
    np.testing.assert_array_equal(quiet, model(IDS, training=False))
    assert not np.array_equal(quiet, model(IDS, training=True))
    expected = model.scorer(inner(IDS).last_hidden_state)
    np.testing.assert_array_equal(quiet, expected)
    other = {**IDS, "input_ids": np.where(IDS["attention_mask"] == 0, 50, IDS["input_ids"])}
    seen = IDS["attention_mask"] == 1
    np.testing.assert_allclose(
        np.asarray(model(other))[seen], np.asarray(quiet)[seen], rtol=0, atol=1e-5
    )


def test_models_stand_in_a_sequence():
    """First among layers inside a layer of the user, which picks a tensor, and last as they are."""
    config = cases.config(num_hidden_layers=1)
    arrays = cases.weights(config, cases.BARE, pooler=False)
    inner = tree.new(cases.BARE, config, arrays, "float32", add_pooling_layer=False)
    ids, labels = IDS["input_ids"], np.array([1, 0])
    model = keras.Sequential(
        [keras.Input((None,), dtype="int32"), Wrapper(inner), keras.layers.Dense(2)]
    )
    assert model.output_shape == (None, None, 2)
    np.testing.assert_array_equal(model(ids), model.layers[-1](inner(ids).last_hidden_state))
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile("adam", loss=loss, run_eagerly=True)
    before = inner.to_arrays()
    model.fit(ids, np.repeat(labels[:, None], cases.T, axis=1), verbose=0)
    assert any(not np.array_equal(array, before[name]) for name, array in inner.to_arrays().items())
    classifier = tree.new(cases.SEQUENCE, config, cases.weights(config, cases.SEQUENCE), "float32")
    model = keras.Sequential([keras.Input((None,), dtype="int32"), classifier])
    np.testing.assert_array_equal(model(ids).logits, classifier(ids).logits)


def test_a_functional_model_around_a_layer_is_saved_whole(tmp_path):
    inputs = symbolic()
    model = keras.Model(inputs, Wrapper(backbone())(inputs))
    model.save(tmp_path / "around.keras")
    loaded = keras.saving.load_model(tmp_path / "around.keras")
    np.testing.assert_array_equal(loaded(IDS), model(IDS))


@pytest.mark.parametrize("task", cases.TASKS)
def test_a_clone_has_the_same_shape_and_weights_of_its_own(task):
    config = cases.config("pruned")
    model = tree.new(task, config, cases.weights(config, task))
    clone = type(model).from_config(model.get_config())
    assert clone.config == model.config
    assert clone.config is not model.config
    assert clone.get_config() == model.get_config()
    clone.set_weights(model.get_weights())
    for name, array in clone.to_arrays().items():
        np.testing.assert_array_equal(array, model.to_arrays()[name])
    assert not {id(one) for one in clone.weights} & {id(one) for one in model.weights}


def test_a_clone_of_a_model_without_pooler_has_none():
    config = cases.config()
    model = tree.new(
        cases.BARE, config, cases.weights(config, cases.BARE, pooler=False), add_pooling_layer=False
    )
    clone = type(model).from_config(model.get_config())
    assert clone.roberta.pooler is None
    assert set(clone.variables_by_name()) == set(model.variables_by_name())


def test_a_tuner_builds_models_of_changed_values_and_finds_the_best():
    """As KerasTuner does: build by a function of the trial's values, fit, keep the best's file."""
    keras.utils.set_random_seed(1)
    plain = cases.config(
        num_hidden_layers=1, hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0
    )
    first = tree.new(cases.SEQUENCE, plain, cases.weights(plain, cases.SEQUENCE), "float32")
    y = np.array([1, 4])

    def build(values):
        described = first.get_config()
        described["config"] |= {"num_hidden_layers": values["layers"]}
        model = type(first).from_config(described)
        model.compile(keras.optimizers.SGD(values["rate"]), run_eagerly=True)
        return model

    trials = [{"layers": 1, "rate": 0.0}, {"layers": 2, "rate": 0.05}]
    models = [build(values) for values in trials]
    assert [len(one.roberta.encoder.layer) for one in models] == [1, 2]
    assert first.config == plain
    for model in models:
        losses = model.fit(IDS, y, epochs=3, verbose=0).history["loss"]
        assert (losses[-1] < losses[0]) == (model.optimizer.learning_rate > 0)


def test_keras_clones_a_model_alone_and_inside_another():
    inner = backbone(num_hidden_layers=1)
    alone = keras.models.clone_model(inner)
    assert alone.get_config() == inner.get_config()
    inputs = symbolic()
    model = keras.Model(inputs, keras.layers.Dense(3)(inner(inputs).last_hidden_state))

    def doubled(layer):
        """A clone of a layer; ours with twice the layers."""
        described = layer.get_config()
        if isinstance(layer, type(inner)):
            described["config"] |= {"num_hidden_layers": 2}
        return type(layer).from_config(described)

    same, other = keras.models.clone_model(model), keras.models.clone_model(model, None, doubled)
    same.set_weights(model.get_weights())
    np.testing.assert_array_equal(same(IDS), model(IDS))
    assert not {id(one) for one in same.weights} & {id(one) for one in model.weights}
    assert other(IDS).shape == (cases.B, cases.T, 3)
    assert len(other.weights) == len(model.weights) + 16  # those of a layer


def test_one_trace_serves_all_lengths_and_both_batches():
    model, traces = backbone(), []

    @tf.function(input_signature=[tf.TensorSpec([None, None], tf.int32)] * 2)
    def call(ids, mask):
        traces.append(1)
        return model(input_ids=ids, attention_mask=mask).last_hidden_state

    for rows, length in ((1, 1), (2, 3), (3, 17), (2, 8)):
        ids = cases.ids(model.config, cases.generator(rows, length), rows, length).astype("int32")
        mask = np.ones_like(ids)
        expected = model(input_ids=ids, attention_mask=mask).last_hidden_state
        np.testing.assert_allclose(call(ids, mask), expected, rtol=0, atol=1e-5)
    assert len(traces) == 1
