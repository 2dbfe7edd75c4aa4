"""Classes of a user's own: layers beside the network, and other calls of our heads."""

import importlib
import json
import warnings

import numpy as np
import pytest

import camembert_dual
import cases
from backend import tree

own = importlib.import_module(f"own_models_{tree.NAME}")
IDS = np.array([[5, 11, 27, 6], [5, 34, 6, 7]])
LABELS = np.array([[0, 2, 1, 0], [2, 0, 1, 1]])
OWN = {
    "middle.weight": (5, 24),
    "middle.bias": (5,),
    "norm.weight": (5,),
    "norm.bias": (5,),
    "heads.0.weight": (3, 5),
    "heads.0.bias": (3,),
    "heads.1.weight": (3, 5),
    "heads.1.bias": (3,),
}


@pytest.fixture
def base(tmp_path):
    """A folder with a masked language model."""
    config = cases.config(num_labels=3)
    tree.new(cases.MASKED, config, cases.weights(config, cases.MASKED), "float32").save_pretrained(
        tmp_path / "base"
    )
    return tmp_path / "base"


def logits(model) -> np.ndarray:
    return tree.as_array(tree.call(model, tree.tensor(IDS)).logits)


def equal(arrays, others) -> bool:
    return set(arrays) == set(others) and all(
        np.array_equal(array, others[name]) for name, array in arrays.items()
    )


def test_own_layers_are_new_and_told_of_once_and_the_network_is_the_checkpoints(base):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        model, report = own.Tagger.from_pretrained(base, output_loading_info=True)
    told = [str(one.message) for one in caught if "starts with new" in str(one.message)]
    assert len(told) == 1
    assert all(name in told[0] for name in OWN)
    assert set(report.missing) == set(OWN)
    arrays = model.to_arrays()
    assert {name: arrays[name].shape for name in OWN} == OWN
    config = cases.config(num_labels=3)
    for name, array in cases.weights(config, cases.MASKED).items():
        if name.startswith("roberta."):
            np.testing.assert_array_equal(arrays[name], array.astype("float32"))


@pytest.mark.filterwarnings("ignore:.* starts with new, random weights:UserWarning")
@pytest.mark.parametrize("safe", [True, False])
def test_own_layers_are_trained_saved_and_loaded(base, tmp_path, safe):
    model = own.Tagger.from_pretrained(base)
    before = model.to_arrays()
    first = {name: array.copy() for name, array in before.items()}
    own.train(model, IDS, LABELS)
    after = model.to_arrays()
    assert all(not np.array_equal(first[name], after[name]) for name in OWN if "bias" in name)
    model.save_pretrained(tmp_path / "mine", safe_serialization=safe)
    with warnings.catch_warnings():
        warnings.filterwarnings("error", message=".*starts with new")
        again, report = own.Tagger.from_pretrained(tmp_path / "mine", output_loading_info=True)
    assert not report.missing
    assert not report.ignored
    assert equal(again.to_arrays(), after)
    np.testing.assert_array_equal(logits(again), logits(model))
    assert json.loads((tmp_path / "mine/config.json").read_text())["architectures"] == ["Tagger"]


@pytest.mark.filterwarnings("ignore:.* starts with new, random weights:UserWarning")
def test_a_head_of_ours_takes_the_network_out_of_a_users_file(base, tmp_path):
    own.Tagger.from_pretrained(base).save_pretrained(tmp_path / "mine")
    bare = tree.model_class(cases.BARE)
    _, report = bare.from_pretrained(
        tmp_path / "mine", add_pooling_layer=False, output_loading_info=True
    )
    assert set(report.ignored) == set(OWN)
    assert not report.missing


@pytest.mark.filterwarnings("ignore:.* starts with new, random weights:UserWarning")
def test_arguments_of_a_users_constructor_are_options(base):
    model = own.Tagger.from_pretrained(base, width=7, num_labels=4)
    assert model.to_arrays()["heads.1.weight"].shape == (4, 7)
    with pytest.raises(ValueError, match=r"must be one of its own .*received widht"):
        tree.model_class(cases.BARE).from_pretrained(base, widht=7)


@pytest.mark.filterwarnings("ignore:.* starts with new, random weights:UserWarning")
def test_a_users_weight_of_another_shape_is_refused_unless_it_is_allowed(base, tmp_path):
    own.Tagger.from_pretrained(base).save_pretrained(tmp_path / "mine")
    with pytest.raises(ValueError, match=r"of another shape: .*middle\.weight"):
        own.Tagger.from_pretrained(tmp_path / "mine", width=7)
    model, report = own.Tagger.from_pretrained(
        tmp_path / "mine", width=7, ignore_mismatched_sizes=True, output_loading_info=True
    )
    assert set(report.mismatched) == {name for name in OWN if "heads" not in name} | {
        "heads.0.weight",
        "heads.1.weight",
    }
    assert np.isfinite(logits(model)).all()


@pytest.mark.filterwarnings("ignore:.* starts with new, random weights:UserWarning")
def test_a_head_with_another_call_trains_is_saved_and_loaded(base, tmp_path):
    camembert_dual.set_seed(3)
    model = own.Doubled.from_pretrained(base)
    before = own.train(model, IDS, LABELS)
    assert own.train(model, IDS, LABELS) < before
    assert {"extra.weight", "classifier.weight"} <= set(model.to_arrays())
    model.save_pretrained(tmp_path / "mine")
    again = own.Doubled.from_pretrained(tmp_path / "mine")
    np.testing.assert_array_equal(logits(again), logits(model))


@pytest.mark.filterwarnings("ignore:.* starts with new, random weights:UserWarning")
def test_a_head_with_another_loss_has_it(base):
    task = "CamembertForTokenClassification"
    plain, other = tree.model_class(task).from_pretrained(base), own.Tripled.from_pretrained(base)
    other.load_arrays(plain.to_arrays())
    plain, other = (own.train(model, IDS, LABELS) for model in (plain, other))
    np.testing.assert_allclose(other, 3.0 * plain, rtol=1e-6)


def test_own_layers_are_refused_in_a_class_of_ours():
    model = tree.model_class(cases.MASKED)(cases.config())
    tree.add_layer(model)
    with pytest.raises(ValueError, match=r"must have no weights but those .*received extra"):
        model.to_arrays()


@pytest.mark.filterwarnings("ignore:.* starts with new, random weights:UserWarning")
def test_a_users_class_is_registered_with_the_auto_classes(base, monkeypatch):
    name = "AutoModelForTokenClassification"
    auto = getattr(camembert_dual, name if tree.NAME == "pt" else f"TF{name}")
    monkeypatch.setattr(auto, "registered", dict(auto.registered))

    class OwnConfig(camembert_dual.CamembertConfig):
        """A configuration of a user's own."""

    auto.register(OwnConfig, own.Tagger)
    config = OwnConfig.from_pretrained(base)
    assert type(auto.from_config(config)) is own.Tagger
    assert type(auto.from_pretrained(base, config=config)) is own.Tagger
    assert type(auto.from_pretrained(base)) is tree.model_class("CamembertForTokenClassification")
