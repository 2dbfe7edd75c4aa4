"""``create_optimizer`` of both frameworks: the same groups, the same schedule, the same steps."""

import copy
from functools import partial

import keras
import numpy as np
import pytest
import torch
from tensorflow import GradientTape

import camembert_dual.pt.training.optimization as pt
import camembert_dual.tf.training.optimization as tf
import cases
import tree_pt
import tree_tf
from camembert_dual.training.schedules import linear_warmup_linear_decay

STEPS = 4
OPTIONS = {"learning_rate": 0.02, "total_steps": 9, "warmup_steps": 3, "weight_decay": 0.3}


@pytest.mark.parametrize("task", cases.TASKS)
def test_matrices_and_tables_decay_and_vectors_do_not(task):
    """Spelt by shape, not by name; without gradients only decay moves a weight."""
    config = cases.config("crossed, relative_key_query")
    arrays = cases.weights(config, task)
    options = OPTIONS | {"warmup_steps": 0}
    ours = tree_pt.new(task, config, arrays)
    optimizer, _ = pt.create_optimizer(ours, **options)
    for weight in ours.parameters():
        weight.grad = torch.zeros_like(weight)
    optimizer.step()
    theirs = tree_tf.new(task, config, arrays)
    weights = theirs.trainable_variables
    tf.create_optimizer(**options).apply([keras.ops.zeros_like(one) for one in weights], weights)
    for model in (ours, theirs):
        for name, array in model.to_arrays().items():
            shrunk = arrays[name] * (1 - 0.02 * 0.3 * (array.ndim > 1))
            np.testing.assert_allclose(array, shrunk, rtol=0, atol=1e-8, err_msg=name)


def test_the_schedule_in_the_graph_is_the_neutral_one():
    schedule = tf.WarmupThenDecay(0.02, 3, 9)
    found = [float(schedule(step)) for step in range(12)]
    expected = [
        0.02 * linear_warmup_linear_decay(step, warmup_steps=3, total_steps=9) for step in range(12)
    ]
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-12)
    assert float(tf.WarmupThenDecay(0.02, 0, 9)(0)) == pytest.approx(0.02)


def test_a_schedule_that_never_falls_is_refused():
    config = cases.config()
    model = tree_pt.new(cases.TOKEN, config, cases.weights(config, cases.TOKEN))
    for create in (partial(pt.create_optimizer, model), tf.create_optimizer):
        with pytest.raises(ValueError, match="at least 0 and below total_steps=3"):
            create(0.02, total_steps=3, warmup_steps=3)


@pytest.mark.parametrize("longest", [0.05, None], ids=["clipped", "unclipped"])
def test_steps_end_at_the_same_weights(longest):
    config = cases.config(hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0)
    arrays = cases.weights(config, cases.TOKEN)
    batch = cases.padded(config, cases.generator("steps"), cases.B, cases.RIGHT)
    labels = cases.token_labels("num_labels")(config, cases.generator("labels"))
    ours = tree_pt.new(cases.TOKEN, config, arrays)
    optimizer, schedule = pt.create_optimizer(ours, **OPTIONS, max_gradient_norm=longest)
    for _ in range(4):
        given = {name: torch.tensor(value) for name, value in (batch | labels).items()}
        optimizer.zero_grad()
        ours(**given).loss.backward()
        optimizer.step()
        schedule.step()
    theirs = tree_tf.new(cases.TOKEN, config, arrays)
    theirs.compile(tf.create_optimizer(**OPTIONS, max_gradient_norm=longest))
    theirs.fit(batch | labels, epochs=4, batch_size=cases.B, shuffle=False, verbose=0)
    expected, found = ours.to_arrays(), theirs.to_arrays()
    moved = max(np.abs(expected[name] - arrays[name]).max() for name in arrays)
    assert moved > 0.01
    for name, array in expected.items():
        np.testing.assert_allclose(found[name], array, rtol=0, atol=1e-6, err_msg=name)


def fit(model, optimizer, batch):
    model.compile(optimizer)
    model.fit(batch, epochs=STEPS, batch_size=cases.B, shuffle=False, verbose=0)


def train_on_batch(model, optimizer, batch):
    model.compile(optimizer)
    for _ in range(STEPS):
        model.train_on_batch(batch)


def loop(model, optimizer, batch):
    for _ in range(STEPS):
        with GradientTape() as tape:
            loss = model(batch, training=True).loss
        weights = model.trainable_variables
        optimizer.apply(tape.gradient(loss, [one.value for one in weights]), weights)


@pytest.mark.parametrize("train", [fit, train_on_batch, loop])
@pytest.mark.parametrize("task", [cases.TOKEN, cases.MASKED])
@pytest.mark.parametrize("name", ["Adam", "AdamW"])
def test_optimizers_of_keras_move_tables_as_those_of_torch(name, task, train):
    """On texts that repeat tokens; epsilon is small, as the two add it at different places.

    So the bias of a key, whose gradient is rounding alone, moves by what rounding is divided by.
    """
    config = cases.config(hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0)
    arrays = cases.weights(config, task)
    batch = cases.padded(config, cases.generator("repeated"), cases.B, cases.RIGHT)
    batch["input_ids"][:, 1:4] = 17
    size = "num_labels" if task == cases.TOKEN else "vocab_size"
    batch |= cases.token_labels(size)(config, cases.generator("labels"))
    ours = tree_pt.new(task, config, arrays)
    optimizer = getattr(torch.optim, name)(ours.parameters(), 1e-3, eps=1e-13)
    for _ in range(STEPS):
        given = {name: torch.tensor(value) for name, value in batch.items()}
        optimizer.zero_grad()
        ours(**given).loss.backward()
        optimizer.step()
    theirs = tree_tf.new(task, config, arrays)
    options = {"weight_decay": 0.01} if name == "AdamW" else {}
    train(theirs, getattr(keras.optimizers, name)(1e-3, epsilon=1e-13, **options), batch)
    expected, found = ours.to_arrays(), theirs.to_arrays()
    words = "roberta.embeddings.word_embeddings.weight"
    assert np.abs(expected[words][17] - arrays[words][17]).min() > 1e-4
    for name, array in expected.items():
        limit = 1e-5 if name.endswith("key.bias") else 1e-6
        np.testing.assert_allclose(found[name], array, rtol=0, atol=limit, err_msg=name)


def test_a_saved_optimizer_keeps_its_schedule_and_its_groups():
    made = tf.create_optimizer(**OPTIONS)
    loaded = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(made))
    assert loaded.get_config() == made.get_config()
    loaded.iterations.assign(3)  # the peak
    bias = keras.Variable(np.ones(3), name="bias")
    loaded.apply([np.zeros(3)], [bias])
    np.testing.assert_array_equal(bias, np.ones(3))


def length_of(weights):
    return float(torch.linalg.vector_norm(torch.cat([one.grad.flatten() for one in weights])))


def test_clipping_covers_what_is_added_copied_and_loaded():
    model, added = torch.nn.Linear(3, 4), torch.nn.Parameter(torch.ones(7))
    options = OPTIONS | {"max_gradient_norm": 0.5}
    optimizer, _ = pt.create_optimizer(model, **options)
    optimizer.add_param_group({"params": [added]})
    loaded, _ = pt.create_optimizer(model, **options | {"max_gradient_norm": 70.0})
    loaded.add_param_group({"params": [added]})
    loaded.load_state_dict(optimizer.state_dict())
    of_before = optimizer.state_dict()
    for group in of_before["param_groups"]:
        group.pop("max_gradient_norm")
    resumed, _ = pt.create_optimizer(model, **options)
    resumed.add_param_group({"params": [added]})
    resumed.load_state_dict(of_before)
    for one in (optimizer, copy.deepcopy(optimizer), loaded, resumed):
        weights = [weight for group in one.param_groups for weight in group["params"]]

        def closure(weights=weights):
            for weight in weights:
                weight.grad = torch.full_like(weight, 9.0)
            return 3.0

        closure()
        one.step()
        assert length_of(weights) == pytest.approx(0.5)
        assert one.step(closure) == one.step(closure=closure) == 3.0
        assert length_of(weights) == pytest.approx(0.5)


def test_clipping_is_a_part_of_the_other_framework_s_optimizer_too():
    made = tf.create_optimizer(**OPTIONS, max_gradient_norm=0.5)
    for one in (made, copy.deepcopy(made), type(made).from_config(made.get_config())):
        assert one.global_clipnorm == 0.5
