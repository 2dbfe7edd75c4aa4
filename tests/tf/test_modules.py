"""Layers are used as layers: adapters and other embeddings see every call."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import cases
import tree_tf as tree

IDS = np.array([[5, 9, 33, 7], [8, 71, 12, 6]], np.int32)
TABLES = ("word_embeddings", "position_embeddings", "token_type_embeddings")


def new(task: str, config: str = "plain", **overrides):
    settings = cases.config(config, **overrides)
    return tree.new(task, settings, cases.weights(settings, task))


class Doubled(keras.layers.Layer):
    """A table whose rows come out twice as large."""

    def __init__(self, base: keras.layers.Embedding) -> None:
        super().__init__(dtype="float64")
        self.base = base
        self.build(None)

    def call(self, ids: tf.Tensor) -> tf.Tensor:
        return 2.0 * self.base(ids)


def exchange(holder: keras.layers.Layer, name: str, layer: keras.layers.Layer) -> None:
    holder._tracker.unlock()
    holder._tracker.untrack(getattr(holder, name))
    setattr(holder, name, layer)
    holder._tracker.lock()


@pytest.mark.parametrize("name", TABLES)
def test_a_layer_around_an_embedding_is_seen(name):
    model, doubled = new(cases.MASKED), new(cases.MASKED)
    table = getattr(doubled.roberta.embeddings, name)
    table.embeddings.assign(2.0 * table.embeddings)
    holder = model.roberta.embeddings
    exchange(holder, name, Doubled(getattr(holder, name)))
    np.testing.assert_allclose(model(IDS).logits, doubled(IDS).logits, rtol=0, atol=1e-10)
    with pytest.raises(ValueError, match=rf"{name}\.weight must be of shape .*received"):
        model.to_arrays()


def test_a_layer_around_the_table_of_distances_is_seen():
    model, doubled = new(cases.BARE, "relative_key"), new(cases.BARE, "relative_key")
    holder = model.roberta.encoder.layer[1].attention.self
    table = doubled.roberta.encoder.layer[1].attention.self.distance_embedding
    table.embeddings.assign(2.0 * table.embeddings)
    exchange(holder, "distance_embedding", Doubled(holder.distance_embedding))
    expected = doubled(IDS).last_hidden_state
    np.testing.assert_allclose(model(IDS).last_hidden_state, expected, rtol=0, atol=1e-10)


@pytest.mark.parametrize("kind", ["Embedding", "ReversibleEmbedding"])
def test_embeddings_that_are_given_are_the_ones_used_and_the_tie_follows(kind, tmp_path):
    model, other = new(cases.MASKED), new(cases.MASKED)
    given = getattr(keras.layers, kind)(101, 24, dtype="float64", name="given")
    count = len(model.weights)
    model.set_input_embeddings(given)
    assert model.get_input_embeddings() is model.get_output_embeddings() is given
    assert len(model.weights) == count
    other.get_input_embeddings().embeddings.assign(given.embeddings)
    np.testing.assert_allclose(model(IDS).logits, other(IDS).logits, rtol=0, atol=1e-10)
    with tf.GradientTape() as tape:
        loss = model(IDS, labels=IDS).loss
    gradient = tf.convert_to_tensor(tape.gradient(loss, given.embeddings))
    assert np.abs(gradient[50]).sum() > 0  # a word of no text: from the decoder
    model.save_pretrained(tmp_path)
    loaded = type(model).from_pretrained(tmp_path, dtype="float64")
    np.testing.assert_allclose(loaded(IDS).logits, model(IDS).logits, rtol=0, atol=1e-10)
    model.load_arrays(new(cases.MASKED).to_arrays())
    np.testing.assert_allclose(model(IDS).logits, new(cases.MASKED)(IDS).logits, atol=1e-10)


@pytest.mark.parametrize("config", ["plain", "untied"])
def test_the_decoder_is_a_layer_that_can_be_called(config):
    model = new(cases.MASKED, config)
    decoder = model.get_output_embeddings()
    states = np.random.default_rng(3).normal(size=(5, 24))
    expected = states @ decoder.embeddings.numpy().T
    found = decoder(tf.constant(states), reverse=True)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-10)
    assert (decoder is model.get_input_embeddings()) == (config == "plain")


@pytest.mark.parametrize("config", ["plain", "untied"])
def test_low_rank_adapters_of_any_layer_are_saved_merged(config, tmp_path):
    model = new(cases.MASKED, config)
    before, random = model(IDS).logits, np.random.default_rng(5)
    layer = model.roberta.encoder.layer[1]
    adapted = [
        layer.intermediate.dense,
        layer.attention.self.query,
        model.lm_head.dense,
        model.get_output_embeddings(),
        model.roberta.embeddings.position_embeddings,
    ]
    for one in adapted:
        one.enable_lora(3)
        part = one.lora_kernel_b if hasattr(one, "lora_kernel_b") else one.lora_embeddings_b
        part.assign(random.normal(size=part.shape))
    expected = model(IDS).logits
    assert np.abs(expected - before).max() > 0.1
    model.save_pretrained(tmp_path)
    loaded = type(model).from_pretrained(tmp_path, dtype="float64")
    np.testing.assert_allclose(loaded(IDS).logits, expected, rtol=0, atol=1e-10)


def test_generation_calls_the_model_itself(monkeypatch):
    model, lengths = new(cases.CAUSAL, "decoder"), []
    call = type(model).call

    def counted(self, *args, **keywords):
        output = call(self, *args, **keywords)
        lengths.append(output.logits.shape[1])
        return output

    monkeypatch.setattr(type(model), "call", counted)
    model.generate(IDS, max_new_tokens=5)
    assert len(lengths) >= 2  # the prompt and a step, as they are traced
    assert set(lengths) <= {1, None}
