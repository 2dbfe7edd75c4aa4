"""Keras 3's ``.keras`` of this package's models, without Keras: a config and a ``.weights.h5``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from camembert_dual.checkpoints.formats.base import Content, Format
from camembert_dual.checkpoints.formats.hdf5.objects import open_hdf5
from camembert_dual.checkpoints.formats.keras_config import find_configs, read_document
from camembert_dual.checkpoints.formats.keras_weights import read_layers
from camembert_dual.checkpoints.raw_file import ZIP, RawFile, member_names, read_members
from camembert_dual.common.errors import require_file, shown
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
    """Take the configuration of the CamemBERT in it out of the archive.

    Returns:
        The keys of a ``config.json``, with ``architectures``.

    Raises:
        CheckpointError: If none of this package's models is in it.
    """
    path = raw.path
    rule = f"{CONFIG} must have at most {MAX_CONFIG} bytes"
    require_file(path, size <= MAX_CONFIG, rule, size)
    document = read_document(path, raw.read(start, size), f"{CONFIG} in the archive")
    found = list(find_configs(document))
    name = document.get("class_name") if isinstance(document, dict) else None
    rule = "the model must be one of this package's, or have one among its layers"
    require_file(path, found, rule, shown(name or "another object"))
    return found[0]


FORMAT = Format("keras", "keras archive", KERAS_MODEL, _matches, _read)
