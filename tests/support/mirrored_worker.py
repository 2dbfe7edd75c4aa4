"""Train a tiny tagger on one device and on two logical ones, in one process: ``FILE``.

The file keeps the weights of both, in half precision the losses too, by ``policy/device/name``.
"""

import os
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")

import keras
import numpy as np
import tensorflow as tf

from distributed_worker import weights_after


def trained(strategy: tf.distribute.Strategy, policy: str, accumulation: int | None = None):
    """The losses and the weights after three epochs."""
    import cases
    from camembert_dual.tf import TFCamembertForTokenClassification

    config = cases.config(
        hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0, num_hidden_layers=1
    )
    with strategy.scope():
        model = TFCamembertForTokenClassification(config, dtype=policy)
        arrays = cases.weights(config, cases.TOKEN)
        model.load_arrays({name: array.astype("float32") for name, array in arrays.items()})
        model.compile(keras.optimizers.SGD(0.1, gradient_accumulation_steps=accumulation))
    random = cases.generator("mirrored")
    batch = cases.padded(config, random, 8, cases.RIGHT)
    labels = random.integers(0, 5, (8, cases.T))
    labels[2:4, 1:] = -100
    data = tf.data.Dataset.from_tensor_slices((batch, labels)).batch(4)
    losses = model.fit(data, epochs=3, shuffle=False, verbose=0).history["loss"]
    return {"losses": np.array(losses), **model.to_arrays()}


def main(path: str) -> None:
    """Train."""
    host = tf.config.list_physical_devices("CPU")[0]
    halves = [tf.config.LogicalDeviceConfiguration()] * 2
    tf.config.set_logical_device_configuration(host, halves)
    strategies = {
        "one": tf.distribute.get_strategy(),
        "two": tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"]),
    }
    results = {}
    for device, strategy in strategies.items():
        for name, value in weights_after(strategy).items():
            results[f"float64/{device}/{name}"] = value
    for policy in ("mixed_float16", "mixed_bfloat16"):
        for device, strategy in strategies.items():
            for name, value in trained(strategy, policy).items():
                results[f"{policy}/{device}/{name}"] = value
    try:
        trained(strategies["two"], "float32", accumulation=2)
    except RuntimeError as error:
        results["accumulation"] = str(error)
    np.savez(path, **results)


if __name__ == "__main__":
    main(*sys.argv[1:])
