"""The Keras layer of vectors gives what the neutral function gives, also from a SavedModel."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import cases
import tree_tf as tree
from camembert_dual.tasks.feature_extraction import normalised, pool
from camembert_dual.tf import SentencePooling

MASK = np.array([[1, 1, 1, 0, 0], [0, 1, 1, 1, 1], [1, 0, 0, 0, 0]])


@pytest.mark.parametrize("normalize", [False, True])
@pytest.mark.parametrize("pooling", ["mean", "cls", "max"])
def test_a_layer_pools_as_the_function(pooling, normalize):
    states = cases.generator("pooling").normal(size=(3, 5, 7)).astype(np.float32)
    layer = SentencePooling(pooling, normalize)
    twin = SentencePooling.from_config(layer.get_config())
    expected = pool(states, MASK, pooling)
    expected = normalised(expected) if normalize else expected
    for one in (layer, twin):
        np.testing.assert_allclose(one(states, MASK), expected, rtol=0, atol=1e-6)


def test_a_saved_model_gives_vectors(tmp_path):
    config = cases.config()
    model = tree.new(cases.BARE, config, cases.weights(config, cases.BARE), "float32")
    ids = keras.Input((None,), dtype="int32", name="input_ids")
    mask = keras.Input((None,), dtype="int32", name="attention_mask")
    states = model(input_ids=ids, attention_mask=mask).last_hidden_state
    vectors = SentencePooling("mean", normalize=True)(states, mask)
    whole = keras.Model([ids, mask], vectors)
    whole.export(tmp_path / "vectors", verbose=False)
    inputs = [cases.generator("texts").integers(6, 101, MASK.shape).astype(np.int32)]
    inputs += [MASK.astype(np.int32)]
    loaded = tf.saved_model.load(tmp_path / "vectors")
    plain = model(input_ids=inputs[0], attention_mask=inputs[1]).last_hidden_state
    expected = normalised(pool(plain.numpy(), MASK, "mean"))
    np.testing.assert_allclose(loaded.serve(inputs), expected, rtol=0, atol=1e-5)


def test_another_pooling_is_refused():
    with pytest.raises(ValueError, match=r"pooling must be one of mean, cls, max; received 'sum'"):
        SentencePooling("sum")
