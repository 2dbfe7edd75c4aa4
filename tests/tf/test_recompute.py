"""Gradient checkpointing: the same loss, gradients and dropout draws as without it."""

import gc
import weakref

import keras
import numpy as np
import pytest
import tensorflow as tf

import cases
import tree_tf as tree

DROPPING = {"hidden_dropout_prob": 0.3, "attention_probs_dropout_prob": 0.2}


def training(config_name: str, checkpointing: bool, dtype: str = "float64", **overrides):
    """A masked language model that drops, from fixed weights and seeds, and a batch."""
    config = cases.config(config_name, **DROPPING, **overrides)
    keras.utils.set_random_seed(3)
    model = tree.new(cases.MASKED, config, cases.weights(config, cases.MASKED), dtype)
    if checkpointing:
        model.gradient_checkpointing_enable()
    batch = cases.inputs(cases.MASKED, cases.case("right padding"))
    batch |= cases.token_labels("vocab_size")(config, cases.generator("recompute"))
    return model, {name: tf.constant(value) for name, value in batch.items()}


def seeds(model: keras.Model):
    weights = {id(weight) for weight in model.weights}
    return [one.numpy() for one in model.variables if id(one) not in weights]


def two_steps(config_name: str, mode: str, checkpointing: bool):
    """Losses, attentions and gradients of two calls, and the seeds after them."""
    model, batch = training(config_name, checkpointing)
    weights = [weight.value for weight in model.trainable_weights]

    def step():
        with tf.GradientTape() as tape:
            output = model(**batch, training=True, output_attentions=True)
        gradients = tape.gradient(output.loss, weights, unconnected_gradients="zero")
        return output.loss, *output.attentions, *map(tf.convert_to_tensor, gradients)

    if mode != "eager":
        step = tf.function(step, jit_compile=mode == "compiled by XLA")
    return [tensor.numpy() for _ in range(2) for tensor in step()], seeds(model)


@pytest.mark.parametrize(
    ("config_name", "mode"),
    [("plain", "eager"), ("plain", "compiled by XLA"), ("relative_key_query", "graph")],
)
def test_gradients_with_dropout_are_those_without_checkpointing(config_name, mode):
    expected, expected_seeds = two_steps(config_name, mode, checkpointing=False)
    actual, actual_seeds = two_steps(config_name, mode, checkpointing=True)
    for one, other in zip(expected, actual, strict=True):
        np.testing.assert_allclose(one, other, rtol=0, atol=1e-13)
    assert not np.array_equal(expected[0], expected[len(expected) // 2])  # dropout was at work
    for one, other in zip(expected_seeds, actual_seeds, strict=True):
        np.testing.assert_array_equal(one, other)


def test_fit_ends_at_the_same_weights():
    ends = []
    for checkpointing in (False, True):
        model, batch = training("plain", checkpointing, num_hidden_layers=1)
        # at 1 epsilon a rounding error cannot be scaled up to a step of its own
        model.compile(keras.optimizers.Adam(1e-2, epsilon=1.0))
        model.fit(batch, batch_size=1, shuffle=False, verbose=0)
        ends.append(model.to_arrays())
    for name, array in ends[0].items():
        np.testing.assert_allclose(array, ends[1][name], rtol=0, atol=1e-12)


def test_evaluation_is_not_checkpointed():
    model, batch = training("plain", checkpointing=True)
    before = seeds(model)
    assert np.array_equal(model(**batch).logits, model(**batch).logits)
    for one, other in zip(before, seeds(model), strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("checkpointing", [False, True])
def test_inner_values_are_let_go_until_the_gradient_needs_them(checkpointing):
    model, batch = training("plain", checkpointing)
    wide = []
    for layer in model.roberta.encoder.layer:
        activation = layer.intermediate.activation

        def watched(states, activation=activation):
            states = activation(states)
            wide.append(weakref.ref(states))
            return states

        layer.intermediate.activation = watched
    layers = model.config.num_hidden_layers
    with tf.GradientTape() as tape:
        loss = model(**batch, training=True).loss
    gc.collect()
    assert [one() is None for one in wide] == [checkpointing] * layers
    tape.gradient(loss, [weight.value for weight in model.trainable_weights])
    assert len(wide) == (2 * layers if checkpointing else layers)
