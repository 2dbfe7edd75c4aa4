"""Saves are whole: killed, without room or without leave, the old checkpoint is the checkpoint."""

import errno
import gc
import json
import os
import random
import resource
import shutil
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from camembert_dual.checkpoints.convert import convert
from camembert_dual.checkpoints.folder import open_checkpoint, save_checkpoint
from camembert_dual.checkpoints.formats.registry import WRITTEN
from camembert_dual.cli import main
from camembert_dual.common.errors import CheckpointError
from camembert_dual.storage.atomic import finish_save, staged_save
from camembert_dual.storage.journal import JOURNAL, NEW, STAGING, journal_text
from checkpoint_cases import assert_same, of_type, tiny_arrays, tiny_config, tiny_folder

KILLS = 60
NAMES = ["config.json", "model.safetensors"]


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


def interrupted(folder, moved=0, old="model-00001-of-00001.safetensors"):
    """A folder with a checkpoint, and the journal of a save that died after so many moves."""
    new = tiny_config(hidden_size=30)
    tiny_folder(folder, seed=1)
    (folder / old).write_bytes(b"old")
    tiny_folder(folder / "new", config=new, seed=2)
    staging = folder / f"{STAGING}x" / NEW
    staging.parent.mkdir()
    (folder / "new").rename(staging)
    text = journal_text(folder, staging, [old])
    (folder / JOURNAL).write_text(text)
    for name in NAMES[:moved]:
        (staging / name).replace(folder / name)
    return new


def state(folder):
    """Every file with its bytes and its time."""
    return {
        path: (path.lstat().st_mtime_ns, path.read_bytes() if path.is_file() else None)
        for path in [folder, *sorted(folder.rglob("*"))]
    }


@pytest.mark.parametrize("moved", range(3))
def test_a_save_that_died_after_its_journal_is_finished_by_the_next_reader(tmp_path, moved):
    new = interrupted(tmp_path, moved)
    checkpoint = open_checkpoint(tmp_path)
    assert checkpoint.config == of_type(new)
    assert_same(checkpoint.arrays, tiny_arrays(config=new, seed=2))
    assert sorted(path.name for path in tmp_path.iterdir()) == NAMES
    finish_save(tmp_path)


def test_a_save_that_died_is_finished_by_the_next_save(tmp_path):
    interrupted(tmp_path)
    save_checkpoint(tmp_path, tiny_config(), tiny_arrays(seed=3), safe_serialization=False)
    assert_same(open_checkpoint(tmp_path).arrays, tiny_arrays(seed=3))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["config.json", "pytorch_model.bin"]


def forged(folder, **changes):
    """The journal of an interrupted save with other values in it."""
    path = folder / JOURNAL
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


FORGERIES = {
    "an older version": lambda folder: forged(folder, version=1),
    "no version": lambda folder: forged(folder, version=None),
    "another folder": lambda folder: forged(folder, inode=7),
    "other files": lambda folder: forged(folder, files={"config.json": 7, NAMES[1]: 8}),
    "a file of the user": lambda folder: forged(folder, removed={"thesis.docx": 7}),
    "a file outside": lambda folder: forged(folder, removed={"../model.safetensors": 7}),
    "files as a list": lambda folder: forged(folder, files=NAMES),
    "a number as text": lambda folder: forged(folder, files={"config.json": "7"}),
    "staging outside": lambda folder: forged(folder, staging="../new"),
    "staging elsewhere": lambda folder: forged(folder, staging=".git"),
    "no staging": lambda folder: forged(folder, staging=f"{STAGING}none"),
    "a list": lambda folder: (folder / JOURNAL).write_text("[]"),
    "a link": lambda folder: (
        (folder / JOURNAL).rename(folder / "x") and (folder / JOURNAL).symlink_to("x")
    ),
    "a copy": lambda folder: (
        shutil.copytree(folder / f"{STAGING}x", folder / "copy"),
        shutil.rmtree(folder / f"{STAGING}x"),
        (folder / "copy").rename(folder / f"{STAGING}x"),
    ),
}


@pytest.mark.parametrize("kind", FORGERIES)
def test_a_journal_that_is_not_of_a_save_into_this_folder_changes_nothing(tmp_path, kind):
    folder = tmp_path / "folder"
    interrupted(folder)
    (folder / "thesis.docx").write_text("years of work")
    (tmp_path / "model.safetensors").write_text("another")
    FORGERIES[kind](folder)
    before = state(tmp_path)
    for use in (open_checkpoint, lambda path: save_checkpoint(path, tiny_config(), tiny_arrays())):
        with pytest.raises(CheckpointError, match=r"\.camembert-save\.json: ") as refused:
            use(folder)
        assert len(str(refused.value)) < 500
        assert state(tmp_path) == before


def test_a_journal_that_came_with_its_folder_is_refused(tmp_path):
    interrupted(tmp_path / "made")
    shutil.copytree(tmp_path / "made", tmp_path / "shipped")
    before = state(tmp_path / "shipped")
    with pytest.raises(CheckpointError, match="a save of one's own into this folder"):
        open_checkpoint(tmp_path / "shipped")
    assert state(tmp_path / "shipped") == before


def test_only_the_old_file_that_the_save_saw_is_removed(tmp_path):
    interrupted(tmp_path, old="model-00002-of-00002.safetensors")
    (tmp_path / "other").write_bytes(b"another file under that name")
    (tmp_path / "other").replace(tmp_path / "model-00002-of-00002.safetensors")
    open_checkpoint(tmp_path)
    assert (tmp_path / "model-00002-of-00002.safetensors").exists()


@pytest.mark.parametrize("command", ["inspect", "verify"])
def test_a_command_that_only_reads_refuses_an_interrupted_save(tmp_path, capsys, command):
    interrupted(tmp_path)
    before = state(tmp_path)
    assert main([command, str(tmp_path), *([str(tmp_path)] if command == "verify" else [])]) != 0
    assert "one whose save was interrupted" in "".join(capsys.readouterr())
    assert state(tmp_path) == before


@pytest.mark.parametrize("kind", ["foreign", "read-only"])
def test_a_folder_of_others_is_read_but_never_written(tmp_path, monkeypatch, kind):
    tiny_folder(tmp_path / "sound")
    interrupted(tmp_path / "pending")
    if kind == "foreign":
        monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
    else:  # root may write everywhere, so the disk has to refuse
        monkeypatch.setattr(os, "replace", refuse_to_write)
    before = state(tmp_path)
    assert_same(open_checkpoint(tmp_path / "sound").arrays, tiny_arrays())
    with pytest.raises(CheckpointError, match=r"another user's|Read-only file system"):
        open_checkpoint(tmp_path / "pending")
    assert state(tmp_path) == before


def refuse_to_write(*arguments):
    raise OSError(errno.EROFS, os.strerror(errno.EROFS))


def test_processes_that_save_into_one_folder_leave_one_whole_checkpoint(tmp_path):
    # they differ in shapes, so that a mixture of their files cannot load
    kinds = {}
    for size in (24, 30, 36, 42):
        config = tiny_config(hidden_size=size, num_hidden_layers=2)
        kinds[size] = config, tiny_arrays(config=config, seed=size)
    children = []
    for size, (config, arrays) in kinds.items():
        child = os.fork()
        if child == 0:
            status = 1
            try:
                for count in range(8):
                    limit = 9000 if (count + size) % 4 else None
                    save_checkpoint(tmp_path, config, arrays, max_shard_size=limit)
                status = 0
            finally:
                os._exit(status)
        children.append(child)
    assert [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children] == [0] * 4
    checkpoint = open_checkpoint(tmp_path)
    assert_same(checkpoint.arrays, kinds[checkpoint.config.hidden_size][1])
    expected = {path.name for path in {one.path for one in checkpoint.arrays.lazy.values()}}
    assert {path.name for path in tmp_path.iterdir()} == {
        "config.json",
        checkpoint.file.name,
        *expected,
    }


def test_a_save_into_what_is_being_saved_is_part_of_it(tmp_path):
    with staged_save(tmp_path / "outer") as staging:  # a tokenizer saves into what convert stages
        save_checkpoint(staging, tiny_config(), tiny_arrays())
    assert sorted(path.name for path in tmp_path.rglob("*")) == [*NAMES[:1], *NAMES[1:], "outer"]


def test_a_file_that_no_journal_may_name_is_refused_before_it_is_the_checkpoint(tmp_path):
    tiny_folder(tmp_path)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}

    def save():
        with staged_save(tmp_path) as staging:
            (staging / "thesis.docx").write_text("not a file of a checkpoint")

    with pytest.raises(CheckpointError, match=r"received thesis\.docx\."):
        save()
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_threads_that_save_into_one_folder_leave_one_whole_checkpoint(tmp_path):
    kinds = {size: tiny_config(hidden_size=size) for size in (24, 30)}

    def save(size):
        for _ in range(10):
            save_checkpoint(tmp_path, kinds[size], tiny_arrays(config=kinds[size], seed=size))

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(save, [24, 30, 24, 30]))
    checkpoint = open_checkpoint(tmp_path)
    size = checkpoint.config.hidden_size
    assert_same(checkpoint.arrays, tiny_arrays(config=kinds[size], seed=size))
    assert sorted(path.name for path in tmp_path.iterdir()) == NAMES


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


TYPES_NAMED = [{}, {"torch_dtype": "float16"}, {"dtype": "float16"}]
TYPES_NAMED.append({**TYPES_NAMED[1], **TYPES_NAMED[2]})


@pytest.mark.parametrize("named", TYPES_NAMED)
@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "float64"])
def test_the_config_names_the_type_that_the_file_has(tmp_path, named, dtype):
    config = tiny_config(**named)
    save_checkpoint(tmp_path, config, tiny_arrays(dtype=dtype))
    written = json.loads((tmp_path / "config.json").read_text())
    expected = dict.fromkeys(named or ["torch_dtype"], dtype)
    assert {key: written.get(key) for key in expected} == expected
    assert config == tiny_config(**named)
    convert(tmp_path, tmp_path / "half", "safetensors", dtype="float16")
    written = json.loads((tmp_path / "half" / "config.json").read_text())
    assert {key: written.get(key) for key in expected} == dict.fromkeys(expected, "float16")


def test_weights_of_another_size_than_the_config_says_are_not_saved(tmp_path):
    task = "CamembertForTokenClassification"
    config = tiny_config(task, num_labels=5)
    arrays = tiny_arrays(task, config)
    faults = {
        "of another shape: classifier.weight": {"classifier.weight": np.zeros((7, 24), "f4")},
        "unexpected: adapter.weight": {"adapter.weight": np.zeros((2, 3), "f4")},
        "missing: roberta.embeddings.LayerNorm.bias": {"roberta.embeddings.LayerNorm.bias": None},
        "none for classifier.weight, classifier.bias": {
            "classifier.weight": None,
            "classifier.bias": None,
        },
    }
    for fault, changes in faults.items():
        changed = {name: one for name, one in (arrays | changes).items() if one is not None}
        with pytest.raises(ValueError, match=fault):
            save_checkpoint(tmp_path / "new", config, changed)
    assert not (tmp_path / "new").exists()
