"""Run by the project's own Python: batches of transformers' tokenizers in a Keras model.

python keras_encodings.py SITE_PACKAGES    where transformers and what it needs are
"""

import sys
import tempfile
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "support"))
NEEDED = ("transformers", "tokenizers", "huggingface_hub")


def put_in_place(site_packages: Path, folder: Path) -> None:
    """Make transformers importable, in its own version and with what must fit it."""
    for name in NEEDED:
        for one in site_packages.glob(f"{name}*"):
            (folder / one.name).symlink_to(one)
    sys.path.insert(0, str(folder))
    sys.path.append(str(site_packages))  # what else it needs and is not here


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        put_in_place(Path(sys.argv[1]), Path(folder))
        compare()


def compare() -> None:
    """Hold every way that a batch can come in to the same arrays in a dict."""
    import keras
    import tensorflow as tf
    from transformers import BatchEncoding

    import cases
    import tree_tf as tree

    config = cases.config(hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0)
    model = tree.new(cases.SEQUENCE, config, cases.weights(config, cases.SEQUENCE), "float32")
    model.compile(keras.optimizers.SGD(0.0), run_eagerly=True)
    arrays = {
        "input_ids": np.array([[5, 8, 97, 6], [5, 61, 6, 1]]),
        "attention_mask": np.array([[1, 1, 0, 1], [1, 1, 1, 0]]),
    }
    lists = {"input_ids": [[5, 8, 97, 6], [5, 61, 6]], "attention_mask": [[1, 1, 0, 1], [1, 1, 1]]}
    labels = np.array([1, 0])
    logits, loss = model(arrays).logits.numpy(), model.evaluate(arrays, labels, verbose=0)
    for kind, values in (
        ("arrays", arrays),
        ("tensors", {name: tf.constant(one) for name, one in arrays.items()}),
        ("lists", lists),
    ):
        given = BatchEncoding(values)
        answers = {
            "predict": model.predict(given, verbose=0).logits,
            "predict_on_batch": model.predict_on_batch(given).logits,
        }
        if kind != "lists":
            answers |= {"call": model(given).logits, "keywords": model(**given).logits}
        losses = {
            "fit": model.fit(given, labels, verbose=0).history["loss"][0],
            "evaluate": model.evaluate(given, labels, verbose=0),
        }
        for door, found in answers.items():
            np.testing.assert_allclose(found, logits, atol=1e-5, err_msg=f"{door}, {kind}")
        for door, found in losses.items():
            np.testing.assert_allclose(found, loss, rtol=1e-5, err_msg=f"{door}, {kind}")
    print("equal")


if __name__ == "__main__":
    main()
