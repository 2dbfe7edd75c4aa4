"""Auto classes and the names of other families: the same classes, told apart by their configs."""

import os
import pickle

import numpy as np
import pytest

import camembert_dual
from camembert_dual import CamembertConfig, RobertaConfig, XLMRobertaConfig
from camembert_dual.common.public_names import PUBLIC

BACKEND = os.environ["CAMEMBERT_BACKEND"]
PREFIX = {"pt": "", "tf": "TF"}[BACKEND]
HEADS = [
    "Model",
    "ForCausalLM",
    "ForMaskedLM",
    "ForSequenceClassification",
    "ForMultipleChoice",
    "ForTokenClassification",
    "ForQuestionAnswering",
]
SIZES = {
    "vocab_size": 23,
    "hidden_size": 12,
    "num_hidden_layers": 2,
    "num_attention_heads": 3,
    "intermediate_size": 7,
    "max_position_embeddings": 17,
}


def public(name):
    return getattr(camembert_dual, f"{PREFIX}{name}")


def auto(head):
    return public("AutoModel" if head == "Model" else f"AutoModel{head}")


def weights(model):
    return model.to_arrays()


@pytest.mark.parametrize(
    "name", sorted(name for name, home in PUBLIC.items() if home.backend == BACKEND)
)
def test_a_name_of_the_tree_is_there_and_documented(name):
    found = getattr(camembert_dual, name)
    assert found.__doc__
    assert found.__module__.startswith(f"camembert_dual.{BACKEND}")


@pytest.mark.parametrize("head", HEADS)
def test_families_share_one_class_and_auto_makes_it(head, tmp_path):
    ours = public(f"Camembert{head}")
    assert public(f"Roberta{head}") is public(f"XLMRoberta{head}") is ours
    assert issubclass(ours, public("CamembertPreTrainedModel"))
    assert issubclass(ours, public("PreTrainedModel"))
    for cls in (CamembertConfig, RobertaConfig, XLMRobertaConfig):
        config = cls(**SIZES)
        model = auto(head).from_config(config)
        assert type(model) is ours
        folder = tmp_path / config.model_type
        model.save_pretrained(folder)
        again, report = auto(head).from_pretrained(folder, output_loading_info=True)
        assert (type(again), type(again.config)) == (ours, cls)
        assert again.config.model_type == config.model_type
        assert not report.missing
        expected, found = weights(model), weights(again)
        assert expected.keys() == found.keys()
        assert all(np.array_equal(expected[name], found[name]) for name in expected)


def test_overrides_a_config_and_the_hubs_options_reach_the_class(tmp_path):
    auto("Model").from_config(RobertaConfig(**SIZES)).save_pretrained(tmp_path)
    classifier = auto("ForTokenClassification")
    with pytest.warns(UserWarning, match="new, random weights"):
        model = classifier.from_pretrained(tmp_path, num_labels=5, local_files_only=True)
    assert model.config.num_labels == 5
    config = RobertaConfig(**SIZES, num_labels=3)
    with pytest.warns(UserWarning, match="new, random weights"):
        assert classifier.from_pretrained(tmp_path, config=config).config.num_labels == 3
    config.save_pretrained(tmp_path / "elsewhere")
    with pytest.warns(UserWarning, match="new, random weights"):
        model = classifier.from_pretrained(tmp_path, config=tmp_path / "elsewhere")
    assert model.config.num_labels == 3
    with pytest.raises(FileNotFoundError):
        classifier.from_pretrained(tmp_path / "nothing")


def test_a_registered_model_is_built_for_its_configuration(tmp_path, monkeypatch):
    class OwnConfig(CamembertConfig):
        """A configuration of a user's own."""

    class OwnModel(public("CamembertForMaskedLM")):
        """A model of a user's own."""

    maker = auto("ForMaskedLM")
    monkeypatch.setattr(maker, "registered", dict(maker.registered))
    maker.register(OwnConfig, OwnModel)
    assert type(maker.from_config(OwnConfig(**SIZES))) is OwnModel
    assert type(maker.from_config(CamembertConfig(**SIZES))) is public("CamembertForMaskedLM")
    OwnModel(OwnConfig(**SIZES)).save_pretrained(tmp_path)
    config = OwnConfig.from_pretrained(tmp_path)
    assert type(maker.from_pretrained(tmp_path, config=config)) is OwnModel


def test_an_auto_class_travels_by_its_name():
    maker = auto("ForMaskedLM")
    assert pickle.loads(pickle.dumps(maker)) is maker
    assert PREFIX + "AutoModelForMaskedLM" == maker.__name__ == maker.__qualname__
