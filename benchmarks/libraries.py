"""The libraries that are measured, and the virtual environment that each lives in."""

from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
OURS = "ours"


class Library(NamedTuple):
    """One library.

    Attributes:
        environment: Folder of its virtual environment; ``venvs.sh`` makes them.
        distribution: What its version is asked of.
    """

    environment: str
    distribution: str


LIBRARIES = {
    OURS: Library(".venv", "camembert-dual"),
    "transformers": Library(".venv-peer-new", "transformers"),  # the newest, of PyTorch alone
    "transformers 4.34": Library(".venv-peer-old", "transformers"),
    "keras-hub": Library(".venv-peer-hub", "keras-hub"),
    "onnxruntime": Library(".venv-peer-bench", "onnxruntime"),
    "ctranslate2": Library(".venv-peer-bench", "ctranslate2"),
    "sentence-transformers": Library(".venv-peer-sentences", "sentence-transformers"),
    "limit": Library(".venv", "torch"),  # of the machine: a product of two large matrices
}
