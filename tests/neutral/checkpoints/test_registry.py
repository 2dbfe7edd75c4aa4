"""A format is one file, one row and the name of its files: all else learns of it from there."""

import io

import numpy as np
import pytest

from camembert_dual.checkpoints.convert import convert
from camembert_dual.checkpoints.folder import open_checkpoint
from camembert_dual.checkpoints.formats import registry
from camembert_dual.checkpoints.formats.base import Content, Format
from camembert_dual.checkpoints.lazy_arrays import LazyArray, LazyArrays
from camembert_dual.storage import file_names
from checkpoint_cases import assert_same, tiny_arrays, tiny_folder

SIGN = b"ARRAYS\n"


def read(path):
    with np.load(io.BytesIO(path.read_bytes().removeprefix(SIGN))) as file:
        arrays = dict(file)
    lazy = {
        name: LazyArray(path, name, one.shape, one.dtype, one.copy) for name, one in arrays.items()
    }
    return Content(LazyArrays(lazy, "arrays of NumPy"))


def write(path, planned, read_array, architecture):
    buffer = io.BytesIO()
    np.savez(buffer, **{one.name: read_array(one.name) for one in planned})
    path.write_bytes(SIGN + buffer.getvalue())
    return {one.name: one.name for one in planned}


NEW = Format(
    "arrays",
    "arrays of NumPy",
    "model.arrays",
    lambda path, head: head.startswith(SIGN),
    read,
    write,
)


@pytest.fixture
def added(monkeypatch):
    monkeypatch.setattr(registry, "FORMATS", (*registry.FORMATS, NEW))
    monkeypatch.setitem(registry.WRITTEN, NEW.name, NEW)
    monkeypatch.setattr(file_names, "WEIGHTS", (*file_names.WEIGHTS, NEW.file_name))


def test_a_new_row_is_written_read_and_proved(tmp_path, added):
    tiny_folder(tmp_path / "start")
    report = convert(tmp_path / "start", tmp_path / "there", "arrays")
    assert report["target"] == "model.arrays"
    back = open_checkpoint(tmp_path / "there" / "model.arrays")
    assert back.format is NEW
    assert_same(back.arrays, tiny_arrays())
    report = convert(tmp_path / "there" / "model.arrays", tmp_path / "back", "safetensors")
    assert report["source_format"] == "arrays of NumPy"
    assert_same(open_checkpoint(tmp_path / "back").arrays, tiny_arrays())


def test_a_row_of_one_format_matches_no_file_of_another(tmp_path):
    tiny_folder(tmp_path / "start")
    for name, one in registry.WRITTEN.items():
        convert(tmp_path / "start", tmp_path / name, name)
        file = tmp_path / name / one.file_name
        head = file.read_bytes()[: registry.HEAD]
        assert registry.find_format(file) is one
        first = next(row for row in registry.FORMATS if row.matches(file, head))
        assert first is one
