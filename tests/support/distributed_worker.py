"""Train a tiny tagger, and keep its weights in ``FILE``: run alone, as one of several machines."""

import os
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")

import numpy as np
import tensorflow as tf

EPOCHS = 3


def fit_on_machines(model, data, strategy) -> None:
    """What ``fit`` does; Keras 3.15's own loop cannot start in several processes."""
    with strategy.scope():
        model.optimizer.build(model.trainable_variables)
    step = tf.function(lambda batch: strategy.run(model.train_step, args=(batch,)))
    shared = strategy.experimental_distribute_dataset(data)
    for _ in range(EPOCHS):
        for batch in shared:
            step(batch)


def weights_after(strategy: tf.distribute.Strategy) -> dict[str, np.ndarray]:
    """The weights after three epochs of one batch."""
    # a strategy of several machines must be there before anything else of TensorFlow is
    import cases
    from camembert_dual.tf import TFCamembertForTokenClassification, create_optimizer

    config = cases.config(
        hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0, num_hidden_layers=1
    )
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
    if isinstance(strategy, tf.distribute.MultiWorkerMirroredStrategy):
        fit_on_machines(model, data, strategy)
    else:
        model.fit(data, epochs=EPOCHS, shuffle=False, verbose=0)
    return model.to_arrays()


if __name__ == "__main__":
    np.savez(sys.argv[1], **weights_after(tf.distribute.MultiWorkerMirroredStrategy()))
