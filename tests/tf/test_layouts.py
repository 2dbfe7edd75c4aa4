"""Weights cut over devices: halves of layers and of the batch train as one device does."""

import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest

import cases
import tree_tf as tree
from camembert_dual import TFCamembertModel
from camembert_dual.tf import layout_map

WORKER = Path(__file__).parents[1] / "support" / "layouts_worker.py"


@pytest.fixture(scope="module")
def steps(tmp_path_factory):
    """What a step on one device and on two times two gives."""
    out = tmp_path_factory.mktemp("layouts") / "out.npz"
    words = [sys.executable, str(WORKER), str(out)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return dict(np.load(out))


def of(steps, which: str):
    return {
        name.removeprefix(f"{which}/"): value
        for name, value in steps.items()
        if name.startswith(which)
    }


def test_a_step_on_cut_weights_is_that_of_one_device(steps):
    one, two = of(steps, "one"), of(steps, "two")
    assert set(one) == set(two)
    for name, value in one.items():
        np.testing.assert_allclose(two[name], value, rtol=0, atol=1e-12, err_msg=name)


def test_each_device_holds_a_part_of_the_heads_and_of_the_wide_half(steps):
    wholes, pieces = of(steps, "one"), of(steps, "piece")
    cut = {name for name, shape in pieces.items() if tuple(shape) != wholes[name].shape}
    layer = "roberta/encoder/layer_0/"
    parts = [f"attention/self/{one}" for one in ("query", "key", "value")] + ["intermediate/dense"]
    expected = {f"{layer}{part}/{weight}" for part in parts for weight in ("kernel", "bias")}
    expected |= {f"{layer}attention/output/dense/kernel", f"{layer}output/dense/kernel"}
    assert {name for name in cut if "layer_0" in name} == expected
    assert all(2 * pieces[name].prod() == wholes[name].size for name in cut)


@pytest.mark.parametrize("task", cases.TASKS)
def test_no_weight_of_a_head_is_in_two_rules(task):
    """Keras refuses it when it looks a weight up."""
    mesh = keras.distribution.DeviceMesh((1, 1), ("batch", "model"), ["cpu:0"])
    model = tree.model_class(task)(cases.config(num_hidden_layers=1))
    layouts = layout_map(model, mesh)
    cut = [one.path for one in model.weights if layouts[one.path] is not None]
    assert len(cut) == 10
    for one in model.weights:
        assert layouts[one.path] is None or len(layouts[one.path].axes) == len(one.shape)


def test_what_cannot_be_cut_evenly_is_refused():
    mesh = keras.distribution.DeviceMesh((1, 2), ("batch", "model"), ["cpu:0", "cpu:1"])
    model = TFCamembertModel(cases.config(num_hidden_layers=1))  # of three heads
    rule = r"^The heads of each layer and intermediate_size must be multiples of 2; received \d+\.$"
    with pytest.raises(ValueError, match=rule):
        layout_map(model, mesh)
