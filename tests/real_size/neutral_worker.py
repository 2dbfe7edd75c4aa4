"""The checkpoint that all load, and its conversions: ``neutral_worker.py CLASS SIZE FOLDER``.

Without a class (``-``) it makes the checkpoint, and a tiny one for the first use of a framework.
"""

import math
import sys
from pathlib import Path

import bounds
import h5py  # noqa: F401 - imported before anything is measured
import numpy as np
from measuring import run_steps

from camembert_dual.checkpoints.convert import convert
from camembert_dual.checkpoints.folder import open_checkpoint, save_checkpoint
from camembert_dual.checkpoints.selecting import select
from camembert_dual.config import CamembertConfig
from camembert_dual.parameters import parameters

PUBLISHED = "CamembertForMaskedLM"
TINY = {
    "vocab_size": 101,
    "hidden_size": 24,
    "num_hidden_layers": 1,
    "num_attention_heads": 3,
    "intermediate_size": 35,
}


def make(config: CamembertConfig, folder: Path) -> None:
    """Write random weights as the hub's checkpoint has them, pooler included."""
    rng = np.random.default_rng(0)

    def values(name: str, shape: tuple[int, ...]) -> np.ndarray:
        if name.lower().endswith("norm.weight"):
            return np.ones(shape, np.float32)
        if name.endswith("bias"):
            return np.zeros(shape, np.float32)
        return rng.standard_normal(shape, dtype=np.float32) * np.float32(0.02)

    rows = parameters(config, PUBLISHED, pooler=True)
    save_checkpoint(folder, config, {one.name: values(one.name, one.shape) for one in rows})


def inspect(folder: Path) -> None:
    """Read what ``camembert-dual inspect`` reads."""
    selection = select(open_checkpoint(folder))
    assert sum(math.prod(one.shape) for one in selection.arrays.lazy.values()) > 10**8


def main(architecture: str, size: str, folder: str) -> None:
    root = Path(folder)
    source, other = root / "checkpoint", root / "tf-h5"
    if architecture == "-":
        config = bounds.config_of(size, PUBLISHED).replaced(architectures=[PUBLISHED])
        make(config, source)
        make(config.replaced(**TINY), root / "tiny")
        return
    run_steps(
        {
            "inspect": lambda: inspect(source),
            "to tf-h5": lambda: convert(source, other, "tf-h5"),
            "and back": lambda: convert(other, root / "back", "safetensors"),
        }
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
