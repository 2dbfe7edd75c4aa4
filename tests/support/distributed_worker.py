"""Train a tiny tagger under a strategy and keep its weights: ``STRATEGY FILE``."""

import os
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")

import numpy as np
import tensorflow as tf

EPOCHS = 3


def strategy_of(name: str) -> tf.distribute.Strategy:
    """One device, two logical ones, or one of several processes; before anything else is made."""
    if name == "multiworker":
        return tf.distribute.MultiWorkerMirroredStrategy()
    if name == "mirrored":
        host = tf.config.list_physical_devices("CPU")[0]
        halves = [tf.config.LogicalDeviceConfiguration()] * 2
        tf.config.set_logical_device_configuration(host, halves)
        return tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
    return tf.distribute.get_strategy()


def fit_on_machines(model, data, strategy) -> None:
    """What ``fit`` does; Keras 3.15's own loop cannot start in several processes."""
    with strategy.scope():
        model.optimizer.build(model.trainable_variables)
    step = tf.function(lambda batch: strategy.run(model.train_step, args=(batch,)))
    shared = strategy.experimental_distribute_dataset(data)
    for _ in range(EPOCHS):
        for batch in shared:
            step(batch)


def main(name: str, path: str) -> None:
    """Train."""
    strategy = strategy_of(name)
    import cases
    from camembert_dual.tf import TFCamembertForTokenClassification, create_optimizer

    config = cases.config(hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0)
    with strategy.scope():
        # the gradient of a key's bias is rounding alone, which Adam would scale up in float32
        model = TFCamembertForTokenClassification(config, dtype="float64")
        arrays = cases.weights(config, cases.TOKEN)
        model.load_arrays(arrays)
        model.compile(create_optimizer(1e-2, total_steps=5, weight_decay=0.1))
    random = cases.generator("distributed")
    batch = cases.padded(config, random, 4, cases.RIGHT)
    labels = random.integers(0, 5, (4, cases.T))
    labels[2:, 1:] = -100  # the second half has few labels
    data = tf.data.Dataset.from_tensor_slices((batch, labels)).batch(4)
    if name == "multiworker":
        fit_on_machines(model, data, strategy)
    else:
        model.fit(data, epochs=EPOCHS, shuffle=False, verbose=0)
    np.savez(path, **model.to_arrays())


if __name__ == "__main__":
    main(*sys.argv[1:])
