"""Embedding tables train as any other weight, however often a batch repeats a row.

Keras 3.15 takes the gradient of a looked-up table as slices, one for each id, and squares them
before it sums them.
"""

import keras
import numpy as np
import pytest
import tensorflow as tf

import cases
import tree_tf as tree
from camembert_dual.tf.layers import embedding

IDS = np.array([[1, 1, 2], [5, 1, 2]])
OPTIMIZERS = {
    "SGD": lambda: keras.optimizers.SGD(0.1, momentum=0.9),
    "Adam": lambda: keras.optimizers.Adam(0.1),
    "AdamW": lambda: keras.optimizers.AdamW(0.1),
    "Nadam": lambda: keras.optimizers.Nadam(0.1),
    "Adamax": lambda: keras.optimizers.Adamax(0.1),
    "RMSprop": lambda: keras.optimizers.RMSprop(0.1),
    "Adagrad": lambda: keras.optimizers.Adagrad(0.1),
    "Adadelta": lambda: keras.optimizers.Adadelta(0.1),
    "Lamb": lambda: keras.optimizers.Lamb(0.1),
    "Lion": lambda: keras.optimizers.Lion(0.1),
    "clipped": lambda: keras.optimizers.Adam(0.1, global_clipnorm=0.3),
}


def new_table(values):
    """Our layer (7, 3) with the values given."""
    layer = embedding(*values.shape, cases.config(), name="table", dtype="float64")
    layer.build()
    layer.embeddings.assign(values)
    return layer


def own_rows(layer):
    return layer(IDS)


def multiplied_rows(layer):
    """The same rows by a product with ones and zeros, whose gradient is a whole table."""
    return tf.one_hot(IDS, 7, dtype="float64") @ tf.convert_to_tensor(layer.embeddings)


def keras_rows(layer):
    return keras.layers.Embedding.call(layer, IDS)


def trained(rows_of, optimizer, strategy):
    """The table after three steps."""
    generator = cases.generator("tables")
    values, factors = generator.normal(size=(7, 3)), generator.normal(size=(*IDS.shape, 3))
    with strategy.scope():
        layer, optimizer = new_table(values), OPTIMIZERS[optimizer]()
        optimizer.build([layer.embeddings])

    def step() -> None:
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(tf.square(rows_of(layer)) * factors)
        gradients = tape.gradient(loss, [layer.embeddings.value])
        optimizer.apply(gradients, [layer.embeddings])

    for _ in range(3):
        tf.function(lambda: strategy.run(step))()
    return layer.embeddings.numpy()


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("strategy", ["default", "one device", "mirrored"])
def test_every_optimizer_moves_our_table_as_one_with_dense_gradients(optimizer, strategy):
    strategy = {
        "default": tf.distribute.get_strategy,
        "one device": lambda: tf.distribute.OneDeviceStrategy("CPU:0"),
        "mirrored": lambda: tf.distribute.MirroredStrategy(["CPU:0"]),
    }[strategy]()
    expected = trained(multiplied_rows, optimizer, strategy)
    np.testing.assert_allclose(trained(own_rows, optimizer, strategy), expected, rtol=0, atol=1e-10)


def test_the_check_sees_slices_that_are_squared_before_they_are_summed():
    strategy = tf.distribute.get_strategy()
    expected = trained(multiplied_rows, "Adam", strategy)
    assert np.abs(trained(keras_rows, "Adam", strategy) - expected).max() > 1e-3


@pytest.mark.parametrize(
    ("task", "kind"),
    [
        (cases.BARE, "relative_key_query"),
        (cases.CAUSAL, "decoder"),
        (cases.SEQUENCE, "plain"),
        (cases.CHOICE, "plain"),
    ],
)
@pytest.mark.parametrize("checkpointing", [False, True], ids=["kept", "recomputed"])
def test_no_gradient_of_a_model_is_a_list_of_slices(task, kind, checkpointing):
    config = cases.config(kind)
    model = tree.new(task, config, cases.weights(config, task))
    if checkpointing:
        model.gradient_checkpointing_enable()
    inputs = cases.inputs(task, cases.case("right padding"))
    inputs["token_type_ids"] = np.zeros_like(inputs["input_ids"])

    def gradients():
        with tf.GradientTape() as tape:
            output = model(inputs, training=True, return_dict=True)
            scores = [output[name] for name in output if "logits" in name or "pooler" in name]
            loss = tf.add_n([tf.reduce_sum(tf.square(one)) for one in scores])
        return tape.gradient(loss, [one.value for one in model.trainable_variables])

    for found in (gradients(), tf.function(gradients)()):
        tables = [
            one
            for variable, one in zip(model.trainable_variables, found, strict=True)
            if "word_embeddings" in variable.path
        ]
        assert len(tables) == 1
        assert not [one for one in found if isinstance(one, tf.IndexedSlices)]
        assert np.abs(tables[0]).max() > 0
