"""Whether a run may go on from the state that a folder holds, and how far it came."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from camembert_dual.common.errors import require
from camembert_dual.storage.atomic import write_atomically
from camembert_dual.storage.file_names import TRAINING_SETTINGS
from camembert_dual.storage.json_files import read_json

STATE_EVERY = 500  # steps between two states on disk
# BERT's authors trained the last tenth of their steps on long rows (Devlin et al. 2019, A.2)
MAY_CHANGE = ("steps", "long_share", "precision")


class Progress(NamedTuple):
    """How far a run came.

    Attributes:
        done: Steps made.
        seconds: How long they took, interruptions left out.
    """

    done: int
    seconds: float


def write_settings(folder: Path, settings: Mapping[str, Any]) -> None:
    """Write the settings of a run beside its state.

    Raises:
        OSError: If the folder cannot be written.
    """
    text = json.dumps(dict(settings), indent=2) + "\n"
    write_atomically(folder / TRAINING_SETTINGS, text.encode())


def check_settings(folder: Path, settings: Mapping[str, Any]) -> None:
    """Check that a run may go on: that no setting has changed but those of ``MAY_CHANGE``.

    Raises:
        FileNotFoundError: If the folder holds no settings.
        ValueError: If the run had others.
    """
    before = read_json(folder / TRAINING_SETTINGS)
    differing = [
        name
        for name, value in settings.items()
        if name not in MAY_CHANGE and before.get(name) != value
    ]
    rule = "A resumed run must have the settings it began with"
    require(not differing, rule, f"another {', '.join(differing)}")
