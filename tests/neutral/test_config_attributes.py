"""A config keeps what it does not know: attributes, subclasses, defaults, printing, comparison."""

import copy
import json
import pickle
import warnings

import ml_dtypes
import numpy as np
import pytest

import cases
from camembert_dual import CamembertConfig, PretrainedConfig, RobertaConfig
from camembert_dual.config_attributes import NOT_WRITTEN, ConfigAttributes, defaults


class Mine(CamembertConfig):
    """A family of a user's own."""

    model_type = "mine"

    def __init__(self, alpha=0.5, sizes=(3, 4), **attributes):
        super().__init__(**attributes)
        self.alpha = alpha
        self.sizes = list(sizes)


class Needing(CamembertConfig):
    """One that cannot be made of nothing, whose default is another."""

    def __init__(self, alpha, is_decoder=True, **attributes):
        super().__init__(is_decoder=is_decoder, **attributes)
        self.alpha = alpha


class Popping(CamembertConfig):
    """One that takes its own values out of the others."""

    def __init__(self, **attributes):
        self.alpha = attributes.pop("alpha", 3)
        super().__init__(**attributes)


class Renaming(CamembertConfig):
    """One with other names for two of its values."""

    attribute_map = {"depth": "num_hidden_layers", "width": "hidden_size"}  # noqa: RUF012


def file_of(config, folder):
    config.save_pretrained(folder)
    return json.loads((folder / "config.json").read_text())


# unknown names --------------------------------------------------------------------------------


def test_an_unknown_keyword_is_an_attribute_and_goes_through_a_file(tmp_path):
    config = CamembertConfig(lexicon={"rows": [3, 5]}, seed=11)
    config.later = "set"
    assert (config.lexicon, config.seed) == ({"rows": [3, 5]}, 11)
    written = file_of(config, tmp_path)
    assert (written["lexicon"], written["seed"], written["later"]) == ({"rows": [3, 5]}, 11, "set")
    again = CamembertConfig.from_pretrained(tmp_path)
    assert again == config
    assert again.later == "set"
    assert again != CamembertConfig(lexicon={"rows": [3, 5]}, seed=11)


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("hiden_size", "hidden_size"),
        ("num_label", "num_labels"),
        ("vocab_sise", "vocab_size"),
        ("layer_norm_epsilon", "layer_norm_eps"),
        ("hidden_dropout", "hidden_dropout_prob"),
        ("return_dicts", None),
        ("num_labels_2", None),
        ("eos_token_ids", None),
        ("embedding_size", None),
        ("output_past", None),
        ("adapters", None),
        ("gradient_checkpointing", None),
    ],
)
def test_a_name_that_looks_misspelt_is_warned_of_and_kept(name, meant):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        config = CamembertConfig(**{name: 3})
    assert getattr(config, name) == 3
    expected = [f"keeps '{name}' as a value of your own; did you mean '{meant}'?"] if meant else []
    assert [str(one.message).partition(" ")[2] for one in caught] == expected


def test_a_keyword_of_a_subclass_is_near_enough_to_be_named():
    class Own(CamembertConfig):
        def __init__(self, lexicon_size=3, **attributes):
            super().__init__(**attributes)

    with pytest.warns(UserWarning, match="Own keeps 'lexikon_size' .* 'lexicon_size'") as caught:
        Own(lexikon_size=1)
    assert len(caught) == 1


@pytest.mark.parametrize("name", ["to_dict", "validate", "use_return_dict", "__class__", "update"])
def test_a_name_that_a_config_has_for_something_else_is_refused(name):
    pattern = rf"must not be called as one of its methods; received '{name}'\.$"
    with pytest.raises(ValueError, match=pattern):
        CamembertConfig(**{name: 3})
    with pytest.raises(ValueError, match=pattern):
        CamembertConfig.from_dict({name: 3})
    with pytest.raises(ValueError, match=pattern):
        setattr(CamembertConfig(), name, 3)


def test_an_attribute_that_is_not_there_is_missed_by_name():
    config = CamembertConfig()
    assert not hasattr(config, "alpha")
    with pytest.raises(AttributeError, match="'CamembertConfig' object has no attribute 'alpha'"):
        config.alpha  # noqa: B018


def test_what_json_cannot_hold_is_refused_by_its_name(tmp_path):
    for value in ({1, 2}, [object()], {"a": abs}):
        config = CamembertConfig(strange=value)
        with pytest.raises(ValueError, match=r"CamembertConfig\.strange must be something that J"):
            config.save_pretrained(tmp_path)
        assert "strange" in repr(config)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (np.dtype("float16"), "float16"),
        (np.dtype(ml_dtypes.bfloat16), "bfloat16"),
        ((3, (4, 5)), [3, [4, 5]]),
        ({"a": (1,)}, {"a": [1]}),
        (None, None),
    ],
)
def test_a_value_is_written_as_json_has_it(tmp_path, value, written):
    assert file_of(CamembertConfig(own=value), tmp_path)["own"] == written


def test_a_config_may_hold_another(tmp_path):
    config = CamembertConfig(inner=cases.config())
    written = file_of(config, tmp_path)["inner"]
    assert CamembertConfig.from_dict(written) == cases.config()


# subclasses -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "config",
    [
        Mine(alpha=0.7, sizes=(5,), hidden_size=24),
        Needing(2, hidden_size=24),
        Needing(2, is_decoder=False),
        Popping(alpha=7),
        Renaming(depth=3, width=36),
        RobertaConfig(alpha=1),
    ],
    ids=lambda config: type(config).__name__,
)
def test_a_subclass_keeps_saves_and_loads_what_it_adds(config, tmp_path):
    config.later = [1]
    config.save_pretrained(tmp_path)
    again = type(config).from_pretrained(tmp_path)
    assert type(again) is type(config)
    assert again == config
    assert vars(again).keys() == vars(config).keys()
    changed = type(config).from_pretrained(tmp_path, later=[2], bos_token_id=3)
    assert (changed.later, changed.bos_token_id) == ([2], 3)


def test_a_keyword_of_a_subclass_overrides_a_file(tmp_path):
    Mine(alpha=0.7).save_pretrained(tmp_path)
    assert Mine.from_pretrained(tmp_path, alpha=0.9).alpha == 0.9
    Popping(alpha=0.7).save_pretrained(tmp_path)
    assert Popping.from_pretrained(tmp_path, alpha=0.9).alpha == 0.9


def test_a_family_of_ones_own_reads_itself_and_the_published_ones(tmp_path):
    cases.config().save_pretrained(tmp_path)
    config = Mine.from_pretrained(tmp_path)
    assert (config.model_type, config.alpha, config.hidden_size) == ("mine", 0.5, 24)
    assert file_of(config, tmp_path / "mine")["model_type"] == "mine"
    assert Mine.from_pretrained(tmp_path / "mine") == config
    assert RobertaConfig.from_pretrained(tmp_path).model_type == "roberta"
    with pytest.raises(ValueError, match=r"model_type must be one of .*; received 'mine'\."):
        CamembertConfig.from_pretrained(tmp_path / "mine")
    with pytest.raises(ValueError, match=r"model_type must be one of .*; received 'bert'\."):
        Mine.from_dict({"model_type": "bert"})


def test_other_names_of_values_read_and_set_them():
    config = Renaming(depth=3, num_attention_heads=3)
    assert (config.depth, config.num_hidden_layers) == (3, 3)
    config.width = 24
    config.validate()
    assert config.hidden_size == config.width == 24
    assert "depth" not in config.to_dict()
    assert copy.deepcopy(config) == config


def test_the_base_of_all_configs_needs_no_network():
    config = PretrainedConfig(alpha=1, num_labels=3)
    assert (config.model_type, config.alpha, config.num_labels) == ("", 1, 3)
    assert not hasattr(config, "hidden_size")
    assert isinstance(CamembertConfig(), PretrainedConfig)
    assert PretrainedConfig.from_dict({"model_type": "else", "alpha": 2}).model_type == "else"


# dicts and texts ------------------------------------------------------------------------------


def test_a_dict_holds_every_attribute_and_a_file_what_differs():
    config = CamembertConfig(top_k=7, alpha=1)
    everything, difference = config.to_dict(), config.to_diff_dict()
    declared = defaults(CamembertConfig).keys() - {NOT_WRITTEN}
    assert everything.keys() >= declared | {"id2label", "label2id"}
    assert everything["num_beams"] == 1
    general = {*defaults(ConfigAttributes), "id2label", "label2id"}
    network = {*defaults(CamembertConfig)} - general
    ids = {"pad_token_id", "bos_token_id", "eos_token_id"}
    always = {"tie_word_embeddings", "model_type"}
    assert difference.keys() == network | ids | always | {"top_k", "alpha"}


def test_a_class_with_another_default_writes_what_is_not_it(tmp_path):
    class Decoder(CamembertConfig):
        def __init__(self, is_decoder=True, **attributes):
            super().__init__(is_decoder=is_decoder, **attributes)

    assert file_of(Decoder(is_decoder=False), tmp_path)["is_decoder"] is False
    assert Decoder.from_pretrained(tmp_path).is_decoder is False
    assert file_of(Decoder(), tmp_path)["is_decoder"] is True


def test_a_text_is_the_file_and_printing_shows_it(tmp_path):
    config = CamembertConfig(alpha=1)
    config.to_json_file(tmp_path / "one.json")
    assert (tmp_path / "one.json").read_text() == config.to_json_string()
    assert repr(config) == str(config) == f"CamembertConfig {config.to_json_string()}"
    assert CamembertConfig.from_json_file(tmp_path / "one.json") == config
    config.to_json_file(tmp_path / "all.json", use_diff=False)
    whole = json.loads((tmp_path / "all.json").read_text())
    assert whole.keys() == config.to_dict().keys()
    assert CamembertConfig.from_json_file(tmp_path / "all.json") == config
    assert "hidden_act" in repr(CamembertConfig(hidden_act=abs))


def test_a_dict_of_keys_comes_with_the_options_that_are_left(tmp_path):
    cases.config().save_pretrained(tmp_path)
    values, rest = CamembertConfig.get_config_dict(tmp_path, revision="main", alpha=1)
    assert values == json.loads((tmp_path / "config.json").read_text())
    assert rest == {"alpha": 1}


def test_overrides_that_name_nothing_come_back_when_asked_for(tmp_path):
    Mine().save_pretrained(tmp_path)
    given = {"hidden_size": 36, "alpha": 1, "beta": 2, "torch_dtype": "float16"}
    config, unused = Mine.from_pretrained(tmp_path, return_unused_kwargs=True, **given)
    assert (config.hidden_size, config.alpha, config.torch_dtype) == (36, 1, "float16")
    assert unused == {"beta": 2, "torch_dtype": "float16"}
    assert not hasattr(config, "beta")
    assert Mine.from_pretrained(tmp_path, **given).beta == 2
    with pytest.warns(UserWarning, match="did you mean 'hidden_size'"):
        assert Mine.from_pretrained(tmp_path, hiden_size=3).hiden_size == 3


def test_values_are_updated_from_a_dict_and_from_a_text():
    config = CamembertConfig()
    config.update({"hidden_size": 24, "alpha": 1, "num_labels": 3})
    assert (config.hidden_size, config.alpha, config.num_labels) == (24, 1, 3)
    config.update_from_string("hidden_size=36,use_cache=no,layer_norm_eps=1e-3,hidden_act=relu")
    assert (config.hidden_size, config.use_cache) == (36, False)
    assert (config.layer_norm_eps, config.hidden_act) == (1e-3, "relu")


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("zork=3", "A name to be updated must be one of the config; received zork"),
        ("use_cache=maybe", "use_cache must be one of true, "),
        ("hidden_size=4.5", r"hidden_size must be of type int; received 4\.5"),
        ("classifier_dropout=0.5", "classifier_dropout must be True, False, a number or a text"),
    ],
)
def test_a_text_that_updates_nothing_is_refused(text, rule):
    with pytest.raises(ValueError, match=rule):
        CamembertConfig().update_from_string(text)


# single values --------------------------------------------------------------------------------


def test_two_configs_are_equal_by_all_that_they_say():
    assert CamembertConfig() == CamembertConfig()
    assert CamembertConfig() != CamembertConfig(top_k=3)
    assert CamembertConfig() != RobertaConfig()
    assert CamembertConfig() != 3
    assert CamembertConfig(name_or_path="here") == CamembertConfig(name_or_path="there")
    with pytest.raises(TypeError, match="unhashable"):
        hash(CamembertConfig())


def test_where_a_model_is_from_is_read_and_written_to_no_file(tmp_path):
    assert CamembertConfig().name_or_path == ""
    config = CamembertConfig(name_or_path="/home/someone/model")
    assert config.name_or_path == config.to_dict()["_name_or_path"] == "/home/someone/model"
    config.save_pretrained(tmp_path)
    assert "someone" not in (tmp_path / "config.json").read_text()
    assert CamembertConfig.from_dict({"_name_or_path": "there"}).name_or_path == "there"


@pytest.mark.parametrize(
    ("values", "returns"),
    [({}, True), ({"torchscript": True}, False), ({"return_dict": False}, False)],
)
def test_models_return_objects_but_for_torchscript(values, returns):
    assert CamembertConfig(**values).use_return_dict is returns


@pytest.mark.parametrize(
    ("field", "value"),
    [("torchscript", 1), ("is_encoder_decoder", None), ("tf_legacy_loss", True)],
)
def test_a_general_value_that_breaks_its_rule_is_refused(field, value):
    with pytest.raises(ValueError, match=rf"CamembertConfig\.{field} must be .*; received {value}"):
        CamembertConfig(**{field: value})


def test_names_of_classes_that_are_set_later_are_kept_both_ways(tmp_path):
    config = CamembertConfig()
    config.id2label = {"0": "non", "1": "oui", "2": "si"}
    assert config.id2label == {0: "non", 1: "oui", 2: "si"}
    assert config.label2id == {"non": 0, "oui": 1, "si": 2}
    assert config.num_labels == 3
    config.label2id = {"oui": 1, "non": 0, "si": 2}
    config.save_pretrained(tmp_path)
    assert CamembertConfig.from_pretrained(tmp_path) == config
    config.label2id = {"non": 0}
    with pytest.raises(ValueError, match="label2id must be the reverse of id2label"):
        config.validate()
    with pytest.raises(ValueError, match="id2label must name the classes"):
        config.id2label = {0: "a", 2: "b"}


def test_a_copy_with_other_values_is_checked_and_leaves_the_first_as_it_is():
    config = Mine(id2label={0: "non", 1: "oui"}, sizes=(1,))
    other = config.replaced(num_labels=3, hidden_size=24)
    assert (type(other), other.num_labels, other.hidden_size) == (Mine, 3, 24)
    other.sizes.append(2)
    assert (config.sizes, config.num_labels) == ([1], 2)
    named = config.replaced(id2label={0: "a", 1: "b", 2: "c"}, num_labels=3)
    assert named.label2id == {"a": 0, "b": 1, "c": 2}
    with pytest.raises(ValueError, match=r"CamembertConfig\.hidden_size must be"):
        config.replaced(hidden_size=25)


@pytest.mark.parametrize("config", [CamembertConfig(alpha=[1]), Popping(alpha=2)])
def test_a_config_is_copied_and_pickled_whole(config):
    for other in (copy.deepcopy(config), copy.copy(config), pickle.loads(pickle.dumps(config))):
        assert other == config
        assert type(other) is type(config)


def test_values_of_the_network_may_come_by_position():
    config = CamembertConfig(101, 24, 2, 3, 35)
    assert (config.vocab_size, config.hidden_size, config.num_hidden_layers) == (101, 24, 2)
    assert (config.num_attention_heads, config.intermediate_size) == (3, 35)
    assert RobertaConfig(101, 24, num_attention_heads=3).hidden_size == 24
    with pytest.raises(TypeError, match="vocab_size"):
        CamembertConfig(101, vocab_size=101)
    with pytest.raises(ValueError, match="must be given at most 18 values by position"):
        CamembertConfig(*range(19))
