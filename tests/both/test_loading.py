"""``from_pretrained`` and ``save_pretrained``: each published keyword, in both trees."""

import json
import os
import warnings

import numpy as np
import pytest

import camembert_dual
import cases
from backend import tree
from camembert_dual import CamembertConfig, RobertaConfig, XLMRobertaConfig
from camembert_dual.checkpoints.loading import NEUTRAL
from camembert_dual.storage import locate

PREFIX = {"pt": "", "tf": "TF"}[os.environ["CAMEMBERT_BACKEND"]]
CROSSED = {"is_decoder": True, "add_cross_attention": True}


class OwnConfig(CamembertConfig):
    """A family of a user's own."""

    model_type = "own"

    def __init__(self, alpha=3, **attributes):
        super().__init__(**attributes)
        self.alpha = alpha


def public(name):
    return getattr(camembert_dual, f"{PREFIX}{name}")


def model_of(task=cases.MASKED, config=None):
    config = cases.config() if config is None else config
    return tree.new(task, config, cases.weights(config, task), "float32")


def shifted(model, by):
    """The weights of a model, another by each number."""
    return {name: array + np.float32(by) for name, array in model.to_arrays().items()}


def same(model, arrays):
    found = model.to_arrays()
    return found.keys() == arrays.keys() and all(
        np.array_equal(found[name], arrays[name]) for name in arrays
    )


def config_in(folder):
    return json.loads((folder / "config.json").read_text())


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    """A masked language model on disk."""
    folder = tmp_path_factory.mktemp("base")
    model_of().save_pretrained(folder)
    return folder


@pytest.fixture
def load(base):
    def call(**options):
        return public("CamembertForMaskedLM").from_pretrained(base, **options)

    return call


# what changes nothing, and what is refused ----------------------------------------------------


def test_all_neutral_keywords_at_once_change_nothing(load):
    rows = (*NEUTRAL, *locate.NEUTRAL)
    for turn in range(3):
        options = {row.name: row.neutral[turn % len(row.neutral)] for row in rows}
        model, report = load(output_loading_info=True, **options)
        assert same(model, model_of().to_arrays())
        assert not report.missing


def test_every_other_value_is_refused_before_anything_is_read():
    for row in (*NEUTRAL, *locate.NEUTRAL):
        with pytest.raises(ValueError, match=rf"^{row.name} must be .*; received 'x'\.$"):
            public("CamembertModel").from_pretrained("no/where/at/all", **{row.name: "x"})


def test_an_unknown_keyword_is_refused_by_name(load):
    rule = "^An option of from_pretrained must be one of its own or a value of the config"
    with pytest.raises(ValueError, match=rf"{rule}; received alpha, hiden_size\.$"):
        load(hiden_size=3, alpha=1)
    with pytest.raises(ValueError, match=rf"{rule}; received add_pooling_layer\.$"):
        load(add_pooling_layer=True)


# what is obeyed -------------------------------------------------------------------------------


def test_the_name_and_the_config_may_come_by_keyword_or_position(base):
    config = CamembertConfig.from_pretrained(base)
    cls = public("CamembertForMaskedLM")
    for model in (
        cls.from_pretrained(pretrained_model_name_or_path=base),
        cls.from_pretrained(base, config),
        cls.from_pretrained(base, config=config),
        cls.from_pretrained(base, config=base),
        cls.from_pretrained(base, config=str(base / "config.json")),
    ):
        assert same(model, model_of().to_arrays())
        assert model.config == config
        assert model.config.name_or_path == str(base)
    assert cls.from_pretrained(base, config).config is config


def test_attributes_of_the_config_come_as_keywords(load, base):
    given = CamembertConfig.from_pretrained(base)
    for config in (None, given):
        model = load(config=config, hidden_dropout_prob=0.3, output_attentions=True, top_k=3)
        assert model.config.hidden_dropout_prob == 0.3
        assert (model.config.output_attentions, model.config.top_k) == (True, 3)
    assert (given.top_k, given.output_attentions) == (50, False)


def test_a_state_dict_takes_the_place_of_the_files(base, load):
    other = shifted(model_of(), 0.5)
    state = {name: tree.tensor(array) for name, array in other.items()}
    assert same(load(state_dict=state), other)
    config = CamembertConfig.from_pretrained(base)
    cls = public("CamembertForMaskedLM")
    assert same(cls.from_pretrained(None, config=config, state_dict=state), other)
    with pytest.raises(ValueError, match="A state_dict must come with a config"):
        cls.from_pretrained(None, state_dict=state)
    with pytest.raises(ValueError, match="A checkpoint must be named"):
        cls.from_pretrained(None, config=config)
    first = next(iter(state))
    with pytest.raises(ValueError, match=f"missing: {first}"):
        load(state_dict={name: state[name] for name in state if name != first})


@pytest.mark.parametrize("name", ["dtype", "torch_dtype"])
@pytest.mark.parametrize("dtype", ["float16", "float64", "auto"])
def test_the_type_of_the_weights(load, name, dtype):
    expected = "float32" if dtype == "auto" else dtype
    arrays = load(**{name: dtype}).to_arrays()
    assert {array.dtype.name for array in arrays.values()} == {expected}


@pytest.mark.parametrize("device_map", [None, "cpu", "auto", {"": "cpu"}])
def test_one_device_may_be_asked_for(load, device_map):
    assert same(load(device_map=device_map), model_of().to_arrays())


def test_a_folder_below_holds_the_checkpoint(base, tmp_path):
    other = model_of()
    other.save_pretrained(tmp_path / "a" / "b")
    cls = public("CamembertForMaskedLM")
    assert same(cls.from_pretrained(tmp_path, subfolder="a/b"), other.to_arrays())
    with pytest.raises(FileNotFoundError):
        cls.from_pretrained(tmp_path, subfolder="a")


def test_variants_lie_beside_each_other(tmp_path):
    model = model_of()
    cls = public("CamembertForMaskedLM")
    model.save_pretrained(tmp_path)
    other = shifted(model, 1)
    state = {name: tree.tensor(array) for name, array in other.items()}
    model.save_pretrained(tmp_path, state_dict=state, variant="fp16")
    model.save_pretrained(tmp_path, state_dict=state, variant="ema", max_shard_size="9KB")
    names = {path.name for path in tmp_path.iterdir()}
    assert {"model.safetensors", "model.fp16.safetensors"} <= names
    assert "model.safetensors.index.ema.json" in names
    assert any(name.startswith("model.ema-00001-of-") for name in names)
    assert same(cls.from_pretrained(tmp_path), model.to_arrays())
    assert same(cls.from_pretrained(tmp_path, variant="fp16"), other)
    assert same(cls.from_pretrained(tmp_path, variant="ema"), other)
    with pytest.raises(FileNotFoundError, match=r"model\.none\.safetensors"):
        cls.from_pretrained(tmp_path, variant="none")
    model.save_pretrained(tmp_path, variant="ema")
    assert not any("ema-0" in path.name for path in tmp_path.iterdir())
    assert same(cls.from_pretrained(tmp_path, variant="ema"), model.to_arrays())
    assert same(cls.from_pretrained(tmp_path, variant="fp16"), other)


def test_which_of_two_files_is_read_may_be_said(tmp_path):
    model = model_of()
    cls = public("CamembertForMaskedLM")
    other = shifted(model, 1)
    state = {name: tree.tensor(array) for name, array in other.items()}
    model.save_pretrained(tmp_path / "bin", state_dict=state, safe_serialization=False)
    model.save_pretrained(tmp_path)
    (tmp_path / "bin" / "pytorch_model.bin").rename(tmp_path / "pytorch_model.bin")
    assert same(cls.from_pretrained(tmp_path), model.to_arrays())
    assert same(cls.from_pretrained(tmp_path, use_safetensors=True), model.to_arrays())
    assert same(cls.from_pretrained(tmp_path, use_safetensors=False), other)
    (tmp_path / "pytorch_model.bin").rename(tmp_path / "tf_model.h5")  # judged by its bytes
    assert same(cls.from_pretrained(tmp_path, from_tf=True), other)
    assert same(cls.from_pretrained(tmp_path, from_pt=True), model.to_arrays())
    with pytest.raises(FileNotFoundError):
        cls.from_pretrained(tmp_path, use_safetensors=False, variant="fp16")


# parts that start anew ------------------------------------------------------------------------


def test_a_cross_attention_starts_anew_with_a_report(base):
    cls = public("CamembertForCausalLM")
    with pytest.warns(UserWarning, match="new, random weights .*crossattention") as caught:
        model, report = cls.from_pretrained(base, output_loading_info=True, **CROSSED)
    assert len(caught) == 1
    assert len(str(caught[0].message)) < 500
    assert len(report.missing) == 2 * 10
    assert all(".crossattention." in name for name in report.missing)
    arrays, old = model.to_arrays(), model_of().to_arrays()
    assert all(np.array_equal(arrays[name], old[name]) for name in old)
    for name in report.missing:
        if name.endswith("LayerNorm.weight"):
            assert np.array_equal(arrays[name], np.ones_like(arrays[name]))
        elif arrays[name].ndim == 1:
            assert not arrays[name].any()
        else:
            assert 0.01 < arrays[name].std() < 0.03
    again = cls.from_pretrained(base, config=model.config, state_dict=tensors(model))
    assert same(again, arrays)


def tensors(model):
    return {name: tree.tensor(array) for name, array in model.to_arrays().items()}


def test_a_cross_attention_that_is_there_in_part_is_refused(tmp_path):
    config = cases.config("crossed")
    model = model_of(cases.CAUSAL, config)
    state = tensors(model)
    gone = next(name for name in state if ".crossattention." in name)
    del state[gone]
    with pytest.raises(ValueError, match=f"missing: {gone}"):
        public("CamembertForCausalLM").from_pretrained(None, config=config, state_dict=state)


def test_a_pooler_is_left_out_or_starts_anew(base, tmp_path):
    cls = public("CamembertModel")
    plain, report = cls.from_pretrained(base, add_pooling_layer=False, output_loading_info=True)
    assert "pooler.dense.weight" not in plain.to_arrays()
    assert not report.missing
    with pytest.warns(UserWarning, match="new, random weights .*pooler"):
        pooled, report = cls.from_pretrained(base, output_loading_info=True)
    assert {"pooler.dense.weight", "pooler.dense.bias"} == {*report.missing}
    pooled.save_pretrained(tmp_path)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert same(cls.from_pretrained(tmp_path), pooled.to_arrays())
        assert same(cls.from_pretrained(tmp_path, add_pooling_layer=False), plain.to_arrays())
        assert same(cls.from_pretrained(tmp_path, False), plain.to_arrays())


# families -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cls", "family"), [(CamembertConfig, "Camembert"), (RobertaConfig, "Roberta")]
)
def test_a_folder_says_its_family_and_class_and_comes_back_as_such(cls, family, tmp_path):
    config = cls(**cases.SIZES)
    model_of(config=config).save_pretrained(tmp_path)
    written = config_in(tmp_path)
    assert written["model_type"] == family.lower()
    assert written["architectures"] == [f"{family}ForMaskedLM"]
    for one in ("RobertaForMaskedLM", "CamembertForMaskedLM"):
        model = public(one).from_pretrained(tmp_path)
        assert type(model.config) is cls
    model.save_pretrained(tmp_path / "again")
    assert config_in(tmp_path / "again") == written


def test_a_family_without_sizes_of_its_own_has_its_defaults(tmp_path):
    config = XLMRobertaConfig(**cases.SIZES)
    model_of(config=config).save_pretrained(tmp_path)
    assert config_in(tmp_path)["architectures"] == ["XLMRobertaForMaskedLM"]
    model = public("CamembertForMaskedLM").from_pretrained(tmp_path)
    assert type(model.config) is XLMRobertaConfig


def test_a_class_of_ones_own_has_a_config_of_its_own(base, tmp_path):
    class OwnModel(public("CamembertForMaskedLM")):
        """A model of a user's own."""

        config_class = OwnConfig

    model = OwnModel.from_pretrained(base, alpha=7)
    assert type(model.config) is OwnConfig
    assert (model.config.alpha, model.config.model_type) == (7, "own")
    model.config.later = "set"
    model.save_pretrained(tmp_path)
    again = OwnModel.from_pretrained(tmp_path)
    assert (again.config.alpha, again.config.later) == (7, "set")
    assert again.config == OwnConfig.from_pretrained(tmp_path)
    assert same(again, model.to_arrays())


# saving ---------------------------------------------------------------------------------------


def test_another_process_than_the_first_writes_nothing(tmp_path):
    model_of().save_pretrained(tmp_path / "model", is_main_process=False)
    assert not (tmp_path / "model").exists()


def test_what_accelerate_hands_over_is_taken(tmp_path):
    model = model_of()
    other = shifted(model, 1)
    state = {name: tree.tensor(array) for name, array in other.items()}
    model.save_pretrained(
        save_directory=tmp_path, is_main_process=True, save_function=print, state_dict=state
    )
    assert same(public("CamembertForMaskedLM").from_pretrained(tmp_path), other)
    del state[next(iter(state))]
    with pytest.raises(ValueError, match="missing: "):
        model.save_pretrained(tmp_path, state_dict=state)


def test_an_unknown_option_of_saving_is_refused_and_nothing_is_written(tmp_path):
    with pytest.raises(ValueError, match="must be one of its own; received alpha"):
        model_of().save_pretrained(tmp_path / "model", alpha=1)
    assert not (tmp_path / "model").exists()


def test_a_saved_model_is_tensorflows(tmp_path):
    model = model_of()
    if PREFIX:
        model.save_pretrained(tmp_path, saved_model=True, version=3)
        assert (tmp_path / "saved_model" / "3" / "saved_model.pb").is_file()
        assert same(public("CamembertForMaskedLM").from_pretrained(tmp_path), model.to_arrays())
    else:
        with pytest.raises(ValueError, match="saved_model must be False"):
            model.save_pretrained(tmp_path / "model", saved_model=True)
        assert not (tmp_path / "model").exists()


def test_torchscript_and_return_dict_of_the_config_give_tuples():
    task = cases.BARE
    inputs = cases.inputs(task, cases.case("right padding"))
    for values in ({"torchscript": True}, {"return_dict": False}):
        model = model_of(task, cases.config().replaced(**values))
        assert isinstance(model(input_ids=tree.tensor(inputs["input_ids"])), tuple)
