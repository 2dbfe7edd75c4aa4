"""Tiny checkpoints for the tests of files: a config, its arrays, and folders that hold them."""

import json
from pathlib import Path

import ml_dtypes
import numpy as np

from camembert_dual.checkpoints.folder import save_checkpoint
from camembert_dual.config import CamembertConfig
from camembert_dual.parameters import parameters

DTYPES = {
    "float16": np.dtype(np.float16),
    "bfloat16": np.dtype(ml_dtypes.bfloat16),
    "float32": np.dtype(np.float32),
    "float64": np.dtype(np.float64),
}


def tiny_config(task="CamembertForMaskedLM", **overrides):
    values = {
        "vocab_size": 101,
        "hidden_size": 24,
        "num_hidden_layers": 2,
        "num_attention_heads": 3,
        "intermediate_size": 35,
        "max_position_embeddings": 40,
        "type_vocab_size": 1,
        "layer_norm_eps": 1e-5,
        "bos_token_id": 5,
        "eos_token_id": 6,
        "architectures": [task],
    }
    return CamembertConfig(**values | overrides)


def tiny_arrays(task="CamembertForMaskedLM", config=None, dtype="float32", seed=0, pooler=None):
    random = np.random.default_rng(seed)
    config = tiny_config(task) if config is None else config
    return {
        one.name: random.normal(size=one.shape).astype(DTYPES[dtype])
        for one in parameters(config, task, pooler=pooler)
    }


def tiny_folder(path, task="CamembertForMaskedLM", config=None, **options):
    config = tiny_config(task) if config is None else config
    save_checkpoint(path, config, tiny_arrays(task, config, **options))
    return Path(path)


def write_config(folder, config):
    Path(folder).mkdir(parents=True, exist_ok=True)
    (Path(folder) / "config.json").write_text(json.dumps(config.to_dict()), "utf-8")


def assert_same(arrays, expected):
    assert set(arrays) == set(expected)
    for name, array in expected.items():
        found = arrays[name]
        assert found.dtype == array.dtype, name
        assert found.shape == array.shape, name
        assert np.ascontiguousarray(found).tobytes() == np.ascontiguousarray(array).tobytes(), name


def of_type(config, dtype="float32"):
    """The config as a file says it whose weights have that type."""
    return config.replaced(torch_dtype=dtype)
