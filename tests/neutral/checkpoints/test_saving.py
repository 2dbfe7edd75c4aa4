"""Saves are whole: killed, without room or without leave, the old checkpoint is the checkpoint."""

import gc
import json
import os
import random
import resource
import signal
import time
from pathlib import Path

import pytest

from camembert_dual.checkpoints.convert import convert
from camembert_dual.checkpoints.folder import open_checkpoint, save_checkpoint
from camembert_dual.checkpoints.formats.registry import WRITTEN
from camembert_dual.storage.atomic import JOURNAL, STAGING, finish_save, staged_save
from checkpoint_cases import assert_same, tiny_arrays, tiny_config, tiny_folder

KILLS = 60


def test_a_killed_save_leaves_the_old_or_the_new_checkpoint(tmp_path):
    # they differ in shapes, so that a mixture of their files cannot load
    sizes = (24, 30)
    kinds = {}
    for size in sizes:
        config = tiny_config(hidden_size=size, num_hidden_layers=3)
        kinds[size] = config, tiny_arrays(config=config, seed=size)
    save_checkpoint(tmp_path, *kinds[24])
    start = time.perf_counter()
    save_checkpoint(tmp_path, *kinds[24])
    duration = time.perf_counter() - start
    chance = random.Random(0)
    outcomes = {"old": 0, "new": 0}
    for count in range(KILLS):
        before = open_checkpoint(tmp_path).config.hidden_size
        wanted = sizes[count % 2]
        child = os.fork()
        if child == 0:
            try:
                limit = 9000 if count % 3 == 0 else None
                save_checkpoint(tmp_path, *kinds[wanted], max_shard_size=limit)
            finally:
                os._exit(0)
        time.sleep(chance.random() * duration * 1.3)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        checkpoint = open_checkpoint(tmp_path)
        found = checkpoint.config.hidden_size
        assert found in (before, wanted)
        assert_same(checkpoint.arrays, kinds[found][1])
        outcomes["new" if found == wanted else "old"] += 1
    assert outcomes["old"] >= 5
    assert outcomes["new"] >= 5
    save_checkpoint(tmp_path, *kinds[24])
    assert sorted(path.name for path in tmp_path.iterdir()) == ["config.json", "model.safetensors"]


@pytest.mark.parametrize("moved", range(3))
def test_a_save_that_died_after_its_journal_is_finished_by_the_next_reader(tmp_path, moved):
    tiny_folder(tmp_path, seed=1)
    new = tiny_config(hidden_size=30)
    tiny_folder(tmp_path / "new", config=new, seed=2)
    staging = tmp_path / f"{STAGING}1-x"
    (tmp_path / "new").rename(staging)
    names = ["config.json", "model.safetensors"]
    journal = {"staging": staging.name, "files": names, "removed": ["gone"]}
    (tmp_path / JOURNAL).write_text(json.dumps(journal))
    for name in names[:moved]:
        (staging / name).replace(tmp_path / name)
    checkpoint = open_checkpoint(tmp_path)
    assert checkpoint.config == new
    assert_same(checkpoint.arrays, tiny_arrays(config=new, seed=2))
    assert sorted(path.name for path in tmp_path.iterdir()) == names
    finish_save(tmp_path)


def test_an_error_while_writing_leaves_the_folder_as_it_was(tmp_path):
    tiny_folder(tmp_path)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}

    def fail() -> None:
        with staged_save(tmp_path) as folder:
            (folder / "config.json").write_text("{}")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_a_full_disk_gives_a_clear_error_and_leaves_the_old_checkpoint(tmp_path):
    tiny_folder(tmp_path, seed=1)
    child = os.fork()
    if child == 0:
        status = 1
        try:  # a limit on the size of files stands for a disk without room
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
            save_checkpoint(tmp_path, tiny_config(), tiny_arrays(seed=2))
        except OSError as error:
            clear = "could not be saved" in str(error) and "unchanged" in str(error)
            status = 0 if clear and str(tmp_path) in str(error) else 2
        finally:
            os._exit(status)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert_same(open_checkpoint(tmp_path).arrays, tiny_arrays(seed=1))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["config.json", "model.safetensors"]


@pytest.mark.parametrize("room", [0, 3_000, 30_000, 60_000])
@pytest.mark.parametrize("to", WRITTEN)
def test_a_conversion_onto_a_full_disk_ends_as_quietly_in_every_format(tmp_path, capfd, to, room):
    tiny_folder(tmp_path, config=tiny_config(num_hidden_layers=4))
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    child = os.fork()
    if child == 0:
        status = 1
        try:
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (room, room))
            convert(tmp_path, tmp_path, to)
        except OSError as error:
            status = 0 if "could not be saved (File too large)" in str(error) else 2
        finally:
            gc.collect()
            os._exit(status)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert capfd.readouterr() == ("", "")
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="needs a folder that no user can write")
def test_a_folder_that_cannot_be_written_gives_a_clear_error():
    with pytest.raises(OSError, match=r"/proc/checkpoint: the checkpoint could not be saved"):
        save_checkpoint("/proc/checkpoint", tiny_config(), tiny_arrays())


def test_a_file_in_the_way_gives_a_clear_error(tmp_path):
    (tmp_path / "file").write_text("here")
    with pytest.raises(OSError, match="could not be saved"):
        save_checkpoint(tmp_path / "file", tiny_config(), tiny_arrays())
    assert (tmp_path / "file").read_text() == "here"


def test_what_no_file_can_hold_is_refused_before_anything_is_written(tmp_path):
    with pytest.raises(ValueError, match="hidden_act"):
        save_checkpoint(tmp_path / "new", tiny_config(hidden_act=abs), tiny_arrays())
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("size", ["", "1XB", "-1", "0", 0, 1.5, "MB"])
def test_shard_sizes_that_are_none_are_refused(tmp_path, size):
    with pytest.raises(ValueError, match="max_shard_size"):
        save_checkpoint(tmp_path, tiny_config(), tiny_arrays(), max_shard_size=size)
