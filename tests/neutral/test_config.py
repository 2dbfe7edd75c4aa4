"""The config: published values, every rule, and nothing lost on the way through a file."""

import json
import math

import pytest

import cases
from camembert_dual import AutoConfig, CamembertConfig

# what the hub's files hold (almanach/camembert-base, camembert-large, camembertv2-base)
SAME = {
    "attention_probs_dropout_prob": 0.1,
    "hidden_dropout_prob": 0.1,
    "hidden_act": "gelu",
    "initializer_range": 0.02,
    "type_vocab_size": 1,
}
BASE_SIZES = {
    "hidden_size": 768,
    "num_hidden_layers": 12,
    "num_attention_heads": 12,
    "intermediate_size": 3072,
}
LARGE_SIZES = {
    "hidden_size": 1024,
    "num_hidden_layers": 24,
    "num_attention_heads": 16,
    "intermediate_size": 4096,
}
V1 = {
    "model_type": "camembert",
    "vocab_size": 32005,
    "max_position_embeddings": 514,
    "layer_norm_eps": 1e-05,
    "pad_token_id": 1,
}
V2 = {
    "model_type": "roberta",
    "vocab_size": 32768,
    "max_position_embeddings": 1025,
    "layer_norm_eps": 1e-07,
    "pad_token_id": 0,
}
HUB = {
    "camembert_base": {**SAME, **BASE_SIZES, **V1, "bos_token_id": 5, "eos_token_id": 6},
    "camembert_large": {**SAME, **LARGE_SIZES, **V1, "bos_token_id": 0, "eos_token_id": 2},
    "camembert_v2_base": {**SAME, **BASE_SIZES, **V2, "bos_token_id": 1, "eos_token_id": 2},
}
PAGE = {  # the defaults of the reference page
    "vocab_size": 30522,
    "hidden_size": 768,
    "num_hidden_layers": 12,
    "num_attention_heads": 12,
    "intermediate_size": 3072,
    "hidden_act": "gelu",
    "hidden_dropout_prob": 0.1,
    "attention_probs_dropout_prob": 0.1,
    "max_position_embeddings": 512,
    "type_vocab_size": 2,
    "initializer_range": 0.02,
    "layer_norm_eps": 1e-12,
    "pad_token_id": 1,
    "bos_token_id": 0,
    "eos_token_id": 2,
    "position_embedding_type": "absolute",
    "use_cache": True,
    "classifier_dropout": None,
}


@pytest.mark.parametrize("preset", HUB)
def test_a_preset_holds_the_values_of_the_hub_key_by_key(preset):
    config = getattr(CamembertConfig, preset)()
    assert {name: getattr(config, name) for name in HUB[preset]} == HUB[preset]


@pytest.mark.parametrize("preset", HUB)
def test_a_preset_writes_the_values_of_the_hub_key_by_key(preset):
    written = json.loads(getattr(CamembertConfig, preset)().to_json_string())
    assert {name: written[name] for name in HUB[preset]} == HUB[preset]


@pytest.mark.parametrize("preset", HUB)
def test_a_preset_takes_other_values(preset):
    config = getattr(CamembertConfig, preset)(num_labels=3, hidden_dropout_prob=0.0)
    assert config.num_labels == 3
    assert config.hidden_dropout_prob == 0.0
    assert config.vocab_size == HUB[preset]["vocab_size"]


def test_the_bare_defaults_are_those_of_the_reference_page():
    config = CamembertConfig()
    assert {name: getattr(config, name) for name in PAGE} == PAGE


@pytest.mark.parametrize(
    ("preset", "limit"),
    [("camembert_base", 512), ("camembert_large", 512), ("camembert_v2_base", 1024)],
)
def test_the_longest_text_is_what_the_position_table_leaves(preset, limit):
    assert getattr(CamembertConfig, preset)().max_sequence_length == limit


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("vocab_size", 0),
        ("vocab_size", 3.0),
        ("vocab_size", True),
        ("vocab_size", "many"),
        ("hidden_size", 0),
        ("hidden_size", 25),
        ("num_hidden_layers", 0),
        ("num_attention_heads", 0),
        ("num_attention_heads", 5),
        ("intermediate_size", -1),
        ("max_position_embeddings", 2),
        ("type_vocab_size", 0),
        ("num_labels", 0),
        ("hidden_dropout_prob", 1.0),
        ("hidden_dropout_prob", -0.1),
        ("hidden_dropout_prob", "high"),
        ("hidden_dropout_prob", None),
        ("attention_probs_dropout_prob", 1.5),
        ("classifier_dropout", 1.0),
        ("initializer_range", -0.02),
        ("initializer_range", math.inf),
        ("initializer_range", math.nan),
        ("layer_norm_eps", 0.0),
        ("layer_norm_eps", -1e-5),
        ("layer_norm_eps", math.nan),
        ("pad_token_id", None),
        ("pad_token_id", -1),
        ("pad_token_id", 101),
        ("bos_token_id", 101),
        ("eos_token_id", -2),
        ("hidden_act", "swish"),
        ("position_embedding_type", "rotary"),
        ("problem_type", "classification"),
        ("model_type", "bert"),
        ("pruned_heads", {2: [0]}),
        ("pruned_heads", {0: [3]}),
        ("pruned_heads", {0: [0, 1, 2]}),
        ("num_labels", 100_001),
        ("num_labels", 10**12),
        ("chunk_size_feed_forward", -1),
        ("chunk_size_feed_forward", 0.5),
        *(
            (flag, value)
            for flag in (
                "use_cache",
                "is_decoder",
                "add_cross_attention",
                "tie_word_embeddings",
                "output_attentions",
                "output_hidden_states",
                "return_dict",
            )
            for value in ("false", "true", "", 0, 1, None)
        ),
    ],
)
def test_a_value_that_breaks_its_rule_is_refused_by_name_at_construction_and_later(field, value):
    owner = "hidden_size" if field == "num_attention_heads" and value == 5 else field
    shown = 24 if owner != field else value
    pattern = rf"CamembertConfig\.{owner} must .*; received "
    with pytest.raises(ValueError, match=pattern) as refused:
        cases.config(**{field: value})
    assert str(refused.value).endswith(f"received {shown!r}.")
    config = cases.config()
    with pytest.raises(ValueError, match=pattern):
        set_and_validate(config, field, value)


def set_and_validate(config, field, value):
    setattr(config, field, value)
    config.validate()


@pytest.mark.parametrize(
    ("names", "rule"),
    [
        ({"id2label": {1: "a", 2: "b"}}, "id2label must name the classes"),
        ({"id2label": {0: "a", 2: "b"}}, "id2label must name the classes"),
        ({"id2label": {0: "a", -1: "b"}}, "id2label must name the classes"),
        ({"id2label": {"0": "a", "00": "b"}}, "id2label must name the classes"),
        ({"id2label": {"0": "a", 0: "b"}}, "id2label must name the classes"),
        ({"id2label": {"0": "a", "1.0": "b"}}, "id2label must name the classes"),
        ({"id2label": {"0": "a", " 1": "b"}}, "id2label must name the classes"),
        ({"id2label": {"0": "a", True: "b"}}, "id2label must name the classes"),
        ({"id2label": {"0": "a", "1": 7}}, "id2label must name the classes"),
        ({"id2label": {"0": "a", "9" * 5000: "b"}}, "id2label must name the classes"),
        ({"id2label": {}}, "id2label must name the classes"),
        ({"id2label": ["a", "b"]}, "id2label must name the classes"),
        ({"id2label": {0: "a", 1: "b"}, "label2id": {"a": 1, "b": 0}}, "label2id must be the"),
        ({"id2label": {0: "a", 1: "b"}, "label2id": {"a": 0}}, "label2id must be the"),
        ({"id2label": {0: "a", 1: "b"}, "label2id": {"a": 0, "c": 1}}, "label2id must be the"),
        ({"id2label": {0: "a", 1: "b"}, "label2id": {"a": 0, "b": "1"}}, "label2id must be the"),
        ({"id2label": {0: "a", 1: "b"}, "label2id": {"a": False, "b": 1}}, "label2id must be the"),
        ({"id2label": {0: "a", 1: "b"}, "label2id": ["a", "b"]}, "label2id must be the"),
        ({"label2id": {"a": 0, "b": 1}}, "label2id must be the reverse"),
        ({"pruned_heads": {"x": [0]}}, "pruned_heads must map numbers"),
        ({"pruned_heads": {0: "0"}}, "pruned_heads must map numbers"),
        ({"pruned_heads": {0: [True]}}, "pruned_heads must map numbers"),
        ({"pruned_heads": [[0]]}, "pruned_heads must map numbers"),
    ],
)
def test_names_of_classes_and_pruned_heads_mean_one_thing_or_are_refused(names, rule):
    with pytest.raises(ValueError, match=rule) as from_arguments:
        CamembertConfig(**names)
    assert len(str(from_arguments.value)) < 500
    with pytest.raises(ValueError, match=rule):
        CamembertConfig.from_dict(names)


def test_names_of_classes_are_read_from_texts_in_any_order():
    config = CamembertConfig(id2label={"1": "b", "0": "a"}, label2id={"b": 1, "a": 0})
    assert config.id2label == {0: "a", 1: "b"}
    assert config.label2id == {"a": 0, "b": 1}
    assert list(config.id2label) == [0, 1]


def test_more_labels_than_any_number_may_make_are_named():
    named = {n: f"{n}" for n in range(100_001)}
    assert CamembertConfig(id2label=named).num_labels == 100_001


def test_a_key_that_is_there_twice_is_refused(tmp_path):
    (tmp_path / "config.json").write_text('{"vocab_size": 9, "vocab_size": 8}')
    with pytest.raises(ValueError, match="name each key once; received 'vocab_size' twice"):
        CamembertConfig.from_pretrained(tmp_path)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("hidden_dropout_prob", 0),
        ("initializer_range", 0.0),
        ("bos_token_id", None),
        ("eos_token_id", None),
        ("pad_token_id", 0),
        ("hidden_act", abs),
        ("classifier_dropout", 0.3),
        ("max_position_embeddings", 3),
        ("pruned_heads", {1: [0, 2]}),
        ("chunk_size_feed_forward", 16),
    ],
)
def test_a_value_at_the_edge_of_its_rule_is_taken(field, value):
    assert getattr(cases.config(**{field: value}), field) == value


def test_attributes_may_be_set_after_construction():
    config = CamembertConfig()
    config.is_decoder = True
    config.num_labels = 4
    config.validate()
    assert config.is_decoder
    assert config.num_labels == 4


def test_unknown_keys_of_a_file_are_written_back_unchanged(tmp_path):
    file = {
        **HUB["camembert_base"],
        "output_past": True,
        "embedding_size": 768,
        "nested": {"a": [1]},
    }
    (tmp_path / "config.json").write_text(json.dumps(file))
    config = CamembertConfig.from_pretrained(tmp_path)
    config.save_pretrained(tmp_path / "again")
    written = json.loads((tmp_path / "again" / "config.json").read_text())
    assert {name: written[name] for name in file} == file
    assert CamembertConfig.from_pretrained(tmp_path / "again") == config


def test_a_config_comes_back_from_its_file_equal(tmp_path):
    config = cases.config(
        "crossed, pruned",
        num_labels=3,
        id2label={0: "O", 1: "PER", 2: "LOC"},
        problem_type="regression",
        output_attentions=True,
        return_dict=False,
        classifier_dropout=0.2,
        position_embedding_type="relative_key",
        tie_word_embeddings=False,
        bos_token_id=None,
    )
    config.save_pretrained(tmp_path)
    assert CamembertConfig.from_pretrained(tmp_path) == config
    assert AutoConfig.from_pretrained(str(tmp_path / "config.json")) == config


def test_a_null_in_a_file_means_the_default():
    config = CamembertConfig.from_dict({"hidden_act": None, "pad_token_id": None})
    assert config.hidden_act == "gelu"
    assert config.pad_token_id == 1


@pytest.mark.parametrize("absent", ["tie_word_embeddings", "position_embedding_type", "use_cache"])
def test_a_key_that_old_files_lack_has_the_default_of_the_page(absent):
    file = dict(HUB["camembert_base"])
    assert absent not in file
    expected = {**PAGE, "tie_word_embeddings": True}[absent]
    assert getattr(CamembertConfig.from_dict(file), absent) == expected


def test_a_value_given_by_the_caller_replaces_that_of_the_file(tmp_path):
    cases.config().save_pretrained(tmp_path)
    config = CamembertConfig.from_pretrained(tmp_path, hidden_dropout_prob=0.25, num_labels=9)
    assert config.hidden_dropout_prob == 0.25
    assert config.num_labels == 9


@pytest.mark.parametrize("model_type", ["camembert", "roberta", "xlm-roberta"])
def test_the_three_names_of_the_network_are_kept(model_type):
    config = CamembertConfig.from_dict({"model_type": model_type})
    assert config.to_dict()["model_type"] == model_type


@pytest.mark.parametrize("model_type", ["deberta-v2", "modernbert", "bert", "distilbert"])
def test_another_family_is_refused_by_name(tmp_path, model_type):
    (tmp_path / "config.json").write_text(json.dumps({"model_type": model_type}))
    with pytest.raises(ValueError, match=f"received '{model_type}'"):
        CamembertConfig.from_pretrained(tmp_path)


def test_a_folder_without_a_config_is_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"config\.json"):
        CamembertConfig.from_pretrained(tmp_path)


def test_a_file_that_is_not_json_is_refused(tmp_path):
    (tmp_path / "config.json").write_text("{'vocab_size': 3")
    with pytest.raises(ValueError, match=r"config\.json"):
        CamembertConfig.from_pretrained(tmp_path)


# labels ---------------------------------------------------------------------------------------


def test_two_labels_are_the_default_and_are_named():
    config = CamembertConfig()
    assert config.num_labels == 2
    assert config.id2label == {0: "LABEL_0", 1: "LABEL_1"}
    assert config.label2id == {"LABEL_0": 0, "LABEL_1": 1}


def test_names_set_the_number_of_labels():
    config = CamembertConfig(id2label={0: "non", 1: "oui", 2: "peut-être"})
    assert config.num_labels == 3
    assert config.label2id == {"non": 0, "oui": 1, "peut-être": 2}


def test_names_from_json_have_numbers_as_keys():
    config = CamembertConfig.from_dict({"id2label": {"0": "O", "1": "PER"}})
    assert config.id2label == {0: "O", 1: "PER"}


def test_setting_the_number_of_labels_renames_them():
    config = CamembertConfig(id2label={0: "non", 1: "oui"})
    config.num_labels = 3
    assert config.id2label == {0: "LABEL_0", 1: "LABEL_1", 2: "LABEL_2"}
    assert config.label2id == {"LABEL_0": 0, "LABEL_1": 1, "LABEL_2": 2}


def test_setting_the_same_number_of_labels_keeps_their_names():
    config = CamembertConfig(id2label={0: "non", 1: "oui"})
    config.num_labels = 2
    assert config.id2label == {0: "non", 1: "oui"}


def test_a_number_of_labels_given_on_loading_replaces_the_names_of_the_file(tmp_path):
    CamembertConfig(id2label={0: "non", 1: "oui"}).save_pretrained(tmp_path)
    config = CamembertConfig.from_pretrained(tmp_path, num_labels=3)
    assert config.num_labels == 3
    assert set(config.label2id) == {"LABEL_0", "LABEL_1", "LABEL_2"}


def test_label_names_survive_a_file(tmp_path):
    CamembertConfig(id2label={0: "né", 1: "œuf", 2: "ça"}).save_pretrained(tmp_path)
    assert CamembertConfig.from_pretrained(tmp_path).id2label == {0: "né", 1: "œuf", 2: "ça"}
    assert "œuf" in (tmp_path / "config.json").read_text(encoding="utf-8")


# values that must not be shared ---------------------------------------------------------------


def test_two_configs_share_no_mutable_value():
    one, two = CamembertConfig(), CamembertConfig()
    one.pruned_heads[0] = [1]
    one.id2label[7] = "more"
    assert two.pruned_heads == {}
    assert two.num_labels == 2


def test_a_dict_of_the_config_is_a_copy():
    config = cases.config("pruned")
    config.to_dict()["pruned_heads"][0].append(2)
    assert config.pruned_heads[0] == [1]


def test_a_callable_activation_cannot_be_saved(tmp_path):
    with pytest.raises(ValueError, match=r"hidden_act must be something that JSON can"):
        CamembertConfig(hidden_act=abs).save_pretrained(tmp_path)
    assert not (tmp_path / "config.json").exists()


def test_the_file_is_sorted_and_indented_json_with_a_final_newline():
    text = CamembertConfig.camembert_base().to_json_string()
    values = json.loads(text)
    assert text == json.dumps(values, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
