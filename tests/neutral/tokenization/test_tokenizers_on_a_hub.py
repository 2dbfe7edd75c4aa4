"""Tokenizers published to a hub on loopback, and read from there."""

import pytest

from camembert_dual.tokenization import AutoTokenizer, CamembertTokenizer, CamembertTokenizerFast
from hub_uploads import commit_of, publishing
from tokenization_models import SENTENCES, write_model

NAME = "almanach/essai"


@pytest.fixture
def hub(monkeypatch):
    with publishing(monkeypatch) as hub:
        yield hub


@pytest.mark.parametrize("cls", [CamembertTokenizer, CamembertTokenizerFast])
def test_a_tokenizer_is_published_and_read_again(hub, tmp_path, cls):
    tokenizer = cls(write_model(tmp_path))
    tokenizer.add_tokens(["crèmerie"])
    address = tokenizer.push_to_hub(NAME, token="right", legacy_format=False)
    assert address == f"{hub.url}/{NAME}/commit/{commit_of('main')}"
    names = set(hub.files[NAME, commit_of("main")])
    assert names == {"tokenizer.json", "tokenizer_config.json", "special_tokens_map.json"}
    again = AutoTokenizer.from_pretrained(NAME, cache_dir=tmp_path / "cache", resume_download=True)
    assert again.get_vocab() == tokenizer.get_vocab()
    assert again(SENTENCES) == tokenizer(SENTENCES)


def test_a_folder_is_saved_and_published_under_its_name(hub, tmp_path):
    tokenizer = CamembertTokenizer(write_model(tmp_path))
    paths = tokenizer.save_pretrained(tmp_path / "essai", push_to_hub=True, token="right")
    assert {path.rsplit("/", 1)[-1] for path in paths} == set(
        hub.files["someone/essai", commit_of("main")]
    )
