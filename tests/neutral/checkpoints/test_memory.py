"""Conversion is streamed: it needs a part of the file's size, in every format."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from camembert_dual.checkpoints.convert import convert
from camembert_dual.checkpoints.folder import save_checkpoint
from camembert_dual.checkpoints.formats.registry import WRITTEN
from camembert_dual.parameters import parameters
from checkpoint_cases import tiny_config

BENCHMARK = Path(__file__).parents[3] / "benchmarks" / "checkpoints.py"
SHARD = 15_000_000


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A checkpoint of 50 MB in which no array is larger than a fifth of it, in every format."""
    root = tmp_path_factory.mktemp("large")
    config = tiny_config(
        vocab_size=6_900,
        hidden_size=384,
        num_attention_heads=6,
        intermediate_size=1500,
        num_hidden_layers=6,
    )
    random = np.random.default_rng(0)
    arrays = {
        one.name: random.standard_normal(one.shape, dtype=np.float32)
        for one in parameters(config, "CamembertForMaskedLM")
    }
    save_checkpoint(root / "shards", config, arrays, max_shard_size=SHARD)
    for to in WRITTEN:
        convert(root / "shards", root / to, to)
    return root


def peak(source, target, to):
    """The memory that a conversion in a fresh process takes, beyond the process itself."""
    words = ("--child", "convert", str(source), str(target), to)
    done = subprocess.run(
        [sys.executable, str(BENCHMARK), *words], capture_output=True, text=True, check=True
    )
    return json.loads(done.stdout)["peak"]


@pytest.mark.parametrize("to", WRITTEN)
def test_a_conversion_between_single_files_needs_less_than_the_file(folder, tmp_path, to):
    source = "bin" if to == "tf-h5" else "tf-h5"
    size = (folder / "safetensors" / "model.safetensors").stat().st_size
    assert peak(folder / source, tmp_path, to) < 0.7 * size


def test_a_conversion_of_shards_needs_little_more_than_the_largest_of_them(folder, tmp_path):
    sizes = [path.stat().st_size for path in (folder / "shards").glob("*.safetensors")]
    assert len(sizes) > 3
    assert peak(folder / "shards", tmp_path, "bin") < 1.2 * max(sizes)
