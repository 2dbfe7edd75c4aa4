"""SavedModels: other programs load them without the package and get the model's own answers."""

import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

import cases
import reference
import tree_tf as tree
from camembert_dual.tf import export_saved_model

SHAPES = ((1, 1), (3, 7), (2, 17))  # the last is the longest text


def model_of(task: str, config_name: str = "plain"):
    config = cases.config(config_name)
    return tree.new(task, config, cases.weights(config, task), "float32")


def ids_and_mask(task: str, rows: int, length: int, dtype: str):
    """Padded ids, with a mask that also hides a token."""
    config, random = cases.config(), cases.generator(task, rows, length)
    shape = (rows, cases.C, length) if task == cases.CHOICE else (rows, length)
    ids = cases.ids(config, random, 1, int(np.prod(shape))).reshape(shape)
    ids[-1, ..., length - length // 3 :] = config.pad_token_id
    mask = (ids != config.pad_token_id).astype(dtype)
    mask[..., length // 2 :][..., 1:2] = 0
    return ids.astype(dtype), mask


def answers_elsewhere(folder: Path, calls: dict[str, np.ndarray]):
    """The answers of a process that cannot import the package, by call and name."""
    np.savez(folder / "calls.npz", **calls)
    script = Path(__file__).parents[1] / "without_package.py"
    words = [sys.executable, script, folder / "saved", folder / "calls.npz", folder / "out.npz"]
    subprocess.run(list(map(str, words)), check=True, capture_output=True)
    return dict(np.load(folder / "out.npz"))


@pytest.mark.parametrize("task", [one for one in cases.TASKS if one != cases.MASKED])
def test_every_call_elsewhere_equals_eager(task, tmp_path):
    model = model_of(task, "decoder" if task == cases.CAUSAL else "plain")
    export_saved_model(model, tmp_path / "saved", output_hidden_states=task == cases.TOKEN)
    calls, expected = {}, {}
    for rows, length in SHAPES:
        for prefix, dtype in (("", "int32"), ("int64_", "int64")):
            ids, mask = ids_and_mask(task, rows, length, dtype)
            padding = (ids != 1).astype(dtype)
            plain = "int64" if prefix else "serving_default"
            for name, given in ((plain, None), (f"{prefix}masked", mask), (f"serve-{dtype}", mask)):
                call = f"{name}-{length}"
                calls[f"{call}/input_ids"] = ids
                if given is not None:
                    calls[f"{call}/attention_mask"] = given
                seen = padding if given is None else given
                output = model(
                    input_ids=tf.constant(ids),
                    attention_mask=tf.constant(seen),
                    output_hidden_states=task == cases.TOKEN,
                )
                for key, value in cases.stages(output, tree.as_array).items():
                    if not key.startswith("past_"):
                        expected[f"{call}/{key.replace('.', '_')}"] = value
    found = answers_elsewhere(tmp_path, calls)
    assert reference.first_difference(expected, found, 1e-5) is None


def test_fixed_shapes_and_endpoints_of_the_user(tmp_path):
    model = model_of(cases.SEQUENCE)

    @tf.function(input_signature=[tf.TensorSpec([None, None], tf.int32, "input_ids")])
    def best(input_ids):
        return {"best": tf.argmax(model(input_ids).logits, axis=-1)}

    export_saved_model(model, tmp_path / "saved", batch_size=2, length=7, signatures={"best": best})
    ids, _ = ids_and_mask(cases.SEQUENCE, 2, 7, "int32")
    found = answers_elsewhere(tmp_path, {"best/input_ids": ids, "serving_default/input_ids": ids})
    logits = found["serving_default/logits"]
    loaded = tf.saved_model.load(tmp_path / "saved")
    given = loaded.signatures["serving_default"].structured_input_signature[1]["input_ids"]
    assert given.shape == (2, 7)
    assert np.array_equal(found["best/best"], model(ids).logits.numpy().argmax(-1))
    assert logits.shape == (2, 5)


def test_a_name_that_is_taken_is_refused(tmp_path):
    with pytest.raises(ValueError, match=r"a name other than serving_default.*; received masked"):
        export_saved_model(model_of(cases.TOKEN), tmp_path, signatures={"masked": None})


def test_a_saved_model_is_a_layer_again(tmp_path):
    model = model_of(cases.SEQUENCE)
    export_saved_model(model, tmp_path / "saved")
    ids, _ = ids_and_mask(cases.SEQUENCE, 3, 7, "int32")
    layer = keras.layers.TFSMLayer(str(tmp_path / "saved"), call_endpoint="serving_default")
    inputs = keras.Input((None,), dtype="int32")
    around = keras.Model(inputs, layer(inputs)["logits"])
    mask = (ids != 1).astype("int32")
    expected = model(input_ids=ids, attention_mask=mask).logits
    np.testing.assert_allclose(around(ids), expected, rtol=0, atol=1e-5)


def test_the_command_line_of_tensorflow_answers(tmp_path):
    """``saved_model_cli`` runs the graph in the C++ session, as TensorFlow Serving does."""
    model = model_of(cases.SEQUENCE)
    export_saved_model(model, tmp_path / "saved")
    words = [str(Path(sys.executable).parent / "saved_model_cli"), "run", "--overwrite"]
    words += ["--dir", str(tmp_path / "saved"), "--tag_set", "serve"]
    words += ["--signature_def", "serving_default", "--outdir", str(tmp_path)]
    words += ["--inputs", f"input_ids={tmp_path / 'ids.npy'}"]
    ids = np.array([[5, 17, 40, 6, 1]], np.int32)
    np.save(tmp_path / "ids.npy", ids)
    subprocess.run(words, check=True, capture_output=True)
    expected = model(input_ids=ids, attention_mask=np.array([[1, 1, 1, 1, 0]])).logits
    np.testing.assert_allclose(np.load(tmp_path / "logits.npy"), expected, rtol=0, atol=1e-5)
