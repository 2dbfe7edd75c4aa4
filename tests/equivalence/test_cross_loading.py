"""Files of every format load into both frameworks; files of both frameworks load as arrays."""

import json
import subprocess
import sys

import numpy as np
import pytest
import torch

import camembert_dual.pt as pt
import camembert_dual.tf as tf
from camembert_dual.checkpoints.folder import open_checkpoint, write_weights
from camembert_dual.checkpoints.formats.registry import WRITTEN, read_file
from camembert_dual.cli import main
from camembert_dual.common.model_names import ARCHITECTURES as TASKS
from camembert_dual.workflows import verify
from camembert_dual.workflows.verify import arranged, sample_inputs, stages
from checkpoint_cases import DTYPES, assert_same, tiny_arrays, tiny_config, write_config

DECODER = {
    "is_decoder": True,
    "add_cross_attention": True,
    "position_embedding_type": "relative_key",
    "tie_word_embeddings": False,
}
MLM = "CamembertForMaskedLM"


def config_of(task):
    return tiny_config(task, **(DECODER if task == "CamembertForCausalLM" else {}))


def without_prefix(arrays, task):
    bare = task == "CamembertModel"
    return {name.removeprefix("roberta.") if bare else name: arrays[name] for name in arrays}


@pytest.mark.parametrize("to", WRITTEN)
def test_a_file_of_any_format_fills_both_frameworks(tmp_path, to):
    arrays = tiny_arrays()
    write_config(tmp_path, tiny_config())
    write_weights(tmp_path, arrays, to, architecture=MLM)
    one, report = pt.CamembertForMaskedLM.from_pretrained(tmp_path, output_loading_info=True)
    other, same = tf.TFCamembertForMaskedLM.from_pretrained(tmp_path, output_loading_info=True)
    assert_same(one.to_arrays(), arrays)
    assert_same(other.to_arrays(), arrays)
    assert report == same
    assert report.tied == ("lm_head.decoder.weight",)


# Keras 3.15 reads its variables in a way that NumPy 2 announces the end of
@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
@pytest.mark.parametrize("task", TASKS)
def test_keras_files_of_every_task_are_read_without_keras(tmp_path, task):
    model = getattr(tf, f"TF{task}")(config_of(task))
    model.save_weights(tmp_path / "x.weights.h5")
    model.save(tmp_path / "x.keras")
    for name in ("x.weights.h5", "x.keras"):
        found = without_prefix(read_file(tmp_path / name).arrays, task)
        assert_same(found, model.to_arrays())
    (tmp_path / "x.weights.h5").unlink()
    assert open_checkpoint(tmp_path).config.to_dict() == {
        **model.config.to_dict(),
        "architectures": [task],
    }


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
@pytest.mark.parametrize("task", [MLM, "CamembertForCausalLM"])
def test_the_shards_of_keras_are_read_without_keras(tmp_path, task):
    model = getattr(tf, f"TF{task}")(config_of(task))
    write_config(tmp_path, config_of(task))
    model.save_weights(tmp_path / "any-name.weights.json", max_shard_size=9_800 / 1024**3)
    index = json.loads((tmp_path / "any-name.weights.json").read_text())
    places = index["weight_map"].values()
    assert any(len(place) > 1 for place in places if isinstance(place, list))  # a layer in two
    found = open_checkpoint(tmp_path)
    assert found.file.name == "any-name.weights.json"
    assert found.arrays.format == "sharded keras weights"
    assert_same(found.arrays, model.to_arrays())


@pytest.mark.parametrize("task", TASKS)
def test_our_keras_weights_load_by_keras_own_loader(tmp_path, task):
    arrays = tiny_arrays(task, config_of(task))
    path, _ = write_weights(tmp_path, arrays, "keras-weights", architecture=task)
    model = getattr(tf, f"TF{task}")(config_of(task))
    model.load_weights(path)
    assert_same(model.to_arrays(), arrays)


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
def test_half_precision_keras_files_keep_their_bits(tmp_path, dtype):
    arrays = tiny_arrays("CamembertModel", dtype=dtype)
    write_config(tmp_path, tiny_config("CamembertModel"))
    write_weights(tmp_path, arrays, "keras-weights", architecture="CamembertModel")
    model = tf.TFCamembertModel.from_pretrained(tmp_path, dtype=dtype)
    model.save_weights(tmp_path / "x.weights.h5")
    assert_same(
        without_prefix(read_file(tmp_path / "x.weights.h5").arrays, "CamembertModel"), arrays
    )


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("legacy", [True, False])
def test_files_of_torch_save_are_read_without_torch(tmp_path, dtype, legacy):
    arrays = tiny_arrays(dtype=dtype)
    state = {
        name: torch.from_numpy(one.astype(np.float64)).to(getattr(torch, dtype))
        for name, one in arrays.items()
    }
    words = state["roberta.embeddings.word_embeddings.weight"]
    state["lm_head.decoder.weight"] = torch.nn.Parameter(words)  # one storage under two names
    joint = torch.stack([state["lm_head.dense.bias"], state["lm_head.layer_norm.bias"]])
    state["lm_head.dense.bias"], state["lm_head.layer_norm.bias"] = joint  # parts of one storage
    square = state["lm_head.dense.weight"]
    state["lm_head.dense.weight"] = square.t().contiguous().t()  # columns first
    torch.save(state, tmp_path / "x", _use_new_zipfile_serialization=not legacy)
    expected = arrays | {
        "lm_head.decoder.weight": arrays["roberta.embeddings.word_embeddings.weight"]
    }
    assert_same(read_file(tmp_path / "x").arrays, expected)


@pytest.mark.parametrize("dtype", DTYPES)
def test_torch_loads_our_bin_by_its_strict_loader(tmp_path, dtype):
    arrays = tiny_arrays(dtype=dtype)
    path, _ = write_weights(tmp_path, arrays, "bin")
    for mapped in (False, True):
        state = torch.load(path, weights_only=True, mmap=mapped)
        assert list(state) == list(arrays)
        for name, one in state.items():
            assert one.dtype == getattr(torch, dtype)
            assert one.double().numpy().tolist() == arrays[name].astype(np.float64).tolist()


def test_reading_needs_neither_framework(tmp_path):
    arrays = tiny_arrays()
    for to in WRITTEN:
        write_config(tmp_path / to, tiny_config())
        write_weights(tmp_path / to, arrays, to)
    script = """
import sys
sys.modules.update(dict.fromkeys(["torch", "tensorflow", "keras", "huggingface_hub"]))
from camembert_dual.checkpoints.convert import convert
root = sys.argv[1]
for one in sys.argv[2:]:
    convert(f"{root}/{one}", f"{root}/from {one}", "bin")
"""
    subprocess.run([sys.executable, "-c", script, str(tmp_path), *WRITTEN], check=True)
    for to in WRITTEN:
        assert_same(open_checkpoint(tmp_path / f"from {to}").arrays, arrays)


def test_casts_are_reported_alike(tmp_path):
    write_config(tmp_path, tiny_config())
    write_weights(tmp_path, tiny_arrays(dtype="float16"), "safetensors")
    _, one = pt.CamembertForMaskedLM.from_pretrained(tmp_path, output_loading_info=True)
    _, other = tf.TFCamembertForMaskedLM.from_pretrained(tmp_path, output_loading_info=True)
    assert one.dtype_cast == other.dtype_cast
    assert one.dtype_cast[0].endswith("float16 -> float32")
    _, none = pt.CamembertForMaskedLM.from_pretrained(
        tmp_path, output_loading_info=True, dtype="auto"
    )
    assert none.dtype_cast == ()


def test_verify_runs_both_frameworks_in_fresh_processes(tmp_path, capsys):
    write_config(tmp_path, tiny_config())
    write_weights(tmp_path, tiny_arrays(), "tf-h5", architecture=MLM)
    assert main(["verify", str(tmp_path)]) == 0
    out = capsys.readouterr().out
    assert "equal: no difference beyond 1e-10" in out
    assert [line.split("  ")[0] for line in out.splitlines()[2:-1]] == [
        "embeddings",
        "layer 0",
        "layer 1",
        "logits",
    ]


def test_verify_names_the_first_stage_that_differs(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(verify, "run_stages", stages)  # in this process, which is quicker
    arrays = tiny_arrays()
    changed = dict(arrays)
    name = "roberta.encoder.layer.1.output.dense.bias"
    changed[name] = changed[name] + np.float32(1e-3)
    for title, one in (("first", arrays), ("same", arrays), ("other", changed)):
        write_config(tmp_path / title, tiny_config())
        write_weights(tmp_path / title, one, "bin" if title == "same" else "safetensors")
    first, same, other = (str(tmp_path / title) for title in ("first", "same", "other"))
    assert main(["verify", first, same]) == 0
    assert main(["verify", first, other, "--backend", "tf"]) == 1
    assert "the first stage beyond 1e-10 is layer 1" in capsys.readouterr().out
    assert main(["verify", first, other, "--tolerance", "1e3"]) == 0
    assert verify.compare({"a": np.array([np.nan])}, {"a": np.array([0.0])})["a"] != 0
    assert verify.compare({"a": np.zeros(2)}, {"b": np.zeros(2)}) == {"a": np.inf, "b": np.inf}


def test_verify_gives_two_checkpoints_the_same_text(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(verify, "run_stages", stages)
    task = "CamembertModel"
    larger, smaller = (tiny_config(task, vocab_size=size) for size in (109, 101))
    arrays = tiny_arrays(task, larger)
    write_config(tmp_path / "larger", larger)
    write_weights(tmp_path / "larger", arrays, "safetensors")
    words = "embeddings.word_embeddings.weight"
    write_config(tmp_path / "smaller", smaller)
    write_weights(tmp_path / "smaller", arrays | {words: arrays[words][:101]}, "safetensors")
    names = [str(tmp_path / name) for name in ("smaller", "larger")]
    assert main(["verify", *names]) == 0
    assert main(["verify", *reversed(names)]) == 0
    assert capsys.readouterr().out.count("equal: no difference") == 2


def test_the_inputs_of_verify_fit_every_model():
    small = tiny_config(vocab_size=7, pad_token_id=6, max_position_embeddings=12)
    inputs = sample_inputs([small, tiny_config(pad_token_id=2)])
    assert set(np.unique(inputs["input_ids"])) <= {0, 1, 3, 4, 5}
    assert inputs["input_ids"].shape[-1] == small.max_sequence_length
    for task in TASKS:
        given = arranged(inputs, small, task)
        assert ((given["input_ids"] == 6) == (given["attention_mask"] == 0)).all()
        assert given["input_ids"].ndim == (3 if "Choice" in task else 2)
