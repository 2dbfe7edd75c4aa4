"""What becomes of each published keyword: the tables are whole, and each row holds."""

import pytest

from camembert_dual.checkpoints import loading, saving
from camembert_dual.checkpoints.loading import LoadOptions
from camembert_dual.checkpoints.saving import SaveOptions
from camembert_dual.common.keywords import constructor_keywords
from camembert_dual.config import CamembertConfig
from camembert_dual.storage import locate, publishing

# the keywords of transformers' documentation and signatures, 4.34 and 5.24
FROM_PRETRAINED = {
    *("config", "cache_dir", "ignore_mismatched_sizes", "force_download", "local_files_only"),
    *("token", "use_auth_token", "revision", "use_safetensors", "weights_only", "fusion_config"),
    *("disable_mmap", "state_dict", "from_tf", "from_pt", "from_flax", "resume_download"),
    *("proxies", "output_loading_info", "trust_remote_code", "torch_dtype", "dtype", "device_map"),
    *("max_memory", "low_cpu_mem_usage", "offload_folder", "offload_state_dict", "load_in_8bit"),
    *("load_in_4bit", "quantization_config", "subfolder", "variant", "mirror", "code_revision"),
    *("_fast_init", "_from_auto", "_from_pipeline", "_commit_hash", "adapter_kwargs"),
    *("adapter_name", "use_flash_attention_2", "attn_implementation", "experts_implementation"),
    *("tp_plan", "tp_size", "device_mesh", "distributed_config", "gguf_file", "kernel_config"),
    *("use_kernels", "allow_all_kernels", "key_mapping", "offload_buffers", "tqdm_class"),
    *("load_weight_prefix", "tf_to_pt_weight_rename"),
}
SAVE_PRETRAINED = {
    *("is_main_process", "state_dict", "save_function", "push_to_hub", "max_shard_size"),
    *("safe_serialization", "variant", "token", "use_auth_token", "save_peft_format"),
    *("save_original_format", "distributed_checkpoint", "saved_model", "version", "signatures"),
    *("create_pr", "repo_id", "commit_message", "private", "revision", "tags"),
    *("commit_description", "use_temp_dir", "organization", "repo_url", "repo_path_or_name"),
}
OBEYED = {
    "attn_implementation",  # a value of the config
    *("config", "state_dict", "torch_dtype", "dtype", "device_map", "ignore_mismatched_sizes"),
    *("output_loading_info", "variant", "use_safetensors", "from_tf", "use_auth_token"),
}
SAVING_OBEYED = {"is_main_process", "state_dict", "save_function", "push_to_hub", "saved_model"}
SAVING_OBEYED |= {"version", "use_auth_token"}
LOADED = (*loading.NEUTRAL, *locate.NEUTRAL)
SAVED = (*saving.NEUTRAL, *publishing.NEUTRAL)
STRANGE = object()


def load(**options):
    return LoadOptions.from_keywords((), options, CamembertConfig, {"add_pooling_layer"})


def save(**options):
    return SaveOptions.from_keywords("folder", options)


def test_every_published_keyword_has_one_place():
    neutral = [row.name for row in LOADED]
    assert len(set(neutral)) == len(neutral)
    assert not {*neutral} & {*OBEYED, *locate.HUB_OPTIONS}
    assert {*neutral, *OBEYED, *locate.HUB_OPTIONS} == FROM_PRETRAINED
    neutral = [row.name for row in SAVED]
    obeyed = {*saving.OBEYED, *SAVING_OBEYED, *publishing.PUBLISHING} - {"branch"}
    assert len(set(neutral)) == len(neutral)
    assert not {*neutral} & obeyed
    assert {*neutral, *obeyed} == SAVE_PRETRAINED


@pytest.mark.parametrize(("sort", "rows"), [(load, LOADED), (save, SAVED)])
def test_a_neutral_value_changes_nothing(sort, rows):
    for row in rows:
        for value in row.neutral:
            assert sort(**{row.name: value}) == sort(), row


@pytest.mark.parametrize(
    ("sort", "row"),
    [*((load, row) for row in LOADED), *((save, row) for row in SAVED)],
    ids=lambda one: getattr(one, "name", ""),
)
def test_another_value_is_refused_with_the_reason(sort, row):
    others = [1, 0, "x", "", [], STRANGE]
    others += [one for one in (None, True, False) if one not in row.neutral]
    for value in others:
        if any(type(one) is type(value) and one == value for one in row.neutral):
            continue
        with pytest.raises(ValueError, match=rf"^{row.name} must be .*, as ") as refused:
            sort(**{row.name: value})
        line = str(refused.value)
        assert row.reason in line
        assert "\n" not in line
        assert line.endswith(".")


def test_each_keyword_that_is_obeyed_changes_the_options():
    given = {
        "config": CamembertConfig(vocab_size=101),
        "state_dict": {},
        "torch_dtype": "float16",
        "dtype": "float16",
        "device_map": "cpu",
        "ignore_mismatched_sizes": True,
        "output_loading_info": True,
        "variant": "fp16",
        "use_safetensors": True,
        "from_tf": True,
        "revision": "main",
        "cache_dir": "/somewhere",
        "token": "secret",
        "local_files_only": True,
        "force_download": True,
        "subfolder": "a/b",
        "add_pooling_layer": False,
        "hidden_dropout_prob": 0.2,
        "attn_implementation": "eager",
    }
    assert given.keys() - {"add_pooling_layer", "hidden_dropout_prob"} == (
        OBEYED | {*locate.HUB_OPTIONS}
    ) - {"use_auth_token"}
    for name, value in given.items():
        assert load(**{name: value}) != load(), name


def test_a_token_may_come_under_its_first_name():
    with pytest.warns(FutureWarning, match="use_auth_token is called token since"):
        assert load(use_auth_token="secret").hub["token"] == "secret"
    with (
        pytest.warns(FutureWarning, match="use_auth_token is called token since"),
        pytest.raises(ValueError, match="token must be given under one name"),
    ):
        load(use_auth_token="secret", token="other")


@pytest.mark.parametrize(
    ("options", "rule"),
    [
        ({"variant": "../a"}, "variant must be letters, digits and underscores"),
        ({"variant": 3}, "variant must be letters, digits and underscores"),
        ({"use_safetensors": "yes"}, "use_safetensors must be True, False or None"),
        ({"from_tf": 1}, "from_tf must be True, False or None"),
        ({"ignore_mismatched_sizes": None}, "ignore_mismatched_sizes must be True or False"),
        ({"output_loading_info": 1}, "output_loading_info must be True or False"),
        ({"local_files_only": "no"}, "local_files_only must be True or False"),
        ({"force_download": None}, "force_download must be True or False"),
        ({"subfolder": "../.."}, "subfolder must be the path of a folder"),
        ({"subfolder": "a/../../b"}, "subfolder must be the path of a folder"),
        ({"device_map": {"roberta": 0, "lm_head": 1}}, "device_map must name one device"),
        ({"device_map": [0]}, "device_map must name one device"),
    ],
)
def test_an_option_of_another_kind_is_refused(options, rule):
    with pytest.raises(ValueError, match=rule):
        load(**options)


@pytest.mark.parametrize(
    ("options", "rule"),
    [
        ({"is_main_process": 1}, "is_main_process must be True or False"),
        ({"saved_model": "yes"}, "saved_model must be True or False"),
        ({"push_to_hub": "name"}, "push_to_hub must be True or False"),
        ({"save_function": abs, "safe_serialization": False}, "no pickle is written"),
        ({"hidden_size": 3}, "An option of save_pretrained must be one of its own; received hid"),
    ],
)
def test_an_option_of_saving_of_another_kind_is_refused(options, rule):
    with pytest.raises(ValueError, match=rule):
        save(**options)


@pytest.mark.parametrize("given", [None, "cpu", "auto", 0, {"": "cpu"}])
def test_one_device_is_read_in_each_of_its_forms(given):
    assert load(device_map=given).device == (given[""] if isinstance(given, dict) else given)


@pytest.mark.parametrize(
    ("options", "names"),
    [
        ({}, ("model.safetensors", "model.safetensors.index.json", "pytorch_model.bin")),
        ({"from_tf": True}, ("tf_model.h5", "tf_model.h5.index.json", "model.safetensors")),
        ({"use_safetensors": False}, ("pytorch_model.bin", "pytorch_model.bin.index.json")),
        ({"variant": "fp16"}, ("model.fp16.safetensors", "model.safetensors.index.fp16.json")),
        ({"use_safetensors": False, "variant": "a"}, ("pytorch_model.a.bin",)),
    ],
)
def test_weights_are_looked_for_in_the_order_asked_for(options, names):
    assert load(**options).weights[: len(names)] == names


def test_only_safetensors_are_read_if_asked_for():
    assert all("safetensors" in name for name in load(use_safetensors=True).weights)


def test_the_keywords_of_constructors_are_collected_up_to_a_base():
    class Base:
        def __init__(self, config, name=None):
            pass

    class Own(Base):
        def __init__(self, config, *more, tags=3, **others):
            pass

    assert constructor_keywords(Own, Base) == {"config", "name", "tags"}
    assert constructor_keywords(Own, Own) == {"config", "tags"}
