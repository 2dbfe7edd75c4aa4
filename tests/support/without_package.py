"""Answer with a SavedModel in a process that cannot import the package."""

import sys

import numpy as np
import tensorflow as tf

sys.modules["camembert_dual"] = None  # an import would fail


def main(folder: str, calls: str, answers: str) -> None:
    """Call signatures with the arrays of an ``.npz`` file, ``signature-case/name``."""
    model = tf.saved_model.load(folder)
    given: dict[str, dict[str, np.ndarray]] = {}
    for key, array in np.load(calls).items():
        call, name = key.split("/")
        given.setdefault(call, {})[name] = tf.constant(array)
    results = {}
    for call, inputs in given.items():
        signature = call.split("-")[0]
        function = model.serve if signature == "serve" else model.signatures[signature]
        for name, value in function(**inputs).items():
            results[f"{call}/{name}"] = value.numpy()
    np.savez(answers, **results)


if __name__ == "__main__":
    main(*sys.argv[1:])
