"""TensorFlow files of transformers 4.34.0 load here, and ours load there."""

import warnings

import numpy as np
import pytest
import tensorflow as tf
import transformers

from camembert_dual import CamembertModel
from camembert_dual.checkpoints.convert import convert
from camembert_dual.checkpoints.folder import open_arrays
from checkpoint_cases import assert_same, tiny_config
from checkpoint_peers import (
    IDS,
    MASK,
    TASKS,
    ours_in_torch_names,
    run_tf,
    run_torch,
    their_config,
    theirs,
)


@pytest.mark.parametrize("task", TASKS)
def test_our_tf_h5_loads_there_and_computes_what_their_torch_model_does(task, tmp_path):
    model = theirs(task)
    model.save_pretrained(tmp_path / "torch")
    convert(tmp_path / "torch", tmp_path / "tf", "tf-h5")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        loaded, info = getattr(transformers, f"TF{task}").from_pretrained(
            tmp_path / "tf", output_loading_info=True
        )
    assert not info["missing_keys"]
    assert not info["unexpected_keys"]
    np.testing.assert_allclose(run_tf(loaded, task), run_torch(model, task), atol=1e-5)


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("safe", [True, False])
def test_their_tf_files_load_here(task, safe, tmp_path):
    model = getattr(transformers, f"TF{task}")(their_config(task))
    model(model.dummy_inputs)
    model.save_pretrained(tmp_path / "tf", safe_serialization=safe)
    report = convert(tmp_path / "tf", tmp_path / "torch", "safetensors")
    assert report["source_format"] == ("safetensors (tf)" if safe else "tf h5")
    back = getattr(transformers, task).from_pretrained(tmp_path / "torch").eval()
    np.testing.assert_allclose(run_tf(model, task), run_torch(back, task), atol=1e-5)


def test_their_sharded_tf_h5_loads_here(tmp_path):
    model = transformers.TFCamembertForMaskedLM(their_config("CamembertForMaskedLM"))
    model(model.dummy_inputs)
    model.save_pretrained(tmp_path / "whole")
    model.save_pretrained(tmp_path / "shards", max_shard_size="10KB")
    assert (tmp_path / "shards" / "tf_model.h5.index.json").is_file()
    task = "CamembertForMaskedLM"
    assert_same(
        ours_in_torch_names(tmp_path / "shards", task),
        ours_in_torch_names(tmp_path / "whole", task),
    )


def outer_model(kind):
    """A user's own model around theirs: of layers, or a class."""
    inner = transformers.TFCamembertModel(their_config("CamembertModel"), name="le_camembert")
    head = tf.keras.layers.Dense(3, name="mine")
    if kind == "layers":
        ids, mask = (tf.keras.Input((5,), dtype="int32", name=name) for name in ("ids", "mask"))
        outputs = head(inner(ids, attention_mask=mask)[0][:, 0])
        return tf.keras.Model([ids, mask], outputs), inner, head

    class Outer(tf.keras.Model):
        def __init__(self):
            super().__init__()
            self.inner, self.head = inner, head

        def call(self, inputs):
            return self.head(self.inner(inputs[0], attention_mask=inputs[1])[0][:, 0])

    return Outer(), inner, head


WAYS = {
    "weights": ("layers class", "weights.h5", "weights.h5", False),
    "checkpoint": ("layers class", "ckpt/w", "ckpt/w", False),
    "folder of a checkpoint": ("layers class", "ckpt/w", "ckpt", False),
    "weights by attributes": ("layers class", "own.weights.h5", "own.weights.h5", False),
    "whole keras": ("layers", "model.keras", "model.keras", True),
    "whole h5": ("layers", "model.h5", "model.h5", True),
    "SavedModel": ("layers class", "saved", "saved", True),
}


@pytest.mark.parametrize(
    ("way", "kind"), [(way, kind) for way, row in WAYS.items() for kind in row[0].split()]
)
def test_the_camembert_in_a_users_own_keras_2_model_loads_here(way, kind, tmp_path):
    _, written, read, has_config = WAYS[way]
    model, inner, head = outer_model(kind)
    model.compile("adam", "mse")
    inputs = [IDS.astype("int32"), MASK.astype("int32")]
    model.fit(inputs, np.zeros((len(IDS), 3)), verbose=0)
    save = model.save if has_config else model.save_weights
    save(str(tmp_path / written))
    config = tiny_config("CamembertModel")
    given = {} if has_config else {"config": config}
    ours = CamembertModel.from_pretrained(tmp_path / read, **given).eval()
    np.testing.assert_allclose(run_tf(inner, ""), run_torch(ours, ""), atol=1e-5)
    arrays = open_arrays(tmp_path / read)
    rest = [one.read() for one in arrays.own.values()]
    expected = [one.numpy() for one in head.weights]
    assert sorted(map(np.shape, rest)) == sorted(map(np.shape, expected))
    for one in rest:
        np.testing.assert_array_equal(one, expected[one.ndim == 1])
    assert set(arrays.own) <= set(ours.load_report.ignored)
