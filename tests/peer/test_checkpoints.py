"""Files of the reference library load here, and files of this package load there."""

import numpy as np
import pytest
import torch
import transformers

from camembert_dual.checkpoints.folder import write_weights
from camembert_dual.parameter_names import canonical
from checkpoint_cases import DTYPES, assert_same, tiny_arrays, tiny_config, write_config
from checkpoint_peers import TASKS, ours_in_torch_names, run_torch, theirs

OLD = transformers.__version__.startswith("4.34")


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
    write_weights(tmp_path, arrays, to, architecture=task)
    model, info = getattr(transformers, task).from_pretrained(tmp_path, output_loading_info=True)
    gaps = [name for name in info["missing_keys"] if "decoder" not in name and "pooler" not in name]
    assert not gaps
    assert not info["unexpected_keys"]
    weights = {canonical(name): one for name, one in model.state_dict().items()}
    for name, array in arrays.items():
        np.testing.assert_array_equal(weights[canonical(name)].numpy(), array)


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


def test_a_question_answering_model_with_labels_of_another_task_loads_there(tmp_path):
    import camembert_dual.pt as ours

    torch.manual_seed(0)
    task = "CamembertForQuestionAnswering"
    model = ours.CamembertForQuestionAnswering(tiny_config(task, num_labels=5)).eval()
    model.save_pretrained(tmp_path)
    theirs = transformers.CamembertForQuestionAnswering.from_pretrained(tmp_path).eval()
    np.testing.assert_allclose(run_torch(theirs, task), run_torch(model, task), atol=1e-5)
