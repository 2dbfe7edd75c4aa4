"""Keras 3's ``.keras`` of this package's models, without Keras: a config and a ``.weights.h5``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from camembert_dual.checkpoints.formats.base import Content, Format
from camembert_dual.checkpoints.formats.hdf5.objects import open_hdf5
from camembert_dual.checkpoints.formats.keras_weights import read_layers
from camembert_dual.checkpoints.raw_file import ZIP, RawFile, member_names, read_members
from camembert_dual.common.errors import file_error, require_file
from camembert_dual.common.model_names import architecture_of
from camembert_dual.config import ARCHITECTURES
from camembert_dual.storage.file_names import CONFIG, KERAS_MODEL, KERAS_WEIGHTS

MAX_CONFIG = 1 << 24


def _matches(path: Path, head: bytes) -> bool:
    names = member_names(path) if head.startswith(ZIP) else []
    return CONFIG in names and KERAS_WEIGHTS in names


def _read(path: Path) -> Content:
    """Read the weights where they lie in the archive, and the config.

    Raises:
        CheckpointError: If the archive breaks a rule.
    """
    raw = RawFile(path)
    members = read_members(raw)
    arrays = read_layers(open_hdf5(raw, *members[KERAS_WEIGHTS]))
    return Content(arrays, _read_config(raw, *members[CONFIG]))


def _read_config(raw: RawFile, start: int, size: int) -> dict[str, Any]:
    """Take the configuration out of the archive, as data.

    Keras' own reader would build objects from it.

    Returns:
        The keys of a ``config.json``, with ``architectures``.

    Raises:
        CheckpointError: If the file is not of one of this package's models.
    """
    path = raw.path
    rule = f"{CONFIG} must have at most {MAX_CONFIG} bytes"
    require_file(path, size <= MAX_CONFIG, rule, size)
    try:
        content = json.loads(raw.read(start, size))
    except (ValueError, RecursionError) as error:
        raise file_error(path, f"{CONFIG} in the archive must be JSON", str(error)) from None
    name = content.get("class_name") if isinstance(content, dict) else None
    architecture = architecture_of(str(name))
    rule = "the model must be one of this package's"
    require_file(path, architecture, rule, name or "another object")
    arguments = content.get("config")
    config = arguments.get("config") if isinstance(arguments, dict) else None
    found = type(config).__name__
    require_file(path, isinstance(config, dict), "the model's config must be there", found)
    return {**config, ARCHITECTURES: [architecture]}  # type: ignore[dict-item]


FORMAT = Format("keras", "keras archive", KERAS_MODEL, _matches, _read)
