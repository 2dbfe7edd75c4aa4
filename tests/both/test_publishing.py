"""Models go to a hub on loopback, and come back."""

import json
import os

import numpy as np
import pytest

import camembert_dual
import cases
from backend import tree
from hub_uploads import commit_of, publishing

PREFIX = {"pt": "", "tf": "TF"}[os.environ["CAMEMBERT_BACKEND"]]
NAME = "almanach/essai"


@pytest.fixture
def hub(monkeypatch):
    with publishing(monkeypatch) as hub:
        yield hub


@pytest.fixture
def model():
    config = cases.config()
    return tree.new(cases.MASKED, config, cases.weights(config, cases.MASKED), "float32")


def test_a_model_is_published_and_read_again(hub, model, tmp_path):
    address = model.push_to_hub(NAME, token="right", commit_message="The first")
    assert address == f"{hub.url}/{NAME}/commit/{commit_of('main')}"
    assert hub.commits == [(NAME, "main", "The first", False)]
    assert {*hub.files[NAME, commit_of("main")]} == {"config.json", "model.safetensors"}
    cls = getattr(camembert_dual, f"{PREFIX}CamembertForMaskedLM")
    expected = model.to_arrays()
    for options in ({}, {"force_download": True}, {"local_files_only": True}):
        again = cls.from_pretrained(NAME, cache_dir=tmp_path, **options)
        found = again.to_arrays()
        assert all(np.array_equal(found[name], expected[name]) for name in expected)
        assert again.config.name_or_path == NAME


def test_options_of_saving_go_along(hub, model, tmp_path):
    options = {"max_shard_size": "9KB", "variant": "fp16"}
    model.save_pretrained(tmp_path / "essai", push_to_hub=True, token="right", **options)
    sent = hub.files["someone/essai", commit_of("main")]
    assert sent == {path.name: path.read_bytes() for path in (tmp_path / "essai").iterdir()}
    assert len(json.loads(sent["model.safetensors.index.fp16.json"])["weight_map"]) > 9
    model.push_to_hub(NAME, token="right", safe_serialization=False)
    assert {*hub.files[NAME, commit_of("main")]} == {"config.json", "pytorch_model.bin"}


def test_a_folder_of_a_repository_is_read_alone(hub, model, tmp_path):
    model.push_to_hub(NAME, token="right")
    files = hub.files[NAME, commit_of("main")]
    below = {f"a/b/{name}": content for name, content in files.items()}
    hub.add("almanach/deep", "main", below)
    hub.requests.clear()
    cls = getattr(camembert_dual, f"{PREFIX}CamembertForMaskedLM")
    again = cls.from_pretrained("almanach/deep", subfolder="a/b", cache_dir=tmp_path)
    found, expected = again.to_arrays(), model.to_arrays()
    assert all(np.array_equal(found[name], expected[name]) for name in expected)
    got = {path.partition("/resolve/")[2] for method, path, *_ in hub.requests if method == "GET"}
    assert {one.partition("/")[2] for one in got} == {"a/b/config.json", "a/b/model.safetensors"}
    hub.requests.clear()
    cls.from_pretrained("almanach/deep", subfolder="a/b", cache_dir=tmp_path, revision="main")
    assert not [path for method, path, *_ in hub.requests if method == "GET"]


def test_force_download_fetches_again(hub, model, tmp_path):
    model.push_to_hub(NAME, token="right")
    cls = getattr(camembert_dual, f"{PREFIX}CamembertForMaskedLM")
    counts = []
    for options in ({}, {}, {"force_download": True}):
        hub.requests.clear()
        cls.from_pretrained(NAME, cache_dir=tmp_path, **options)
        counts.append(len([one for one in hub.requests if one[0] == "GET"]))
    assert counts == [2, 0, 2]
