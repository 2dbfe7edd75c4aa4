"""The dense layer is Keras' own in all but the operations: every feature of it works as there."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import cases
from camembert_dual.tf.layers import dense

# Keras quantises in a way that NumPy 2 warns of
pytestmark = pytest.mark.filterwarnings(
    "ignore:__array__ implementation doesn't accept a copy keyword:DeprecationWarning"
)
SHAPES = [(2, 24), (2, 7, 24), (2, 4, 7, 24)]


def pair(dtype: str = "float32"):
    """Our layer and Keras' with the same weights."""
    ours = dense(24, 35, cases.config(), name="dense", dtype=dtype)
    theirs = keras.layers.Dense(35, dtype=dtype)
    ours.build()
    theirs.build((None, 24))
    draw = cases.generator("dense").normal
    for layer in (ours, theirs):
        layer.set_weights([draw(size=(24, 35)), draw(size=35)] if layer is ours else ours.weights)
    return ours, theirs


def states(shape, dtype: str = "float32"):
    return tf.constant(cases.generator("states", *shape).normal(size=shape), dtype)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("sizes", ["known", "unknown"])
def test_values_and_gradients_are_those_of_keras(shape, sizes):
    ours, theirs = pair("float64")
    given = states(shape, "float64")
    spec = given.shape if sizes == "known" else [None] * (len(shape) - 1) + [24]
    found = []
    for layer in (ours, theirs):

        @tf.function(input_signature=[tf.TensorSpec(spec, tf.float64)], autograph=False)
        def run(given, layer=layer):
            with tf.GradientTape() as tape:
                tape.watch(given)
                result = layer(given)
                loss = tf.reduce_sum(tf.sin(result))
            return result, tape.gradient(loss, [given, *layer.trainable_variables])

        found.append(tf.nest.flatten(run(given)))
    for mine, other in zip(*found, strict=True):
        np.testing.assert_allclose(mine, other, rtol=0, atol=1e-12)


def test_a_symbolic_call_gives_the_shape_that_keras_gives():
    ours, theirs = pair()
    given = keras.Input((None, 24))
    assert ours(given).shape == theirs(given).shape == (None, None, 35)


def test_low_rank_adapters_train_alone_and_are_added():
    ours, theirs = pair()
    for layer in (ours, theirs):
        layer.enable_lora(3, a_initializer="ones", b_initializer="ones")
    given = states((2, 7, 24))
    np.testing.assert_allclose(ours(given), theirs(given), rtol=0, atol=1e-4)
    names = [one.name for one in ours.trainable_variables]
    assert sorted(names) == ["bias", "lora_kernel_a", "lora_kernel_b"]


@pytest.mark.parametrize("mode", ["int8", "int4"])
def test_a_quantised_layer_answers_as_keras_own(mode):
    ours, theirs = pair()
    given = states((2, 7, 24))
    for layer in (ours, theirs):
        layer.quantize(mode, type_check=False)  # Keras refuses subclasses by itself
    np.testing.assert_allclose(ours(given), theirs(given), rtol=0, atol=1e-4)


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16"])
def test_a_mixed_policy_computes_in_half_and_keeps_whole_weights(policy):
    ours, theirs = pair(policy)
    result = ours(states((2, 7, 24)))
    assert result.dtype == theirs(states((2, 7, 24))).dtype
    assert ours.kernel.dtype == "float32"
    np.testing.assert_allclose(tf.cast(result, "float32"), theirs(states((2, 7, 24))), atol=0.3)


def test_a_compiled_product_gives_the_same():
    ours, theirs = pair()
    given = states((2, 7, 24))
    compiled = tf.function(ours, jit_compile=True)
    np.testing.assert_allclose(compiled(given), theirs(given), rtol=0, atol=1e-4)


def test_a_product_of_unknown_sizes_takes_few_operations():
    ours, _ = pair()
    spec = tf.TensorSpec([None, None, 24], tf.float32)
    graph = tf.function(ours, autograph=False).get_concrete_function(spec).graph
    kinds = [one.type for one in graph.get_operations()]
    assert kinds.count("MatMul") == 1
    assert not {"Prod", "GatherV2", "ConcatV2"} & set(kinds)
