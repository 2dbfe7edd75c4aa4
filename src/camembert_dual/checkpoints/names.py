"""How checkpoint files are called; what they are is judged by their bytes."""

from __future__ import annotations

CONFIG = "config.json"
INDEX_SUFFIX = ".index.json"
# in the order in which a folder with several is read
WEIGHTS = (
    "model.safetensors",
    "model.safetensors.index.json",
    "pytorch_model.bin",
    "pytorch_model.bin.index.json",
    "tf_model.h5",
    "tf_model.h5.index.json",
    "tf_model.safetensors",
    "model.weights.h5",
    "model.keras",
    "model.pt",
)
# what a save of safetensors replaces: its own kind in one file or in several
SAFETENSORS_FILES = r"model(-\d{5}-of-\d{5})?\.safetensors(\.index\.json)?"
