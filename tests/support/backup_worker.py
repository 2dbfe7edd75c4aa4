"""Train with ``BackupAndRestore``, killed in the midst of an epoch or to the end.

python backup_worker.py FOLDER killed
python backup_worker.py FOLDER OUT.npz
"""

import os
import signal
import sys

import keras
import numpy as np

import cases
import tree_tf as tree
from camembert_dual.tf import create_optimizer


class Death(keras.callbacks.Callback):
    """A process that is killed has no time to clean up."""

    def on_train_batch_begin(self, batch, logs=None):
        if int(self.model.optimizer.iterations) == 5:
            os.kill(os.getpid(), signal.SIGKILL)


def trained(callbacks) -> dict[str, np.ndarray]:
    """The weights after four epochs of two batches."""
    config = cases.config(num_hidden_layers=1, hidden_dropout_prob=0.3)
    model = tree.new(cases.SEQUENCE, config, cases.weights(config, cases.SEQUENCE), "float32")
    model.compile(create_optimizer(1e-2, total_steps=12, warmup_steps=3))
    batch = cases.padded(config, cases.generator("backup"), 4, cases.RIGHT)
    y = np.array([0, 3, 1, 4])
    model.fit(batch, y, batch_size=2, epochs=4, shuffle=False, verbose=0, callbacks=callbacks)
    assert int(model.optimizer.iterations) == 8
    return model.to_arrays()


def main(folder: str, end: str) -> None:
    backup = keras.callbacks.BackupAndRestore(folder)
    keras.utils.set_random_seed(3)
    if end == "killed":
        trained([backup, Death()])
    resumed = trained([backup])
    keras.utils.set_random_seed(3)
    expected = trained([])
    found = {f"resumed/{name}": array for name, array in resumed.items()}
    np.savez(end, **found, **{f"whole/{name}": array for name, array in expected.items()})


if __name__ == "__main__":
    main(*sys.argv[1:])
