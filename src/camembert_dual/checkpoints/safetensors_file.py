"""Reading and writing ``model.safetensors`` as numpy arrays, one at a time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import ml_dtypes  # noqa: F401  (its import teaches numpy the name "bfloat16", which safetensors asks for)
import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from camembert_dual.files import atomic_target

Array = npt.NDArray[np.generic]
FILE_NAME = "model.safetensors"


class SafetensorsArrays(Mapping[str, Array]):
    """The tensors of a file by name; each is read from disk when it is asked for.

    Args:
        path: The file.

    Raises:
        ValueError: If the file is not safetensors; the message names the file.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self._file: Any = safe_open(path, framework="numpy")
        except SafetensorError as error:
            raise ValueError(f"{path} must be a safetensors file; received {error}.") from None
        self.metadata: dict[str, str] = self._file.metadata() or {}
        self._names = tuple(self._file.keys())

    def __getitem__(self, name: str) -> Array:
        if name not in self._names:
            raise KeyError(name)
        array: Array = self._file.get_tensor(name)
        return array

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


def write_safetensors(path: Path, arrays: Mapping[str, Array]) -> None:
    """Write arrays in the torch layout, whole or not at all.

    Raises:
        OSError: If the file cannot be written; an old one is then as it was.
    """
    with atomic_target(path) as temporary:
        save_file(
            {name: np.ascontiguousarray(array) for name, array in arrays.items()},
            temporary,
            metadata={"format": "pt"},
        )
