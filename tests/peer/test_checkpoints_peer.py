"""Files of the reference library load here, and files of this package load there."""

import warnings

import numpy as np
import pytest
import torch
import transformers

from camembert_dual.checkpoints.convert import convert
from camembert_dual.checkpoints.folder import open_checkpoint
from camembert_dual.checkpoints.matching import canonical, match
from camembert_dual.checkpoints.writing import write_weights
from camembert_dual.parameters import parameters
from checkpoint_cases import DTYPES, assert_same, tiny_arrays, tiny_config, write_config

OLD = transformers.__version__.startswith("4.34")
TASKS = (
    "CamembertForMaskedLM",
    "CamembertForSequenceClassification",
    "CamembertForTokenClassification",
    "CamembertForQuestionAnswering",
    "CamembertForMultipleChoice",
    "CamembertModel",
)
IDS = np.array([[5, 11, 30, 42, 6], [5, 17, 99, 6, 1]])
MASK = (IDS != 1).astype(np.int64)
old_only = pytest.mark.skipif(not OLD, reason="only the old library has TensorFlow models")


def their_config(task):
    values = tiny_config(task).to_dict()
    values.pop("architectures")
    return transformers.CamembertConfig(**values)


def theirs(task):
    torch.manual_seed(0)
    return getattr(transformers, task)(their_config(task)).eval()


def logits(outputs):
    first = outputs["logits"] if "logits" in outputs else outputs[0]
    return np.asarray(first.detach() if isinstance(first, torch.Tensor) else first)


def run_torch(model, task):
    rows = (lambda x: torch.tensor(np.stack([x, x], 1))) if "Choice" in task else torch.tensor
    with torch.no_grad():
        outputs = model(input_ids=rows(IDS), attention_mask=rows(MASK))
    return np.asarray(outputs["start_logits" if "Question" in task else 0])


def run_tf(model, task):
    rows = (lambda x: np.stack([x, x], 1)) if "Choice" in task else np.asarray
    outputs = model({"input_ids": rows(IDS), "attention_mask": rows(MASK)})
    return np.asarray(outputs["start_logits" if "Question" in task else 0])


def ours_in_torch_names(folder, task):
    checkpoint = open_checkpoint(folder)
    pooler = any("pooler" in name for name in checkpoint.arrays)
    expected = parameters(checkpoint.config, task, pooler=pooler)
    pairs, report = match(checkpoint.arrays, expected)
    assert not report.missing
    return {canonical(name): checkpoint.arrays[source] for name, source in pairs.items()}


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("safe", [True, False] if OLD else [True])
def test_their_torch_files_load_here(task, safe, tmp_path):
    model = theirs(task)
    model.save_pretrained(tmp_path, safe_serialization=safe)
    weights = {canonical(name): one.numpy() for name, one in model.state_dict().items()}
    found = ours_in_torch_names(tmp_path, task)
    for name, array in found.items():
        np.testing.assert_array_equal(array, weights[name])


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("to", ["safetensors", "bin"])
def test_our_torch_files_load_there(task, to, tmp_path):
    write_config(tmp_path, tiny_config(task))
    arrays = tiny_arrays(task)
    write_weights(tmp_path, arrays, to, task=task)
    model, info = getattr(transformers, task).from_pretrained(tmp_path, output_loading_info=True)
    gaps = [name for name in info["missing_keys"] if "decoder" not in name and "pooler" not in name]
    assert not gaps
    assert not info["unexpected_keys"]
    weights = {canonical(name): one for name, one in model.state_dict().items()}
    for name, array in arrays.items():
        np.testing.assert_array_equal(weights[canonical(name)].numpy(), array)


@old_only
@pytest.mark.parametrize("task", TASKS)
def test_our_tf_h5_loads_there_and_computes_what_their_torch_model_does(task, tmp_path):
    model = theirs(task)
    model.save_pretrained(tmp_path / "torch")
    convert(tmp_path / "torch", tmp_path / "tf", "tf-h5")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        loaded, info = getattr(transformers, f"TF{task}").from_pretrained(
            tmp_path / "tf", output_loading_info=True
        )
    assert not info["missing_keys"]
    assert not info["unexpected_keys"]
    np.testing.assert_allclose(run_tf(loaded, task), run_torch(model, task), atol=1e-5)


@old_only
@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("safe", [True, False])
def test_their_tf_files_load_here(task, safe, tmp_path):
    model = getattr(transformers, f"TF{task}")(their_config(task))
    model(model.dummy_inputs)
    model.save_pretrained(tmp_path / "tf", safe_serialization=safe)
    report = convert(tmp_path / "tf", tmp_path / "torch", "safetensors")
    assert report["source_format"] == ("safetensors (tf)" if safe else "tf h5")
    back = getattr(transformers, task).from_pretrained(tmp_path / "torch").eval()
    np.testing.assert_allclose(run_tf(model, task), run_torch(back, task), atol=1e-5)


@old_only
def test_their_sharded_tf_h5_loads_here(tmp_path):
    model = transformers.TFCamembertForMaskedLM(their_config("CamembertForMaskedLM"))
    model(model.dummy_inputs)
    model.save_pretrained(tmp_path / "whole")
    model.save_pretrained(tmp_path / "shards", max_shard_size="10KB")
    assert (tmp_path / "shards" / "tf_model.h5.index.json").is_file()
    task = "CamembertForMaskedLM"
    assert_same(
        ours_in_torch_names(tmp_path / "shards", task),
        ours_in_torch_names(tmp_path / "whole", task),
    )


@pytest.mark.parametrize("dtype", DTYPES)
def test_shards_of_either_side_load_on_the_other(dtype, tmp_path):
    task = "CamembertForTokenClassification"
    arrays = tiny_arrays(task, dtype=dtype)
    write_config(tmp_path / "ours", tiny_config(task))
    write_weights(tmp_path / "ours", arrays, "safetensors", max_shard_size="9KB")
    kind = {"torch_dtype" if OLD else "dtype": getattr(torch, dtype)}
    model = transformers.CamembertForTokenClassification.from_pretrained(tmp_path / "ours", **kind)
    model.save_pretrained(tmp_path / "theirs", max_shard_size="7KB")
    assert_same(ours_in_torch_names(tmp_path / "theirs", task), arrays)
