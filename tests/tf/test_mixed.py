"""Half precision and XLA: no NaN anywhere, close to float32, training included."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import cases
import reference
import tree_tf as tree

BATCH = cases.inputs(cases.TOKEN, cases.case("a row that is all padding"))
LABELS = cases.token_labels("num_labels")(cases.config(), cases.generator("mixed"))
NO_DROPOUT = {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0}


def new(policy: str, **overrides):
    """A model of a policy, with float32 weights."""
    config = cases.config(**NO_DROPOUT, **overrides)
    model = tree.tree.TFCamembertForTokenClassification(config, dtype=policy)
    arrays = cases.weights(config, cases.TOKEN)
    model.load_arrays({name: array.astype("float32") for name, array in arrays.items()})
    return model


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16", "bfloat16", "float16"])
def test_half_precision_is_close_to_float32_and_has_no_nan(policy):
    full, half = new("float32")(**BATCH, **LABELS), new(policy)(**BATCH, **LABELS)
    assert half.logits.dtype == policy.removeprefix("mixed_")
    assert half.loss.dtype == "float32"
    found = tf.cast(half.logits, "float32").numpy()
    assert np.isfinite(found).all()
    scale = np.abs(full.logits).max()
    np.testing.assert_allclose(found, full.logits, rtol=0, atol=2e-2 * scale)
    np.testing.assert_allclose(half.loss, full.loss, rtol=3e-2)


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16"])
@pytest.mark.parametrize("checkpointing", [False, True], ids=["kept", "recomputed"])
def test_fit_in_half_precision_learns_without_nan(policy, checkpointing):
    model = new(policy, num_hidden_layers=1)
    if checkpointing:
        model.gradient_checkpointing_enable()
    model.compile(keras.optimizers.Adam(1e-3))
    scaled = isinstance(model.optimizer, keras.optimizers.LossScaleOptimizer)
    assert scaled == (policy == "mixed_float16")
    losses = model.fit(BATCH, LABELS["labels"], epochs=12, verbose=0).history["loss"]
    assert np.isfinite(losses).all()
    assert losses[-1] < losses[0]
    assert all(np.isfinite(array).all() for array in model.to_arrays().values())
    assert all(weight.dtype == "float32" for weight in model.weights)


@pytest.mark.parametrize("task", cases.TASKS)
def test_xla_answers_as_eager_does(task):
    config = cases.config(is_decoder=task == cases.CAUSAL)
    model = tree.new(task, config, cases.weights(config, task))
    batch = cases.inputs(task, cases.case("left padding"))
    batch = {name: tf.constant(value) for name, value in batch.items()}
    compiled = tf.function(lambda: dict(model(**batch, **cases.ALL_OUTPUTS)), jit_compile=True)
    expected, found = (
        cases.stages(call(), tree.as_array)
        for call in (lambda: model(**batch, **cases.ALL_OUTPUTS), compiled)
    )
    assert reference.first_difference(expected, found, 1e-10) is None


def test_a_step_compiled_by_xla_equals_eager():
    ends = []
    for compiled in (False, True):
        model = new("float32")
        weights = [weight.value for weight in model.trainable_weights]

        def step(model=model, weights=weights):
            given = {name: tf.constant(value) for name, value in (BATCH | LABELS).items()}
            with tf.GradientTape() as tape:
                output = model(**given, training=True)
            gradients = tape.gradient(output.loss, weights, unconnected_gradients="zero")
            return output.loss, output.logits, *map(tf.convert_to_tensor, gradients)

        run = tf.function(step, jit_compile=True) if compiled else step
        ends.append([tensor.numpy() for tensor in run()])
    for expected, found in zip(*ends, strict=True):
        assert np.isfinite(found).all()
        np.testing.assert_allclose(found, expected, rtol=0, atol=2e-5)
