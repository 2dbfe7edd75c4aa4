"""From a safetensors file to ``tf_model.h5``, and back."""

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rows import Case, Row

ROWS = (
    Row(
        "convert_to_h5",
        "safetensors to tf_model.h5",
        {"source": "safetensors", "target": "tf-h5"},
        {"transformers 4.34": 4.0},
        grows=True,
    ),
    Row(
        "convert_to_safetensors",
        "tf_model.h5 to safetensors",
        {"source": "tf-h5", "target": "safetensors"},
        {"transformers 4.34": 8.0},
        grows=True,
    ),
)


def inputs(row: Row, corpus: Any) -> dict[str, Any]:
    """Nothing."""
    return {}


def work(row: Row, inputs: Any, config: Any) -> None:
    """None that is not avoidable."""


def emptied(convert: Callable[[Path], Any]) -> Callable[[], None]:
    """Convert into a folder that is removed afterwards."""

    def call() -> None:
        folder = Path(tempfile.mkdtemp())
        convert(folder)
        shutil.rmtree(folder)

    return call


def ours(case: Case) -> Callable[[], None]:
    """This package's, which proves what it wrote by reading it again."""
    from camembert_dual.checkpoints.convert import convert

    source, target = case.sizes["source"], case.sizes["target"]
    return emptied(lambda folder: convert(case.models / source, folder / "converted", target))


def transformers(case: Case) -> Callable[[], None]:
    """Theirs, which loads a model of the one framework from a file of the other."""
    import transformers

    source = str(case.models / case.sizes["source"])
    if case.sizes["target"] == "tf-h5":
        model, options = transformers.TFCamembertForMaskedLM, {}
    else:
        model, options = transformers.CamembertForMaskedLM, {"from_tf": True}
    return emptied(lambda folder: model.from_pretrained(source, **options).save_pretrained(folder))


PEERS = {"ours": ours, "transformers 4.34": transformers}
