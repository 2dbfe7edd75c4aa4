"""Auto classes of configurations and tokenizers, and the configurations of the other families."""

import copy
import json

import pytest

import camembert_dual
from camembert_dual import (
    AutoConfig,
    AutoModel,
    AutoModelForTokenClassification,
    AutoTokenizer,
    CamembertConfig,
    CamembertTokenizer,
    CamembertTokenizerFast,
    RobertaConfig,
    TFAutoModel,
    XLMRobertaConfig,
)
from tokenization_models import write_model

CLASSES = {"camembert": CamembertConfig, "roberta": RobertaConfig, "xlm-roberta": XLMRobertaConfig}
SIZES = {"hidden_size": 12, "num_attention_heads": 3, "num_hidden_layers": 2, "vocab_size": 41}


class OwnConfig(RobertaConfig):
    """A configuration of a user's own."""


class OwnSlow(CamembertTokenizer):
    """A tokenizer of a user's own."""


class OwnFast(CamembertTokenizerFast):
    """Another."""


@pytest.fixture
def registers(monkeypatch):
    """The registers, as they were afterwards."""
    for auto in (AutoConfig, AutoTokenizer, AutoModel, TFAutoModel):
        monkeypatch.setattr(auto, "registered", copy.copy(auto.registered))


@pytest.mark.parametrize(("model_type", "cls"), CLASSES.items())
def test_a_folder_says_what_it_was(model_type, cls, tmp_path):
    config = cls(**SIZES)
    assert config.model_type == model_type
    assert isinstance(config, CamembertConfig)
    config.save_pretrained(tmp_path)
    assert json.loads((tmp_path / "config.json").read_text())["model_type"] == model_type
    for loaded in (AutoConfig.from_pretrained(tmp_path), cls.from_pretrained(tmp_path)):
        assert type(loaded) is cls
        assert loaded == config
        assert loaded.to_dict() == config.to_dict()
    assert AutoConfig.from_pretrained(tmp_path, num_labels=5).num_labels == 5
    assert AutoConfig.for_model(model_type, **SIZES) == config


def test_an_unknown_model_type_is_refused(tmp_path):
    with pytest.raises(ValueError, match=r"model_type must be one of .*; received 'bert'\."):
        AutoConfig.for_model("bert")
    (tmp_path / "config.json").write_text('{"model_type": "deberta-v2"}')
    with pytest.raises(ValueError, match=r"model_type must be one of .*; received 'deberta-v2'\."):
        AutoConfig.from_pretrained(tmp_path)


@pytest.mark.parametrize("cls", [AutoConfig, AutoModel, TFAutoModel, AutoTokenizer])
def test_an_auto_class_has_no_instances(cls):
    with pytest.raises(TypeError, match=rf"{cls.__name__} must be used by from_pretrained\(name\)"):
        cls()


@pytest.mark.usefixtures("registers")
def test_a_registered_configuration_reads_its_model_type(tmp_path):
    class Mine(CamembertConfig):
        model_type = "roberta"

    with pytest.raises(ValueError, match=r"with exist_ok=True; received roberta\."):
        AutoConfig.register("roberta", Mine)
    with pytest.raises(ValueError, match=r"must be the one registered, mine; received 'roberta'\."):
        AutoConfig.register("mine", Mine)
    AutoConfig.register("roberta", Mine, exist_ok=True)
    RobertaConfig(**SIZES).save_pretrained(tmp_path)
    assert type(AutoConfig.from_pretrained(tmp_path)) is Mine


@pytest.mark.usefixtures("registers")
def test_registered_tokenizers_are_found_by_the_configuration_beside_them(tmp_path):
    with pytest.raises(ValueError, match=r"A tokenizer class must be given, .*; received neither"):
        AutoTokenizer.register(OwnConfig)
    AutoTokenizer.register(RobertaConfig, OwnSlow, OwnFast)
    with pytest.raises(ValueError, match=r"with exist_ok=True; received RobertaConfig\."):
        AutoTokenizer.register(RobertaConfig, OwnSlow)
    assert type(AutoTokenizer.from_pretrained("camembert-tiny-fr")) is CamembertTokenizerFast
    OwnSlow(write_model(tmp_path)).save_pretrained(tmp_path)
    assert type(AutoTokenizer.from_pretrained(tmp_path)) is CamembertTokenizerFast
    RobertaConfig().save_pretrained(tmp_path)
    assert type(AutoTokenizer.from_pretrained(tmp_path)) is OwnFast
    found = AutoTokenizer.from_pretrained(tmp_path, use_fast=False, model_max_length=7)
    assert (type(found), found.model_max_length) == (OwnSlow, 7)


@pytest.mark.usefixtures("registers")
def test_a_model_is_registered_once_and_for_its_own_configuration():
    class Model:
        """A stand-in for a model."""

        config_class = OwnConfig

        def __init__(self, config, **options):
            self.config, self.options = config, options

    with pytest.raises(ValueError, match=r"config_class of Model must be RobertaConfig; received"):
        AutoModel.register(RobertaConfig, Model)
    AutoModel.register(OwnConfig, Model)
    with pytest.raises(ValueError, match=r"with exist_ok=True; received OwnConfig\."):
        AutoModel.register(OwnConfig, Model)
    AutoModel.register(OwnConfig, Model, exist_ok=True)
    built = AutoModel.from_config(OwnConfig(**SIZES), add_pooling_layer=False)
    assert (type(built), built.options) == (Model, {"add_pooling_layer": False})
    assert OwnConfig not in AutoModelForTokenClassification.registered
    with pytest.raises(ValueError, match=r"must be given a CamembertConfig or .*; received a dict"):
        AutoModel.from_config({})


def test_the_tables_list_the_families_and_what_was_registered(registers):
    mapping = camembert_dual.MODEL_FOR_MASKED_LM_MAPPING
    assert [one.model_type for one in mapping] == list(camembert_dual.CONFIG_MAPPING)
    assert len(camembert_dual.TF_MODEL_MAPPING) == len(CLASSES)
    for model_type, cls in CLASSES.items():
        assert camembert_dual.CONFIG_MAPPING[model_type] is cls
        assert cls in mapping
    with pytest.raises(KeyError):
        mapping[int]

    class Bold(RobertaConfig):
        model_type = "bold"

    class BoldModel:
        config_class = Bold

    assert Bold not in mapping
    mapping.maker.register(Bold, BoldModel)
    try:
        assert mapping[Bold] is BoldModel
    finally:
        del mapping.maker.registered[Bold]
