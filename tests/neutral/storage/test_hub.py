"""The hub: the real client against a hub on loopback."""

import json
import os
import socket
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest

from camembert_dual.checkpoints.folder import write_weights
from camembert_dual.checkpoints.proof import sha256
from camembert_dual.storage.locate import locate
from camembert_dual.tokenization import CamembertTokenizerFast
from checkpoint_cases import tiny_arrays, tiny_config, tiny_folder
from hub_server import COMMITS, serve
from tokenization_models import model_bytes

NAME = "almanach/camembert-tiny"
CLIENT = str(Path(__file__).parents[2] / "support" / "hub_client.py")


def contents(folder):
    return {path.name: path.read_bytes() for path in Path(folder).iterdir()}


def hashes(**options):
    return {name: sha256(one) for name, one in tiny_arrays(**options).items()}


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    """Files of two commits, of a sharded repository and of one that only has pickles."""
    folder = tmp_path_factory.mktemp("published")
    files = {
        "main": contents(tiny_folder(folder / "main", seed=1)),
        "old": contents(tiny_folder(folder / "old", seed=2)),
    }
    files["main"] |= {
        "pytorch_model.bin": b"not needed",
        "tf_model.h5": b"not needed",
        "README.md": b"not needed",
    }
    arrays = tiny_arrays(seed=3)
    write_weights(tiny_folder(folder / "shards"), arrays, "safetensors", max_shard_size="9KB")
    (folder / "shards" / "model.safetensors").unlink()
    files["shards"] = contents(folder / "shards")
    write_weights(tiny_folder(folder / "bin"), arrays, "bin")
    (folder / "bin" / "model.safetensors").unlink()
    files["bin"] = contents(folder / "bin")
    path, _ = write_weights(tiny_folder(folder / "keras"), arrays, "keras-weights")
    path.rename(folder / "keras" / "model_00000.weights.h5")
    index = {"weight_map": {"/vars": ["model_00000.weights.h5"]}}
    (folder / "keras" / "model.weights.json").write_text(json.dumps(index))
    (folder / "keras" / "model.safetensors").unlink()
    files["keras"] = contents(folder / "keras")
    (folder / "spm").write_bytes(model_bytes())
    tokenizer = CamembertTokenizerFast(folder / "spm", model_max_length=38)
    config = tiny_config(vocab_size=len(tokenizer))
    tokenizer.save_pretrained(tiny_folder(folder / "complete", config=config))
    (folder / "complete" / "README.md").write_text("a card")
    files["complete"] = contents(folder / "complete")
    return files


@pytest.fixture(scope="module")
def server():
    with serve() as hub:
        yield hub


@contextmanager
def running_client(endpoint, home):
    """A client process whose home is empty; few for all tests, since one takes seconds to start."""
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("HF_", "HUGGING"))
    }
    environment |= {
        "HF_ENDPOINT": endpoint,
        "HF_HOME": str(home),
        "NO_PROXY": "127.0.0.1",
        "TQDM_POSITION": "-1",  # the client's progress bars without a terminal
    }
    with (
        (home / "stderr").open("w") as stderr,
        subprocess.Popen(
            [sys.executable, CLIENT],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
        ) as process,
    ):
        yield process
        process.stdin.close()


def tell(process, name, **options):
    process.stdin.write(json.dumps({"name": name, **options}) + "\n")
    process.stdin.flush()
    return json.loads(process.stdout.readline())


@pytest.fixture(scope="module")
def client(server, tmp_path_factory):
    home = tmp_path_factory.mktemp("home")
    with running_client(server.url, home) as process:
        yield process, home


@pytest.fixture(scope="module")
def offline(tmp_path_factory):
    """A client whose hub cannot be reached: nothing listens at its address."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        endpoint = f"http://127.0.0.1:{bound.getsockname()[1]}"
        with running_client(endpoint, tmp_path_factory.mktemp("offline")) as process:
            yield process


@pytest.fixture
def hub(server, published):
    server.files.clear()
    server.broken.clear()
    server.add(NAME, "main", published["main"])
    server.add(NAME, "old", published["old"])
    server.add("a/shards", "main", published["shards"])
    server.add("a/bin", "main", published["bin"])
    server.add("a/keras", "main", published["keras"])
    server.add("a/complete", "main", published["complete"])
    server.add("a/secret", "main", published["main"])
    server.secret.add("a/secret")
    server.moved.clear()
    server.requests.clear()
    return server


@pytest.fixture
def ask(hub, client, tmp_path):
    """Gives an order to the client, with a cache of the test's own."""
    process, _ = client

    def order(name, **options):
        return tell(process, name, **{"cache_dir": str(tmp_path / "cache")} | options)

    return order


def fetched(hub):
    return [path.rpartition("/")[2] for method, path, *_ in hub.requests if method == "GET"]


def test_only_the_files_needed_come_and_then_from_the_shared_cache(hub, ask, client):
    answer = ask(NAME, cache_dir=None)
    assert answer["hashes"] == hashes(seed=1)
    assert sorted(fetched(hub)) == ["config.json", "model.safetensors"]
    shown = (client[1] / "stderr").read_text()
    assert "model.safetensors: 100%" in shown
    snapshots = client[1] / "hub" / "models--almanach--camembert-tiny" / "snapshots"
    assert answer["path"] == str(snapshots / COMMITS["main"])
    hub.requests.clear()
    assert ask(NAME, cache_dir=None) == answer
    assert fetched(hub) == []
    hub.requests.clear()
    assert ask(NAME, cache_dir=None, local_files_only=True) == answer
    assert ask(NAME, cache_dir=None, revision=COMMITS["main"]) == answer
    assert hub.requests == []  # neither needs the network


def test_no_list_of_what_is_installed_is_sent(hub, ask):
    ask(NAME)
    assert {agent for *_, agent in hub.requests} == {"camembert-dual"}


def test_a_config_alone_does_not_bring_the_weights(hub, ask):
    assert ask(NAME, config_only=True) == {"hidden_size": 24}
    assert fetched(hub) == ["config.json"]


def test_revisions_are_kept_apart(hub, ask, tmp_path):
    assert ask(NAME, revision="old")["hashes"] == hashes(seed=2)
    assert ask(NAME, revision="main")["hashes"] == hashes(seed=1)
    assert (tmp_path / "cache").is_dir()
    answer = ask(NAME, revision="none")
    assert answer["error"] == "FileNotFoundError"
    assert "'none'" in answer["message"]


@pytest.mark.parametrize("name", ["a/shards", "a/bin", "a/keras"])
def test_other_formats_come_when_there_are_no_safetensors(hub, ask, name):
    assert ask(name)["hashes"] == hashes(seed=3)
    assert "README.md" not in fetched(hub)


def test_a_repository_is_found_under_its_first_name(hub, ask):
    hub.moved["camembert-tiny"] = NAME
    answer = ask("camembert-tiny")
    assert answer["hashes"] == hashes(seed=1)
    hub.requests.clear()
    assert ask("camembert-tiny", local_files_only=True) == answer
    assert hub.requests == []


def test_what_is_not_there_is_said(hub, ask):
    answer = ask("a/nowhere")
    assert answer["error"] == "FileNotFoundError"
    assert "a/nowhere" in answer["message"]
    answer = ask("a/nowhere", local_files_only=True)
    assert answer["error"] == "FileNotFoundError"
    assert "the cache" in answer["message"]


def test_a_token_opens_what_is_closed_without(hub, ask):
    answer = ask("a/secret")
    assert answer["error"] == "PermissionError"
    assert "a/secret" in answer["message"]
    assert ask("a/secret", token="wrong")["error"] == "PermissionError"
    assert ask("a/secret", token="right")["hashes"] == hashes(seed=1)


def test_a_broken_transfer_is_resumed_where_it_stopped(hub, ask, tmp_path):
    config = tiny_config(vocab_size=300_000)  # the client writes in pieces of 10 MB
    hub.add("a/large", "main", contents(tiny_folder(tmp_path / "large", config=config)))
    hub.broken["model.safetensors"] = 1
    assert ask("a/large")["hashes"] == hashes(config=config)
    ranges = [wanted for _, path, wanted, _ in hub.requests if path.endswith("safetensors")]
    assert any(wanted and int(wanted[6:-1]) > 0 for wanted in ranges)


def test_a_transfer_that_never_ends_well_leaves_no_checkpoint(hub, ask):
    hub.broken["model.safetensors"] = 10**6
    answer = ask(NAME)
    assert answer["error"] in ("OSError", "FileNotFoundError")
    assert NAME in answer["message"]
    hub.broken.clear()
    assert ask(NAME)["hashes"] == hashes(seed=1)


def test_a_hub_that_is_down_is_said_and_the_cache_serves(hub, ask):
    answer = ask(NAME)
    hub.files.clear()
    assert ask(NAME, local_files_only=True) == answer
    assert ask(NAME) == answer


@pytest.mark.parametrize("name", ["a/bin", "a/shards"])
def test_what_the_cache_holds_needs_no_hub_whatever_its_format(ask, offline, tmp_path, name):
    answer = ask(name)
    assert tell(offline, name, cache_dir=str(tmp_path / "cache")) == answer


@pytest.mark.parametrize("name", ["no-such-name", "owner/name"])
def test_without_a_connection_the_error_comes_at_once(offline, name):
    answer = tell(offline, name)
    assert answer["error"] == "FileNotFoundError"
    assert name in answer["message"]
    assert "hub cannot be reached" in answer["message"]
    assert answer["seconds"] < 5


def test_a_conversion_and_an_inspection_bring_the_tokenizer_and_the_card(hub, ask, tmp_path):
    assert ask("a/complete", target=str(tmp_path / "there"))["task"] == "CamembertForMaskedLM"
    there = {path.name for path in (tmp_path / "there").iterdir()}
    wanted = {"sentencepiece.bpe.model", "tokenizer.json", "tokenizer_config.json"}
    assert there >= wanted | {"README.md", "pytorch_model.bin", "config.json"}
    assert (tmp_path / "there" / "README.md").read_text() == "a card"
    hub.requests.clear()
    answer = ask("a/complete", inspected=True)
    assert answer["status"] == 0, answer["out"]
    assert "no problems found" in answer["out"]


@pytest.mark.parametrize(
    "name",
    [
        *("./a", "a/b/c", "a//b", "../a", "a/", "", "a b", "a/..", Path("a/b")),
        *("a--b", "a.git", "a-", "é", "a" * 97),
    ],
)
def test_what_is_no_hub_name_never_reaches_the_network(name):
    with pytest.raises(FileNotFoundError, match="must be a folder"):
        locate(name)


def test_without_the_client_the_error_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    with pytest.raises(ImportError, match=r"camembert-dual\[hub\]"):
        locate("owner/name")
