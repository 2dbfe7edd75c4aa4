"""TensorFlow files of transformers 4.34.0 load here, and ours load there."""

import warnings

import numpy as np
import pytest
import transformers

from camembert_dual.checkpoints.convert import convert
from checkpoint_cases import assert_same
from checkpoint_peers import (
    TASKS,
    ours_in_torch_names,
    run_tf,
    run_torch,
    their_config,
    theirs,
)


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
