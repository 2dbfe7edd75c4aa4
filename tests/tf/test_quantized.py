"""Weights in fewer bits: every dense layer, saved and read back, refused where no float is left."""

import keras
import numpy as np
import pytest

import cases
import tree_tf as tree

# Keras' own files write variables in a way that NumPy 2 warns of
pytestmark = pytest.mark.filterwarnings(
    "ignore:__array__ implementation doesn't accept a copy keyword:DeprecationWarning"
)


def new(task: str):
    """A model of a head, with texts for it."""
    config = cases.config(num_hidden_layers=1, is_decoder=task == cases.CAUSAL)
    model = tree.new(task, config, cases.weights(config, task), "float32")
    ids = cases.ids(config, cases.generator("quantized"), 3, 6).astype("int32")
    return model, ids[:, None] if task == cases.CHOICE else ids


def dense_layers(model):
    return [one for one in model._flatten_layers() if isinstance(one, keras.layers.Dense)]


def first(model, ids):
    return np.asarray(model(ids)[0])


def rounded(kernel):
    """A kernel (I, O) as whole numbers up to 127 hold it, with a factor for each column."""
    factors = np.float32(127) / (np.abs(kernel).max(axis=0) + np.float32(1e-7))
    return np.round(kernel * factors) / factors


@pytest.mark.parametrize("task", cases.TASKS)
def test_eight_bits_compute_as_weights_rounded_by_hand(task):
    (model, ids), (by_hand, _) = new(task), new(task)
    model.quantize(config=keras.quantizers.Int8QuantizationConfig(activation_quantizer=None))
    for layer in dense_layers(by_hand):
        layer.kernel.assign(rounded(layer.kernel.numpy()))
    exact, expected = first(new(task)[0], ids), first(by_hand, ids)
    np.testing.assert_allclose(first(model, ids), expected, rtol=0, atol=1e-4)
    assert np.abs(exact - expected).max() > 1e-3


@pytest.mark.parametrize(
    ("task", "mode"),
    [(one, "int8") for one in cases.TASKS]
    + [(one, mode) for one in (cases.SEQUENCE, cases.MASKED) for mode in ("int4", "float8")],
)
def test_every_dense_layer_is_quantized_and_both_files_are_exact(task, mode, tmp_path):
    model, ids = new(task)
    exact = first(model, ids)
    model.quantize(mode)
    assert {one.quantization_mode for one in dense_layers(model)} == {mode}
    answers = first(model, ids)
    share = np.abs(answers - exact).max() / np.abs(exact).max()
    assert 1e-5 < share < {"int8": 0.05, "float8": 0.2, "int4": 0.4}[mode]
    model.save(tmp_path / "whole.keras")
    model.save_weights(tmp_path / "only.weights.h5")
    whole = keras.saving.load_model(tmp_path / "whole.keras")
    only = type(model).from_config(model.get_config())
    only.load_weights(tmp_path / "only.weights.h5")
    for again in (whole, only):
        np.testing.assert_array_equal(first(again, ids), answers)


def test_a_quantized_model_within_another_is_read_back(tmp_path):
    model, ids = new(cases.BARE)
    model.quantize("int8")
    inputs = keras.Input((None,), dtype="int32")
    around = keras.Model(inputs, keras.layers.Dense(2)(model(inputs).last_hidden_state))
    around.save(tmp_path / "around.keras")
    again = keras.saving.load_model(tmp_path / "around.keras")
    np.testing.assert_array_equal(again(ids), around(ids))
    layer = tree.tree.TFCamembertMainLayer(model.config, name="roberta")
    layer(ids)
    layer.encoder.layer[0].intermediate.dense.quantize("int4")
    described = type(layer).from_config(layer.get_config())
    assert described.encoder.layer[0].intermediate.dense.quantization_mode == "int4"
    assert described.pooler.dense.quantization_mode is None


def test_chosen_layers_and_a_config_are_kept(tmp_path):
    model, ids = new(cases.TOKEN)
    config = keras.quantizers.Int8QuantizationConfig(activation_quantizer=None)
    model.quantize(config=config, filters="query|value")
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(first(again, ids), first(model, ids))
    modes = {one.name: one.quantization_mode for one in dense_layers(again)}
    assert {name for name, mode in modes.items() if mode} == {"query", "value"}
    assert again.roberta.encoder.layer[0].attention.self.query.inputs_quantizer is None


def test_eight_bit_floats_are_saved_as_floats(tmp_path):
    model, _ = new(cases.MASKED)
    expected = model.to_arrays()
    model.quantize("float8")
    model.save_pretrained(tmp_path)
    found = type(model).from_pretrained(tmp_path).to_arrays()
    assert set(found) == set(expected)
    for name, array in expected.items():
        np.testing.assert_array_equal(found[name], array)


@pytest.mark.parametrize("mode", ["int8", "int4"])
def test_whole_numbers_have_no_published_names(mode, tmp_path):
    model, _ = new(cases.SEQUENCE)
    arrays = model.to_arrays()
    model.quantize(mode)
    rule = f"^Weights must be floating point numbers here .*; received {mode}.$"
    for refused in (
        lambda: model.save_pretrained(tmp_path),
        lambda: model.load_arrays(arrays),
        lambda: model.prune_heads({0: [0]}),
    ):
        with pytest.raises(ValueError, match=rule):
            refused()
    assert not list(tmp_path.iterdir())


def test_what_cannot_be_quantized_is_refused_before_anything_changes():
    model, _ = new(cases.MASKED)
    calibrated = keras.quantizers.GPTQConfig(dataset=["a"], tokenizer=str.split)
    with pytest.raises(ValueError, match=r"^mode must be one of int8, int4, float8; received gptq"):
        model.quantize(config=calibrated)
    assert {one.quantization_mode for one in dense_layers(model)} == {None}
    policy = keras.dtype_policies.get("int8_from_float32")
    with pytest.raises(ValueError, match=r"^dtype must be a floating point type or auto; received"):
        type(model).from_pretrained("camembert-tiny-fr", dtype=policy)


def test_weights_of_an_unlike_model_are_refused_in_one_line(tmp_path):
    """Quantized or not, of more labels, of more layers."""
    config = cases.config(num_hidden_layers=1)
    unlike = [{"num_labels": config.num_labels + 2}, {"num_hidden_layers": 2}]
    configs = [config.replaced(**one) for one in ({}, *unlike, {})]
    models = [tree.new(cases.TOKEN, one, cases.weights(one, cases.TOKEN)) for one in configs]
    models[-1].quantize("int8")
    path = tmp_path / "plain.weights.h5"
    models[0].save_weights(path)
    models[-1].save_weights(tmp_path / "quantized.weights.h5")
    models[0].load_weights(path)
    rule = r": weights must be of a model of the same layers, sizes and quantization; received "
    refused = [(one, path) for one in models[1:]]
    for model, file in [*refused, (models[0], tmp_path / "quantized.weights.h5")]:
        with pytest.raises(ValueError, match=rule) as caught:
            model.load_weights(file)
        assert len(str(caught.value)) < 500
        assert "\n" not in str(caught.value)
