"""A load needs little more than the model, in both trees, from the format that needs most."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from camembert_dual.checkpoints.folder import write_weights
from camembert_dual.config import CamembertConfig
from camembert_dual.parameters import parameters
from checkpoint_cases import tiny_folder, write_config

BENCHMARK = Path(__file__).parents[2] / "benchmarks" / "checkpoints.py"
TASK = "CamembertForMaskedLM"


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    """Six layers of camembert-base, 273 MB: beside it what TensorFlow itself takes is small."""
    root = tmp_path_factory.mktemp("large")
    tiny_folder(root / "tiny")  # loaded first, as a first model takes memory of its own
    config = CamembertConfig.camembert_base(num_hidden_layers=6)
    write_config(root / "base", config)
    arrays = {one.name: np.ones(one.shape, np.float32) for one in parameters(config, TASK)}
    return write_weights(root / "base", arrays, "tf-h5", architecture=TASK)[0]


@pytest.mark.parametrize(("tree", "name"), [("pt", TASK), ("tf", f"TF{TASK}")])
def test_a_load_needs_at_most_thirty_per_cent_more_than_the_file(file, tree, name):
    words = ("--child", "load", f"camembert_dual.{tree}", name, str(file.parent))
    done = subprocess.run(
        [sys.executable, str(BENCHMARK), *words], capture_output=True, text=True, check=True
    )
    assert json.loads(done.stdout)["peak"] < 1.3 * file.stat().st_size
