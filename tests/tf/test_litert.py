"""LiteRT files: built-in operations only, any length by resizing, close to the model."""

import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter

import cases
import tree_tf as tree
from camembert_dual.tf import export_litert


def answers(path, ids, mask):
    """Run the interpreter on a shape of its own; the named outputs."""
    runner = Interpreter(str(path)).get_signature_runner()
    return runner(input_ids=ids.astype(np.int32), attention_mask=mask.astype(np.int32))


def exported(task, path, **options):
    config = cases.config(num_hidden_layers=1, is_decoder=task == cases.CAUSAL)
    model = tree.new(task, config, cases.weights(config, task), "float32")
    export_litert(model, path, **options)
    return model, path


def batch_of(config, rows, length):
    """Ids and mask: a full row, one that lacks two tokens, and one of a single token."""
    kept = np.arange(length)[None] < np.array([[length], [max(length - 2, 1)], [1]])
    given = cases.padded(config, cases.generator("litert", length), rows, kept)
    return given["input_ids"], given["attention_mask"].astype(int)


@pytest.mark.parametrize("task", cases.TASKS)
def test_the_interpreter_gives_the_models_answers_at_every_length(task, tmp_path):
    model, path = exported(task, tmp_path / "model.tflite")
    for rows, length in ((3, 1), (1, 8), (2, 17)):
        ids, mask = batch_of(model.config, rows, length)
        if task == cases.CHOICE:  # as many choices as there are rows
            ids, mask = ids[None], mask[None]
        found = answers(path, ids, mask)
        expected = model(input_ids=ids, attention_mask=mask)
        assert set(found) == set(expected) - {"past_key_values"}
        for name, value in found.items():
            np.testing.assert_allclose(value, expected[name], rtol=0, atol=1e-5)


@pytest.mark.parametrize("task", [cases.SEQUENCE, cases.TOKEN, cases.MASKED])
def test_int8_weights_are_smaller_and_close(task, tmp_path):
    model, path = exported(task, tmp_path / "small.tflite", quantize=True)
    ids, mask = batch_of(model.config, 3, 7)
    expected = model(input_ids=ids, attention_mask=mask).logits.numpy()
    found = answers(path, ids, mask)["logits"]
    assert 0 < np.abs(found - expected).max() < 0.05 * np.abs(expected).max()
    details = Interpreter(str(path)).get_tensor_details()
    narrow = {tuple(one["shape"].tolist()) for one in details if one["dtype"] is np.int8}
    assert (model.config.vocab_size, 24) in narrow  # smaller ones are left as they are
