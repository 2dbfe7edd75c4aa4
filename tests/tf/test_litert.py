"""LiteRT files: built-in operations only, any length by resizing, close to the model."""

import numpy as np
import pytest
import tensorflow as tf

import cases
import tree_tf as tree
from camembert_dual.tf import export_litert

# TensorFlow's own interpreter says that it will move to the package ai-edge-litert
DEPRECATED = pytest.mark.filterwarnings(
    r"ignore:\s*Warning. tf.lite.Interpreter is deprecated:UserWarning"
)


def answers(path, ids, mask):
    """Run the interpreter on a shape of its own; the named outputs."""
    interpreter = tf.lite.Interpreter(str(path))
    runner = interpreter.get_signature_runner()
    return runner(input_ids=ids.astype(np.int32), attention_mask=mask.astype(np.int32))


def exported(task, path, **options):
    config = cases.config()
    model = tree.new(task, config, cases.weights(config, task), "float32")
    export_litert(model, path, **options)
    return model, path


@DEPRECATED
@pytest.mark.parametrize("task", [cases.BARE, cases.MASKED, cases.SEQUENCE])
def test_the_interpreter_gives_the_models_answers_at_every_length(task, tmp_path):
    model, path = exported(task, tmp_path / "model.tflite", batch_size=3)
    for rows, length in ((3, 1), (3, 8), (3, 17)):
        given = cases.padded(
            model.config,
            cases.generator("litert", length),
            rows,
            np.arange(length)[None] < np.array([[length], [max(length - 2, 1)], [1]]),
        )
        ids, mask = given["input_ids"], given["attention_mask"].astype(int)
        found = answers(path, ids, mask)
        expected = model(input_ids=ids, attention_mask=mask)
        for name, value in found.items():
            np.testing.assert_allclose(value, expected[name], rtol=0, atol=1e-4)


@DEPRECATED
def test_int8_weights_are_smaller_and_close(tmp_path):
    model, path = exported(cases.SEQUENCE, tmp_path / "full.tflite", batch_size=2)
    _, small = exported(cases.SEQUENCE, tmp_path / "small.tflite", batch_size=2, quantize=True)
    given = cases.padded(model.config, cases.generator("int8"), 2, cases.RIGHT)
    full = answers(path, *given.values())["logits"]
    found = answers(small, *given.values())["logits"]
    assert small.stat().st_size < path.stat().st_size
    assert np.abs(found - full).max() < 0.05 * np.abs(full).max()
