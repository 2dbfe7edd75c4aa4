"""The config beside the one of transformers 4.34: the same calls give the same file."""

import json

import pytest
import transformers

import camembert_dual

# what only we write, or only they: each with its reason in docs/checkpoints.md
OURS, THEIRS = {"tie_word_embeddings"}, {"transformers_version", "_name_or_path"}
FAMILIES = ["CamembertConfig", "RobertaConfig", "XLMRobertaConfig"]
LABELS = {"id2label": {0: "O", 1: "PER", 2: "LOC"}, "label2id": {"O": 0, "PER": 1, "LOC": 2}}
VALUES = {
    "nothing": {},
    "sizes": {"vocab_size": 101, "hidden_size": 24, "num_attention_heads": 3},
    "own": {"lexicon": {"rows": [1, 2]}, "seed": 11, "nothing": None},
    "labels": {"num_labels": 5},
    "names": LABELS,
    "one label": {"num_labels": 1, "problem_type": "regression"},
    "decoder": {"is_decoder": True, "add_cross_attention": True, "use_cache": False},
    "generation": {"max_length": 40, "num_beams": 3, "top_k": 5, "bad_words_ids": [[7], [8, 9]]},
    "task": {"finetuning_task": "xnli", "task_specific_params": {"a": {"max_length": 9}}},
    "tuples": {"return_dict": False, "torchscript": True},
    "general": {"is_encoder_decoder": True, "tie_encoder_decoder": True, "prefix": "fr: "},
    "architectures": {"architectures": ["CamembertForMaskedLM"], "torch_dtype": "float16"},
    "ids": {"pad_token_id": 0, "bos_token_id": None, "sep_token_id": 2},
    "pruned": {"pruned_heads": {1: [0, 2]}},
    "heads": {"classifier_dropout": 0.3, "position_embedding_type": "relative_key"},
    "outputs": {"output_attentions": True, "output_hidden_states": True},
}


def subclass(module, family):
    """A config of a user's own over either package's."""

    class Own(getattr(module, family)):
        model_type = "own"

        def __init__(self, alpha=0.5, sizes=(3, 4), is_decoder=True, **attributes):
            super().__init__(is_decoder=is_decoder, **attributes)
            self.alpha = alpha
            self.sizes = list(sizes)

    return Own


def both(family, own=False):
    for module in (camembert_dual, transformers):
        yield subclass(module, family) if own else getattr(module, family)


def said(values):
    """What a dict or the text of one says, without what only one of both says."""
    values = json.loads(values) if isinstance(values, str) else values
    return json.loads(
        json.dumps({name: values[name] for name in values.keys() - OURS - THEIRS}, default=str)
    )


@pytest.mark.parametrize("own", [False, True])
@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("values", VALUES.values(), ids=VALUES)
def test_the_same_values_make_the_same_file_dict_and_text(family, values, own, tmp_path):
    ours, theirs = (cls(**values) for cls in both(family, own))
    for one in (ours, theirs):
        one.later = {"set": [1]}
    assert said(ours.to_json_string()) == said(theirs.to_json_string())
    assert said(ours.to_diff_dict()) == said(theirs.to_diff_dict())
    whole = said(ours.to_json_string(use_diff=False))
    assert whole == said(theirs.to_json_string(use_diff=False))
    for one, folder in ((ours, tmp_path / "ours"), (theirs, tmp_path / "theirs")):
        one.save_pretrained(folder)
    read = [(tmp_path / name / "config.json").read_text() for name in ("ours", "theirs")]
    assert said(read[0]) == said(read[1])
    start, _, text = repr(ours).partition(" ")
    assert start == type(theirs).__name__
    assert said(text) == said(repr(theirs).partition(" ")[2])


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("values", VALUES.values(), ids=VALUES)
def test_either_reads_the_others_file(family, values, tmp_path):
    kinds = list(both(family, own=True))
    for writer, reader in (kinds, kinds[::-1]):
        config = writer(alpha=0.7, **values)
        config.save_pretrained(tmp_path)
        again = reader.from_pretrained(tmp_path)
        assert said(again.to_dict()) == said(config.to_dict())


OVERRIDES = [
    {},
    {"hidden_size": 36, "alpha": 2, "seed": 3},
    {"num_labels": 5},
    {"id2label": {0: "a", 1: "b"}, "label2id": {"a": 0, "b": 1}},
    {"torch_dtype": "float16", "unknown": 3, "other": None},
    {"output_attentions": True, "max_length": 7},
]


@pytest.mark.parametrize("overrides", OVERRIDES)
@pytest.mark.parametrize("name", ["sizes", "own", "names", "generation"])
def test_overrides_and_what_they_leave_are_the_same(name, overrides):
    found = []
    for cls in both("CamembertConfig", own=True):
        values = {**VALUES[name], "model_type": "own"}
        config, unused = cls.from_dict(values, return_unused_kwargs=True, **overrides)
        found.append((said(config.to_dict()), said(unused)))
    assert found[0] == found[1]


@pytest.mark.parametrize(
    "change",
    [
        lambda config: config.update({"hidden_size": 36, "alpha": 1}),
        lambda config: config.update_from_string("hidden_size=36,use_cache=false"),
        lambda config: config.update_from_string("layer_norm_eps=1e-3,hidden_act=relu"),
        lambda config: setattr(config, "num_labels", 4),
        lambda config: setattr(config, "name_or_path", "here"),
        lambda config: setattr(config, "_name_or_path", "there"),
        lambda config: setattr(config, "torch_dtype", "bfloat16"),
    ],
)
def test_a_change_is_the_same_in_both(change):
    ours, theirs = (cls() for cls in both("CamembertConfig"))
    change(ours)
    change(theirs)
    assert said(ours.to_dict()) == said(theirs.to_dict())
    assert ours.name_or_path == theirs.name_or_path
    assert ours.num_labels == theirs.num_labels


@pytest.mark.parametrize(
    "wrong",
    [
        lambda cls: cls().update_from_string("zork=3"),
        lambda cls: cls().update_from_string("use_cache=maybe"),
        lambda cls: cls().update_from_string("classifier_dropout=0.5"),
        lambda cls: cls(problem_type="zork"),
        lambda cls: hash(cls()),
        lambda cls: cls(use_return_dict=False),
    ],
)
def test_what_one_refuses_the_other_does(wrong):
    for cls in both("CamembertConfig"):
        with pytest.raises((ValueError, TypeError, AttributeError)):
            wrong(cls)


@pytest.mark.parametrize("values", VALUES.values(), ids=VALUES)
def test_equality_and_use_return_dict_are_the_same(values):
    for first, second in ((values, values), (values, {}), (values, {"top_k": 3})):
        found = [cls(**first) == cls(**second) for cls in both("CamembertConfig")]
        assert found[0] == found[1]
    ours, theirs = (cls(**values) for cls in both("CamembertConfig"))
    assert ours.use_return_dict == theirs.use_return_dict
    assert (ours == 3) is (theirs == 3) is False
