"""Low-rank adapters of Keras: trained alone, saved merged and by themselves, put in again."""

import json

import keras
import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

import cases
import tree_tf as tree
from camembert_dual.tf import enable_lora, load_adapter, save_adapter

# Keras' own files write variables in a way that NumPy 2 warns of
pytestmark = pytest.mark.filterwarnings(
    "ignore:__array__ implementation doesn't accept a copy keyword:DeprecationWarning"
)
HEADS = {  # the parts that are trained whole
    cases.SEQUENCE: {"classifier"},
    cases.TOKEN: {"classifier"},
    cases.CHOICE: {"classifier"},
    cases.QUESTION: {"qa_outputs"},
}


def new(task: str):
    config = cases.config(
        num_hidden_layers=1,
        is_decoder=task == cases.CAUSAL,
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
    )
    model = tree.new(task, config, cases.weights(config, task), "float32")
    ids = cases.ids(config, cases.generator("lora"), 3, 6).astype("int32")
    return model, ids[:, None] if task == cases.CHOICE else ids


def disturbed(model):
    """The model, with adapters that change something, as after a training."""
    rng = np.random.default_rng(0)
    for one in model.trainable_variables:
        one.assign(one.numpy() + rng.normal(0, 0.3, one.shape))
    return model


def first(model, ids):
    return np.asarray(model(ids)[0])


@pytest.mark.parametrize("task", cases.TASKS)
def test_adapters_and_heads_are_trained_and_saved_in_three_ways(task, tmp_path):
    model, ids = new(task)
    before = {one.path: one.numpy() for one in model.variables}
    enable_lora(model, rank=2, alpha=3.0)
    np.testing.assert_array_equal(first(model, ids), first(new(task)[0], ids))
    names = {one.name for one in model.trainable_variables}
    assert {"lora_kernel_a", "lora_kernel_b"} <= names
    trained = {one.path.split("/")[1] for one in model.trainable_variables}
    assert trained - {"roberta", "encoder"} == HEADS.get(task, set())
    disturbed(model)
    for one in model.variables:
        is_new = any(one is trained for trained in model.trainable_variables)
        assert is_new or np.array_equal(one.numpy(), before[one.path])
    answers = first(model, ids)
    assert np.abs(answers - first(new(task)[0], ids)).max() > 1e-3
    model.save(tmp_path / "merged.keras")
    model.save_pretrained(tmp_path / "merged")
    save_adapter(model, tmp_path / "adapter")
    again = new(task)[0]
    load_adapter(again, tmp_path / "adapter")
    merged = keras.saving.load_model(tmp_path / "merged.keras")
    published = type(model).from_pretrained(tmp_path / "merged")
    for one in (again, merged, published):
        np.testing.assert_allclose(first(one, ids), answers, rtol=0, atol=1e-5)
    assert len(again.trainable_variables) == len(model.trainable_variables)


def test_the_file_of_adapters_says_what_they_add(tmp_path):
    """An oracle of the form that ``peft`` defines: W + alpha / r B A."""
    model, ids = new(cases.TOKEN)
    enable_lora(model, rank=2, alpha=3.0, layers=["query", "intermediate.dense"])
    save_adapter(disturbed(model), tmp_path)
    arrays = load_file(tmp_path / "adapter_model.safetensors")
    config = json.loads((tmp_path / "adapter_config.json").read_text())
    by_hand = new(cases.TOKEN)[0]
    weights = dict(by_hand.to_arrays())
    prefix = "base_model.model."
    for name in config["target_modules"]:
        a, b = (arrays.pop(f"{prefix}{name}.lora_{side}.weight") for side in "AB")
        weights[f"{name}.weight"] = weights[f"{name}.weight"] + 3.0 / 2 * b @ a
    assert config["modules_to_save"] == ["classifier"]
    weights |= {name.removeprefix(prefix): array for name, array in arrays.items()}
    by_hand.load_arrays(weights)
    np.testing.assert_allclose(first(model, ids), first(by_hand, ids), rtol=0, atol=1e-5)


def test_fit_changes_what_is_trainable_alone():
    model, ids = new(cases.SEQUENCE)
    model.quantize("int8", filters=lambda layer: layer.name in ("query", "value", "key"))
    enable_lora(model, rank=2)
    kept = {one.path: one.numpy() for one in model.non_trainable_variables}
    model.compile(keras.optimizers.SGD(0.02))
    history = model.fit(ids, np.array([0, 1, 2]), epochs=8, verbose=0).history["loss"]
    assert history[-1] < history[0]
    for one in model.non_trainable_variables:
        np.testing.assert_array_equal(one.numpy(), kept[one.path])


def test_what_does_not_fit_is_refused_in_one_line(tmp_path):
    model, _ = new(cases.TOKEN)
    with pytest.raises(ValueError, match=r"^layers must be ends of names .*; received queri\.$"):
        enable_lora(model, layers=["queri"])
    with pytest.raises(ValueError, match=r"^A model must have adapters of one rank"):
        save_adapter(model, tmp_path)
    enable_lora(model, rank=2)
    with pytest.raises(ValueError, match=r"^A model must have no adapters yet; received roberta"):
        enable_lora(model, rank=2)
    save_adapter(model, tmp_path)
    with pytest.raises(ValueError, match="adapters must be of weights of the model; received"):
        load_adapter(new(cases.MASKED)[0], tmp_path)
    path = tmp_path / "adapter_model.safetensors"
    arrays = load_file(path)
    save_file(
        {name: array[:, :1].copy() for name, array in arrays.items() if array.ndim == 2}, path
    )
    with pytest.raises(ValueError, match=r"must be of shape \(.*\); received \("):
        load_adapter(new(cases.TOKEN)[0], tmp_path)
    config = json.loads((tmp_path / "adapter_config.json").read_text())
    (tmp_path / "adapter_config.json").write_text(json.dumps(config | {"use_dora": True}))
    with pytest.raises(ValueError, match="use_dora must be False for Keras' adapters; received"):
        load_adapter(new(cases.TOKEN)[0], tmp_path)
    with pytest.raises(FileNotFoundError):
        load_adapter(new(cases.TOKEN)[0], tmp_path / "none")
