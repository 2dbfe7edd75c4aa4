"""A checkpoint folder: its config and its arrays in, its config and its arrays out."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from camembert_dual.checkpoints.locate import locate
from camembert_dual.checkpoints.safetensors_file import (
    FILE_NAME,
    Array,
    SafetensorsArrays,
    write_safetensors,
)
from camembert_dual.config import CamembertConfig


class Checkpoint(NamedTuple):
    """What a folder holds.

    Attributes:
        path: The folder.
        config: Its configuration.
        arrays: Published name to array, in the torch layout, read when asked for.
    """

    path: Path
    config: CamembertConfig
    arrays: Mapping[str, Array]


def open_checkpoint(
    name_or_path: str | Path,
    *,
    config: CamembertConfig | None = None,
    revision: str | None = None,
    cache_dir: str | Path | None = None,
    token: str | bool | None = None,
    local_files_only: bool = False,
) -> Checkpoint:
    """Open a checkpoint without reading its tensors.

    Args:
        name_or_path: Folder, bundled name or hub name.
        config: A configuration to use instead of the folder's own.
        revision: Branch, tag or commit of a hub repository.
        cache_dir: Where hub files are kept.
        token: Access token of the hub.
        local_files_only: Whether the network is forbidden.

    Raises:
        FileNotFoundError: If there is no such checkpoint or a file of it is missing.
        ValueError: If a file is not what it must be.
    """
    path = locate(
        name_or_path,
        revision=revision,
        cache_dir=cache_dir,
        token=token,
        local_files_only=local_files_only,
    )
    config = CamembertConfig.from_pretrained(path) if config is None else config
    file = path / FILE_NAME
    if not file.is_file():
        raise FileNotFoundError(f"A checkpoint must hold {FILE_NAME}; there is none in {path}.")
    return Checkpoint(path, config, SafetensorsArrays(file))


def save_checkpoint(
    directory: str | Path, config: CamembertConfig, arrays: Mapping[str, Array]
) -> None:
    """Write ``config.json`` and ``model.safetensors``; each old file stays until its new one is whole.

    Args:
        directory: The folder, made if need be.
        config: The configuration.
        arrays: Published name to array, in the torch layout.

    Raises:
        OSError: If the folder cannot be written.
        ValueError: If the config cannot be held by a file.
    """
    config.to_json_string()  # refuses what no file can hold before anything is written
    Path(directory).mkdir(parents=True, exist_ok=True)
    write_safetensors(Path(directory) / FILE_NAME, arrays)
    config.save_pretrained(directory)
