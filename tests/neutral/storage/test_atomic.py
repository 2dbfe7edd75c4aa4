"""Folders appear whole or not at all, and no folder of another kind is replaced."""

from pathlib import os

import pytest

from camembert_dual.storage.atomic import atomic_folder
from camembert_dual.storage.file_names import is_own


def names(path):
    return sorted(str(one.relative_to(path)) for one in path.rglob("*"))


@pytest.mark.parametrize("before", [None, (), ("mark", "rest")])
def test_a_folder_takes_its_place_when_the_block_ends(before, tmp_path):
    target = tmp_path / "deep" / "target"
    if before is not None:
        target.mkdir(parents=True)
    for name in before or ():
        (target / name).write_text("old")
    with atomic_folder(target, holds="mark") as folder:
        (folder / "mark").write_text("new")
        assert (target / "mark").exists() == ("mark" in (before or ()))
    assert names(tmp_path) == ["deep", "deep/target", "deep/target/mark"]
    assert (target / "mark").read_text() == "new"


@pytest.mark.parametrize("error", [KeyboardInterrupt, OSError])
def test_an_interrupted_block_leaves_what_was_there(error, tmp_path):
    target = tmp_path / "target"
    target.mkdir()
    (target / "mark").write_text("old")

    def write():
        with atomic_folder(target, holds="mark") as folder:
            (folder / "mark").write_text("new")
            raise error

    with pytest.raises(error):
        write()
    assert names(tmp_path) == ["target", "target/mark"]
    assert (target / "mark").read_text() == "old"


@pytest.mark.parametrize("kind", ["folder", "file", "dangling link"])
def test_what_is_of_another_kind_is_not_replaced(kind, tmp_path):
    target = tmp_path / "target"
    if kind == "folder":
        target.mkdir()
        (target / "thesis.txt").write_text("years of work")
    elif kind == "file":
        target.write_text("years of work")
    else:
        target.symlink_to(tmp_path / "nowhere")
    before = names(tmp_path)
    block = atomic_folder(target, holds="mark")
    with pytest.raises(FileExistsError, match="a folder with mark"):
        block.__enter__()
    assert names(tmp_path) == before


def test_an_interrupt_between_the_two_renames_puts_the_old_folder_back(tmp_path, monkeypatch):
    target = tmp_path / "target"
    target.mkdir()
    (target / "mark").write_text("old")
    replace = os.replace

    def interrupted(one, other):
        if one.name == "new":
            raise KeyboardInterrupt
        return replace(one, other)

    def write():
        with atomic_folder(target, holds="mark") as folder:
            (folder / "mark").write_text("new")

    monkeypatch.setattr(os, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write()
    assert names(tmp_path) == ["target", "target/mark"]
    assert (target / "mark").read_text() == "old"


def test_a_journal_names_files_of_a_checkpoint_only():
    own = [
        "config.json",
        "model.safetensors",
        "model-00001-of-00002.safetensors",
        "model.safetensors.index.json",
        "pytorch_model.bin",
        "tf_model.h5",
        "model.weights.h5",
        "model.weights.json",
        "model.keras",
        "sentencepiece.bpe.model",
        "french-tokenizer.json",
        "README.md",
        "conversion_report.json",
    ]
    others = ["thesis.docx", ".bashrc", "model.safetensors.bak", "config.json.old", "x.safetensors"]
    assert [name for name in (*own, *others) if is_own(name)] == own
