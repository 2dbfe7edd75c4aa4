"""The published optimiser for TensorFlow, against its formulas in NumPy."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from camembert_dual import (
    AdamWeightDecay,
    CamembertConfig,
    GradientAccumulator,
    TFCamembertForSequenceClassification,
    WarmUp,
    create_optimizer,
)

PEAK, WARMUP, TOTAL = 0.05, 3, 11


def expected_rate(step, last=0.0, power=1.0):
    if step < WARMUP:
        return PEAK * step / WARMUP
    left = max(0.0, 1 - (step - WARMUP) / (TOTAL - WARMUP))
    return last + (PEAK - last) * left**power


@pytest.mark.parametrize(("ratio", "power"), [(0.0, 1.0), (0.2, 2.0)])
def test_the_rate_rises_and_falls(ratio, power):
    _, schedule = create_optimizer(PEAK, TOTAL, WARMUP, min_lr_ratio=ratio, power=power)
    found = [float(schedule(step)) for step in range(TOTAL + 4)]
    expected = [expected_rate(step, PEAK * ratio, power) for step in range(TOTAL + 4)]
    np.testing.assert_allclose(found, expected, rtol=2e-6)
    again = type(schedule).from_config(schedule.get_config())
    np.testing.assert_array_equal([float(again(step)) for step in range(TOTAL + 4)], found)


def test_without_rise_or_decay_it_is_kerass_own():
    optimizer, schedule = create_optimizer(PEAK, TOTAL, 0)
    assert type(optimizer) is keras.optimizers.Adam
    assert type(schedule) is keras.optimizers.schedules.PolynomialDecay
    with pytest.raises(ValueError, match=r"warmup_steps must be at least 1; received 0\."):
        WarmUp(PEAK, schedule, 0)


def test_a_rise_may_be_curved():
    schedule = WarmUp(0.5, lambda step: 0.5 - step / 100, 4, power=2.0)
    np.testing.assert_allclose(
        [float(schedule(step)) for step in range(7)],
        [0.0, 0.03125, 0.125, 0.28125, 0.5, 0.49, 0.48],
        rtol=1e-6,
    )


def adam(weight, gradients, decay, epsilon=1e-8):
    """Adam of Kingma and Ba 2015, its section 2 form, with decay before each step, in NumPy."""
    mean = square = 0.0
    for step, gradient in enumerate(gradients):
        rate = expected_rate(step)
        mean = 0.9 * mean + 0.1 * gradient
        square = 0.999 * square + 0.001 * gradient**2
        scale = rate * np.sqrt(1 - 0.999 ** (step + 1)) / (1 - 0.9 ** (step + 1))
        weight = weight - rate * decay * weight - scale * mean / (np.sqrt(square) + epsilon)
    return weight


def test_weights_decay_but_for_biases_and_normalisations():
    rng = np.random.default_rng(5)
    gradients = rng.normal(size=(6, 4))
    start = rng.normal(size=4)
    optimizer, _ = create_optimizer(PEAK, TOTAL, WARMUP, weight_decay_rate=0.3)
    assert type(optimizer) is AdamWeightDecay
    paths = {"encoder/kernel": 0.3, "encoder/bias": 0.0, "layer/LayerNorm/gamma": 0.0}
    variables = []
    for path in paths:
        variables.append(keras.Variable(start, dtype="float64", name=path.split("/")[-1]))
        variables[-1]._path = path
    for one in gradients:
        optimizer.apply([tf.constant(one)] * 3, variables)
    for variable, decay in zip(variables, paths.values(), strict=True):
        np.testing.assert_allclose(variable.numpy(), adam(start, gradients, decay), rtol=1e-5)


def test_patterns_of_names_choose_and_the_optimiser_is_saved_with_them():
    optimizer, _ = create_optimizer(
        PEAK, TOTAL, WARMUP, weight_decay_rate=0.3, include_in_weight_decay=["out_proj/bias"]
    )
    again = keras.optimizers.deserialize(keras.optimizers.serialize(optimizer))
    assert type(again) is AdamWeightDecay
    assert again.weight_decay == 0.3
    config = CamembertConfig(
        vocab_size=23, hidden_size=12, num_hidden_layers=1, num_attention_heads=3
    )
    model = TFCamembertForSequenceClassification(config)
    for one in (optimizer, again):
        one.build(model.trainable_variables)
        decays = {weight.path for weight in model.weights if one._use_weight_decay(weight)}
        undecayed = {weight.path for weight in model.weights} - decays
        ends = {path.split("/")[-1] for path in undecayed}
        assert ends == {"bias", "gamma", "beta"}
        (one_bias,) = [path for path in decays if path.split("/")[-1] in ends]
        assert one_bias.endswith("classifier/out_proj/bias")


def test_fit_runs_on_it():
    config = CamembertConfig(
        vocab_size=23, hidden_size=12, num_hidden_layers=1, num_attention_heads=3
    )
    model = TFCamembertForSequenceClassification(config)
    optimizer, schedule = create_optimizer(PEAK, 4, 2, weight_decay_rate=0.01)
    model.compile(optimizer)
    ids, labels = np.array([[0, 7, 9, 2], [0, 8, 5, 2]]), np.array([0, 1])
    model.fit({"input_ids": ids, "labels": labels}, epochs=3, batch_size=2, verbose=0)
    assert int(optimizer.iterations) == 3
    np.testing.assert_allclose(float(optimizer.learning_rate), float(schedule(3)), rtol=1e-6)


@pytest.mark.parametrize("wrap", [lambda function: function, tf.function])
def test_gradients_are_added_up_until_they_are_reset(wrap):
    accumulator = GradientAccumulator()
    with pytest.raises(ValueError, match=r"must be added before they are read; received none\.$"):
        accumulator.gradients  # noqa: B018
    add = wrap(accumulator.__call__)
    for factor in (1.0, 2.5):
        add([tf.constant([1.0, -2.0]) * factor, None, tf.ones((3, 1)) * factor])
    first, second, third = accumulator.gradients
    assert first.numpy().tolist() == [3.5, -7.0]
    assert second is None
    assert third.numpy().tolist() == [[3.5]] * 3
    assert accumulator.step.numpy() == 2
    with pytest.raises(ValueError, match=r"must be 3 as before; received 1\.$"):
        accumulator([tf.ones(2)])
    accumulator.reset()
    assert (accumulator.step.numpy(), accumulator.gradients[0].numpy().tolist()) == (0, [0, 0])
