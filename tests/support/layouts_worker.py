"""A step of training on one device and with weights cut over two, in one process.

python layouts_worker.py OUT.npz
"""

import sys

import keras
import numpy as np
import tensorflow as tf

CPU = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(CPU, [tf.config.LogicalDeviceConfiguration()] * 4)

from tensorflow.experimental import dtensor  # noqa: E402

import cases  # noqa: E402
import tree_tf as tree  # noqa: E402
from camembert_dual.tf import layout_map, weights_on_devices  # noqa: E402

RATE = 0.1


def stepped(model, trainable, others, inputs):
    """The logits of a call and the weights after a step down the gradient of its loss."""
    with tf.GradientTape() as tape:
        tape.watch(trainable)
        output, _ = model.stateless_call(trainable, others, inputs)
    gradients = tape.gradient(output.loss, trainable)
    after = [one - RATE * gradient for one, gradient in zip(trainable, gradients, strict=True)]
    return output.logits, after


def main(out: str) -> None:
    config = cases.config(
        num_hidden_layers=2,
        hidden_size=24,
        num_attention_heads=4,
        intermediate_size=36,
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
    )
    task = cases.SEQUENCE
    model = tree.new(task, config, cases.weights(config, task), "float64")
    ids = cases.ids(config, cases.generator("layouts"), 4, 6).astype("int32")
    inputs = {"input_ids": ids, "labels": np.array([0, 3, 1, 4], "int32")}
    names = [one.path.partition("/")[2] for one in model.trainable_variables]
    values = [one.value for one in model.trainable_variables]
    others = [one.value for one in model.non_trainable_variables]
    found = {}
    logits, after = stepped(model, [tf.constant(one) for one in values], others, inputs)
    found |= {"one/logits": logits, **{f"one/{n}": v for n, v in zip(names, after, strict=True)}}
    devices = [f"CPU:{number}" for number in range(4)]
    axes = keras.distribution.DeviceMesh((2, 2), ("batch", "model"), devices)
    mesh = dtensor.create_mesh([("batch", 2), ("model", 2)], devices=devices)
    cut, rest = weights_on_devices(model, layout_map(model, axes), mesh)
    pieces = {name: dtensor.unpack(one)[0].shape for name, one in zip(names, cut, strict=True)}
    rows = {
        name: dtensor.relayout(
            dtensor.copy_to_mesh(tf.constant(value), dtensor.Layout.replicated(mesh, value.ndim)),
            dtensor.Layout.batch_sharded(mesh, "batch", value.ndim),
        )
        for name, value in inputs.items()
    }
    with dtensor.default_mesh(mesh):
        logits, after = stepped(model, cut, rest, rows)
    for name, one in zip(["logits", *names], [logits, *after], strict=True):
        whole = dtensor.Layout.replicated(mesh, len(one.shape))
        found[f"two/{name}"] = dtensor.unpack(dtensor.relayout(one, whole))[0]
    found |= {f"piece/{name}": np.array(shape) for name, shape in pieces.items()}
    np.savez(out, **{name: np.asarray(value) for name, value in found.items()})


if __name__ == "__main__":
    main(sys.argv[1])
