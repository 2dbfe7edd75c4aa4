"""Exports in the place of a model: an ONNX folder, or a SavedModel."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from camembert_dual.common.backends import import_optional, tree
from camembert_dual.storage.file_names import ONNX, ONNX_INT8, SAVED_MODEL

Function = Callable[..., Mapping[str, Any]]


def open_export(folder: str | Path) -> Function | None:
    """Open the export in a folder; None if there is none.

    Raises:
        ImportError: If what runs it is not installed.
    """
    for name, opener in OPENERS.items():
        path = Path(folder) / name
        if path.is_file():
            return opener(path)
    return None


def open_onnx(path: Path) -> Function:
    """A function that runs an ONNX file by onnxruntime."""
    runtime = import_optional("onnxruntime", "onnx", "An ONNX file")
    session = runtime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    taken = {one.name for one in session.get_inputs()}
    names = [one.name for one in session.get_outputs()]

    def run(**inputs: Any) -> Mapping[str, Any]:
        given = {name: one for name, one in inputs.items() if name in taken}
        return dict(zip(names, session.run(names, given), strict=True))

    return run


def open_saved_model(path: Path) -> Function:
    """A function that runs a SavedModel by TensorFlow."""
    served: Function = tree("tf", "A SavedModel", "export.saved_model").open_saved_model(
        path.parent
    )
    return served


OPENERS = {ONNX: open_onnx, ONNX_INT8: open_onnx, SAVED_MODEL: open_saved_model}
