"""Publishing to a hub on loopback: configs, and what a hub refuses."""

import json
import sys

import pytest

from camembert_dual import CamembertConfig
from camembert_dual.storage.publishing import publish, take_publishing
from hub_uploads import commit_of, publishing

NAME = "almanach/essai"


@pytest.fixture
def hub(monkeypatch):
    with publishing(monkeypatch) as hub:
        yield hub


def files_of(hub, name=NAME, revision="main"):
    return hub.files[name, commit_of(revision)]


def test_a_config_is_published_and_read_again(hub, tmp_path):
    config = CamembertConfig(alpha=1, hidden_size=24)
    address = config.push_to_hub(NAME, token="right", commit_message="The first", private=True)
    assert address == f"{hub.url}/{NAME}/commit/{commit_of('main')}"
    assert hub.commits == [(NAME, "main", "The first", False)]
    assert hub.made == {NAME: "private"}
    assert json.loads(files_of(hub)["config.json"]) == json.loads(config.to_json_string())
    assert CamembertConfig.from_pretrained(NAME, cache_dir=tmp_path) == config


def test_a_folder_is_saved_and_published_under_its_name(hub, tmp_path):
    config = CamembertConfig(alpha=1)
    config.save_pretrained(tmp_path / "essai", push_to_hub=True, token="right")
    assert (tmp_path / "essai" / "config.json").is_file()
    assert "config.json" in files_of(hub, "someone/essai")
    config.save_pretrained(tmp_path / "essai", push_to_hub=True, token="right", repo_id=NAME)
    assert "config.json" in files_of(hub)
    config.save_pretrained(tmp_path / "other", push_to_hub=False, token="right")
    assert len(hub.commits) == 2


def test_a_branch_is_made_and_a_change_may_be_asked_for(hub):
    config = CamembertConfig()
    config.push_to_hub(NAME, token="right", revision="trial")
    config.push_to_hub(NAME, token="right", branch="other")
    assert {*hub.files} == {(NAME, commit_of("trial")), (NAME, commit_of("other"))}
    config.push_to_hub(NAME, token="right", create_pr=True)
    assert hub.commits[-1][2:] == ("Upload of a CamemBERT", True)
    assert (NAME, commit_of("main")) not in hub.files


def test_no_list_of_what_is_installed_is_sent(hub):
    CamembertConfig().push_to_hub(NAME, token="right")
    assert {agent for *_, agent in hub.requests} == {"camembert-dual"}


def test_a_hub_that_refuses_is_told_in_one_line(hub):
    with pytest.raises(PermissionError, match="must grant access to 'almanach/essai'") as refused:
        CamembertConfig().push_to_hub(NAME, token="wrong")
    assert "\n" not in str(refused.value)
    assert not hub.files


@pytest.mark.parametrize("name", ["a/b/c", "../a", "", "a b", None])
def test_what_is_no_hub_name_is_refused_before_anything_is_written(name):
    with pytest.raises(ValueError, match="repo_id must be a hub name"):
        publish(pytest.fail, name)


@pytest.mark.parametrize("option", ["organization", "repo_url", "repo_path_or_name", "tags"])
def test_an_option_of_before_is_refused_with_what_to_say_instead(option):
    with pytest.raises(ValueError, match=f"{option} must be None, as .*; received 'x'"):
        publish(pytest.fail, NAME, **{option: "x"})


def test_what_says_where_to_publish_is_taken_out_of_the_options():
    options = {"repo_id": NAME, "token": "right", "variant": "fp16", "use_temp_dir": True}
    assert take_publishing(options, "a/b", True) == {"repo_id": NAME, "token": "right"}
    assert options == {"variant": "fp16"}
    assert take_publishing({}, "a/b", True) == {"repo_id": "b"}
    assert take_publishing({"token": "right"}, "a/b", False) is None


def test_without_the_client_the_error_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    with pytest.raises(ImportError, match=r"camembert-dual\[hub\]"):
        publish(pytest.fail, NAME)
