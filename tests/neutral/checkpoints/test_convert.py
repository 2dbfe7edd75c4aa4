"""Conversion: every pair of formats bit for bit, and a report that proves it."""

import hashlib
import json

import h5py
import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from camembert_dual.checkpoints.convert import convert
from camembert_dual.checkpoints.folder import open_checkpoint, save_checkpoint, write_weights
from camembert_dual.checkpoints.formats.registry import WRITTEN, read_file
from camembert_dual.checkpoints.selecting import select
from camembert_dual.cli import main
from camembert_dual.common.errors import CheckpointError
from camembert_dual.common.model_names import ARCHITECTURES as TASKS
from checkpoint_cases import DTYPES, assert_same, of_type, tiny_arrays, tiny_config, write_config

PAIRS = [(one, other) for one in WRITTEN for other in WRITTEN]
MLM = "CamembertForMaskedLM"
SHALLOW = tiny_config(num_hidden_layers=1)


@pytest.fixture(scope="module")
def in_every_format(tmp_path_factory):
    """A folder per format and dtype, each converted from one saved folder."""
    folder = tmp_path_factory.mktemp("formats")
    for dtype in DTYPES:
        save_checkpoint(folder / dtype, SHALLOW, tiny_arrays(config=SHALLOW, dtype=dtype))
        for to in WRITTEN:
            convert(folder / dtype, folder / f"{dtype} {to}", to)
    return folder


@pytest.mark.parametrize(("one", "other"), PAIRS)
@pytest.mark.parametrize("dtype", DTYPES)
def test_a_round_trip_between_two_formats_is_bit_exact(
    tmp_path, in_every_format, one, other, dtype
):
    report = convert(in_every_format / f"{dtype} {one}", tmp_path, other)
    back = open_checkpoint(tmp_path)
    assert_same(back.arrays, tiny_arrays(config=SHALLOW, dtype=dtype))
    assert back.config == of_type(SHALLOW, dtype)
    assert all(one["sha256_before"] == one["sha256_after"] for one in report["tensors"])


def test_question_answering_has_two_labels_in_files(tmp_path):
    task = "CamembertForQuestionAnswering"
    config = tiny_config(task, num_labels=5)
    arrays = tiny_arrays(task, config)
    save_checkpoint(tmp_path / "start", config, arrays)
    convert(tmp_path / "start", tmp_path / "there", "bin")
    there = open_checkpoint(tmp_path / "there")
    assert there.config == of_type(tiny_config(task))
    assert_same(there.arrays, arrays)


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("to", WRITTEN)
def test_every_task_keeps_its_names_and_values_in_every_format(tmp_path, task, to):
    config = tiny_config(task, num_hidden_layers=1)
    arrays = tiny_arrays(task, config)
    save_checkpoint(tmp_path / "start", config, arrays)
    convert(tmp_path / "start", tmp_path / "there", to)
    selection = select(open_checkpoint(tmp_path / "there"))
    assert selection.architecture == task or task == "CamembertForCausalLM"
    assert_same(selection.arrays, arrays)


def test_the_report_says_where_each_weight_came_from_and_proves_its_bytes(tmp_path):
    arrays = tiny_arrays(pooler=True)
    save_checkpoint(tmp_path / "start", tiny_config(), arrays)
    report = convert(tmp_path / "start", tmp_path / "h5", "tf-h5", task=MLM)
    assert report == json.loads((tmp_path / "h5" / "conversion_report.json").read_text())
    by_name = {one["published_name"]: one for one in report["tensors"]}
    one = by_name["roberta.encoder.layer.1.intermediate.dense.weight"]
    array = arrays[one["published_name"]]
    assert one["source_name"] == one["published_name"]
    assert one["target_name"].endswith("/roberta/encoder/layer_._1/intermediate/dense/kernel:0")
    assert one["shape"] == [35, 24]
    assert one["transposed"]
    assert not by_name["lm_head.bias"]["transposed"]
    assert one["sha256_before"] == hashlib.sha256(array.tobytes()).hexdigest()
    assert one["sha256_after"] == one["sha256_before"]
    assert report["tied"] == ["lm_head.decoder.weight"]
    assert sorted(one["name"] for one in report["dropped"]) == [
        "roberta.pooler.dense.bias",
        "roberta.pooler.dense.weight",
    ]


def test_nothing_known_is_lost_unless_a_task_is_asked_for(tmp_path):
    arrays = tiny_arrays(pooler=True)
    save_checkpoint(tmp_path / "start", tiny_config(), arrays)
    for to in WRITTEN:
        convert(tmp_path / "start", tmp_path / to, to)
        assert_same(open_checkpoint(tmp_path / to).arrays, arrays)


def test_aliases_are_compared_and_dropped_with_the_reason(tmp_path):
    arrays = tiny_arrays()
    aliases = {
        "lm_head.decoder.weight": arrays["roberta.embeddings.word_embeddings.weight"],
        "lm_head.decoder.bias": arrays["lm_head.bias"],
        "roberta.embeddings.position_ids": np.arange(40)[None],
    }
    save_checkpoint(tmp_path / "start", tiny_config(), arrays | aliases)
    report = convert(tmp_path / "start", tmp_path / "there", "bin")
    assert {one["name"] for one in report["dropped"]} == set(aliases)
    assert all(one["reason"] for one in report["dropped"])
    assert_same(open_checkpoint(tmp_path / "there").arrays, arrays)
    for name in aliases:
        broken = arrays | aliases | {name: aliases[name] + 1}
        write_config(tmp_path / "broken", tiny_config())
        write_weights(tmp_path / "broken", broken, "safetensors")
        with pytest.raises(ValueError, match=name.replace(".", r"\.")):
            convert(tmp_path / "broken", tmp_path / "never", "bin")
    assert not (tmp_path / "never").exists()


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_type_asked_for_is_the_type_written(tmp_path, dtype):
    arrays = tiny_arrays()
    save_checkpoint(tmp_path / "start", tiny_config(), arrays)
    report = convert(tmp_path / "start", tmp_path / "there", "tf-h5", dtype=dtype)
    assert {one["dtype"] for one in report["tensors"]} == {dtype}
    expected = {name: array.astype(DTYPES[dtype]) for name, array in arrays.items()}
    assert_same(open_checkpoint(tmp_path / "there").arrays, expected)


def test_values_beyond_a_type_are_refused_and_nothing_is_written(tmp_path):
    arrays = tiny_arrays()
    arrays["lm_head.bias"][3] = 1e6
    save_checkpoint(tmp_path / "start", tiny_config(), arrays)
    with pytest.raises(ValueError, match=r"lm_head\.bias must fit float16"):
        convert(tmp_path / "start", tmp_path / "there", "safetensors", dtype="float16")
    assert list((tmp_path / "there").iterdir()) == []


def test_weights_of_another_format_in_the_target_are_not_shadowed(tmp_path):
    save_checkpoint(tmp_path / "start", tiny_config(), tiny_arrays())
    save_checkpoint(tmp_path / "there", tiny_config(), tiny_arrays(seed=1))
    with pytest.raises(CheckpointError, match="one checkpoint"):
        convert(tmp_path / "start", tmp_path / "there", "tf-h5")
    convert(tmp_path / "start", tmp_path / "start", "tf-h5")  # the same checkpoint once more
    assert (tmp_path / "start" / "tf_model.h5").is_file()


def test_an_old_tokenizer_gives_way_to_the_new_one_but_not_to_none(tmp_path):
    for name in ("start", "there"):
        save_checkpoint(tmp_path / name, tiny_config(), tiny_arrays())
    there = tmp_path / "there"
    for name in ("tokenizer.json", "sentencepiece.bpe.model", "notes.txt"):
        (there / name).write_text("old")
    convert(tmp_path / "start", there, "safetensors")
    assert (there / "tokenizer.json").read_text() == "old"
    (tmp_path / "start" / "sentencepiece.bpe.model").write_text("new")
    convert(tmp_path / "start", there, "safetensors")
    assert not (there / "tokenizer.json").exists()
    assert (there / "sentencepiece.bpe.model").read_text() == "new"
    assert (there / "notes.txt").read_text() == "old"


@pytest.mark.parametrize("to", WRITTEN)
def test_a_checkpoint_converted_onto_itself_takes_the_new_type(tmp_path, to):
    save_checkpoint(tmp_path / "start", tiny_config(), tiny_arrays())
    convert(tmp_path / "start", tmp_path / "there", to)
    convert(tmp_path / "there", tmp_path / "there", to, dtype="float64")
    expected = {name: one.astype(np.float64) for name, one in tiny_arrays().items()}
    assert_same(open_checkpoint(tmp_path / "there").arrays, expected)


@pytest.mark.parametrize("dtype", [None, "float16"])
def test_a_file_that_is_not_read_as_it_was_written_never_becomes_the_checkpoint(
    tmp_path, monkeypatch, dtype
):
    def with_a_changed_bit(path):
        content = bytearray(path.read_bytes())
        content[-1] ^= 1
        path.write_bytes(content)
        return read_file(path)

    save_checkpoint(tmp_path / "start", tiny_config(), tiny_arrays())
    monkeypatch.setattr("camembert_dual.checkpoints.proof.read_file", with_a_changed_bit)
    with pytest.raises(CheckpointError, match="must be read as it was written"):
        convert(tmp_path / "start", tmp_path / "there", "safetensors", dtype=dtype)
    assert list((tmp_path / "there").iterdir()) == []


def test_paths_with_spaces_links_and_files_are_taken(tmp_path):
    arrays = tiny_arrays()
    save_checkpoint(tmp_path / "a b", tiny_config(), arrays)
    (tmp_path / "linked").symlink_to("a b")
    (tmp_path / "real").mkdir()
    (tmp_path / "to real").symlink_to("real")
    blob = (tmp_path / "a b" / "model.safetensors").rename(tmp_path / "blob")
    (tmp_path / "a b" / "model.safetensors").symlink_to("../blob")  # as in the hub's cache
    convert(tmp_path / "linked", tmp_path / "to real", "bin")
    convert(tmp_path / "real" / "pytorch_model.bin", tmp_path / "deep" / "er", "safetensors")
    convert(tmp_path / "deep" / "er", tmp_path / "a b", "safetensors")
    assert_same(open_checkpoint(tmp_path / "a b").arrays, arrays)
    assert (tmp_path / "to real").is_symlink()
    assert blob.is_file()


def test_a_folder_of_several_formats_is_read_in_the_documented_order(tmp_path):
    order = ["safetensors", "bin", "tf-h5", "keras-weights"]
    write_config(tmp_path, tiny_config())
    for seed, to in enumerate(order):
        write_weights(tmp_path, tiny_arrays(seed=seed), to, architecture=MLM)
    for seed, to in enumerate(order):
        assert_same(open_checkpoint(tmp_path).arrays, tiny_arrays(seed=seed))
        (tmp_path / WRITTEN[to].file_name).unlink()
    with pytest.raises(FileNotFoundError, match=r"must hold one of model\.safetensors"):
        open_checkpoint(tmp_path)


def test_shards_of_pytorch_are_read(tmp_path):
    arrays = tiny_arrays()
    write_config(tmp_path, tiny_config())
    weight_map = {}
    for number, part in enumerate((list(arrays)[:20], list(arrays)[20:]), 1):
        path, _ = write_weights(tmp_path, {name: arrays[name] for name in part}, "bin")
        path.rename(tmp_path / f"pytorch_model-0000{number}-of-00002.bin")
        weight_map |= dict.fromkeys(part, f"pytorch_model-0000{number}-of-00002.bin")
    index = {"metadata": {}, "weight_map": weight_map}
    (tmp_path / "pytorch_model.bin.index.json").write_text(json.dumps(index))
    checkpoint = open_checkpoint(tmp_path)
    assert_same(checkpoint.arrays, arrays)
    assert checkpoint.arrays.format == "sharded torch zip"


def test_ctrl_c_leaves_nothing_behind_and_says_so(tmp_path, capsys, monkeypatch):
    save_checkpoint(tmp_path / "start", tiny_config(), tiny_arrays())

    def stop(array):
        raise KeyboardInterrupt

    monkeypatch.setattr("camembert_dual.checkpoints.proof.sha256", stop)
    words = ["convert", str(tmp_path / "start"), str(tmp_path / "there"), "--to", "tf-h5"]
    assert main(words) == 130
    assert capsys.readouterr().err.endswith("camembert-dual: interrupted\n")
    assert list((tmp_path / "there").iterdir()) == []


def test_a_task_without_its_head_is_refused(tmp_path):
    save_checkpoint(tmp_path / "start", tiny_config(), tiny_arrays())
    with pytest.raises(ValueError, match=r"qa_outputs"):
        convert(tmp_path / "start", tmp_path / "there", "bin", task="CamembertForQuestionAnswering")


@pytest.mark.parametrize("limit", [1, 3000, "9KB", 10**9])
def test_shards_hold_the_same_and_replace_a_single_file(tmp_path, limit):
    arrays = tiny_arrays()
    save_checkpoint(tmp_path, tiny_config(), arrays)
    save_checkpoint(tmp_path, tiny_config(), arrays, max_shard_size=limit)
    assert not (tmp_path / "model.safetensors").exists()
    assert_same(open_checkpoint(tmp_path).arrays, arrays)
    save_checkpoint(tmp_path, tiny_config(), arrays)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["config.json", "model.safetensors"]


@pytest.mark.parametrize("size", [0x280, 0x380, 0x480, 0x580])
def test_a_header_whose_size_begins_as_a_pickle_does_is_that_of_safetensors(tmp_path, size):
    array = np.arange(5, dtype=np.float32)
    path = tmp_path / "model.safetensors"
    for length in range(size):
        save_file({"a": array}, path, {"note": "x" * length})
        if int.from_bytes(path.read_bytes()[:8], "little") == size:
            break
    assert path.read_bytes()[:2] == bytes([0x80, size >> 8])
    assert_same(read_file(path).arrays, {"a": array})


def test_the_library_reads_our_safetensors(tmp_path):
    for dtype in DTYPES:
        arrays = tiny_arrays(dtype=dtype)
        path, _ = write_weights(tmp_path, arrays, "safetensors")
        assert_same(load_file(path), arrays)


def test_h5_names_are_the_published_ones(tmp_path):
    path, _ = write_weights(tmp_path, tiny_arrays(), "tf-h5", architecture=MLM)
    with h5py.File(path) as file:
        assert list(file.attrs["layer_names"]) == [b"roberta", b"lm_head"]
        names = [name.decode() for name in file["roberta"].attrs["weight_names"]]
        root = "tf_camembert_for_masked_lm/roberta"
        assert f"{root}/embeddings/word_embeddings/weight:0" in names
        assert f"{root}/embeddings/position_embeddings/embeddings:0" in names
        assert f"{root}/encoder/layer_._0/attention/self/query/kernel:0" in names
        assert all(name in file["roberta"] for name in names)


def test_the_command_converts_and_says_so(tmp_path, capsys):
    save_checkpoint(tmp_path / "start", tiny_config(), tiny_arrays(pooler=True))
    source, target = str(tmp_path / "start"), str(tmp_path / "there")
    assert main(["convert", source, target, "--to", "keras-weights", "--task", MLM]) == 0
    out, err = capsys.readouterr()
    assert "dropped roberta.pooler.dense.weight" in out
    assert "check" in err
    assert main(["convert", str(tmp_path / "none"), target, "--to", "bin"]) == 2
    assert "none" in capsys.readouterr().err


def test_a_second_head_is_kept_and_the_config_decides_the_task(tmp_path):
    arrays = tiny_arrays() | {
        name: one
        for name, one in tiny_arrays("CamembertForTokenClassification").items()
        if name.startswith("classifier")
    }
    write_config(tmp_path, tiny_config(architectures=["TFRobertaForMaskedLM"]))
    write_weights(tmp_path, arrays, "safetensors")
    selection = select(open_checkpoint(tmp_path))
    assert selection.architecture == MLM
    assert set(selection.arrays) == set(arrays)
