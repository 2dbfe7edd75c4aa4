"""What every part of the corpus of hostile checkpoints builds on."""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from checkpoint_cases import tiny_config

TASK = "CamembertForTokenClassification"
CONFIG = tiny_config(TASK, num_hidden_layers=1)
OURS = {"class_name": f"TF{TASK}", "config": {"config": CONFIG.to_dict()}}
MARKER = "executed-by-a-checkpoint"
SIX = np.arange(6, dtype=np.float32)

Case = tuple[str, Callable[[Path], None], bool]  # name, writer, whether it may load


def file_writer(name: str, content: bytes):
    return lambda folder: (folder / name).write_bytes(content)
