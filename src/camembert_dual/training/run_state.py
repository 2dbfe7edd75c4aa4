"""Whether a run may go on from the state that a folder holds, how far it came, and Ctrl-C."""

from __future__ import annotations

import json
import math
import signal
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from camembert_dual.common.arrays import FloatArray
from camembert_dual.common.errors import require, require_file
from camembert_dual.storage.atomic import write_atomically
from camembert_dual.storage.file_names import TRAINING_HISTORY, TRAINING_SETTINGS, TRAINING_STATE
from camembert_dual.storage.json_files import read_json

# what a state holds: for each weight its value and the moments of AdamW, and the losses so far
WEIGHT, MOMENTS, LOSSES = "weight", ("exp_avg", "exp_avg_sq"), "losses"
STATE_EVERY = 500  # steps between two states on disk
# BERT's authors trained the last tenth of their steps on long rows (Devlin et al. 2019, A.2)
MAY_CHANGE = ("steps", "long_share", "precision")


class Progress(NamedTuple):
    """How far a run came.

    Attributes:
        done: Steps made.
        seconds: How long they took, interruptions left out.
        losses: The loss of each step (done,).
    """

    done: int
    seconds: float
    losses: FloatArray

    @classmethod
    def none(cls) -> Progress:
        """That of a run that has not begun."""
        return cls(0, 0.0, np.zeros(0))

    def to_texts(self) -> dict[str, str]:
        """Steps and seconds as the texts that a state holds."""
        return {"done": str(self.done), "seconds": f"{self.seconds:.0f}"}


def begin(folder: Path, settings: Mapping[str, Any]) -> None:
    """Make the folder of a run, or check that the run it holds may go on.

    Raises:
        ValueError: If it holds a run with other settings.
        OSError: If it cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if (folder / TRAINING_STATE).exists():
        check_settings(folder, settings)
    else:
        (folder / TRAINING_HISTORY).unlink(missing_ok=True)
    write_settings(folder, settings)


def write_settings(folder: Path, settings: Mapping[str, Any]) -> None:
    """Write the settings of a run, before there is a state beside them.

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


def read_progress(path: Path, counts: Mapping[str, str]) -> Progress:
    """Read how far a run came from the texts that its state holds; its losses are to follow.

    Raises:
        CheckpointError: If the file is no state of a training.
    """
    done, seconds = counts.get("done", ""), counts.get("seconds", "")
    try:
        progress = Progress(int(done), float(seconds), np.zeros(0))
    except ValueError:
        progress = Progress(-1, -1.0, np.zeros(0))
    fits = progress.done >= 0 and 0 <= progress.seconds < math.inf
    rule = "the state of a training must say its steps and seconds"
    require_file(path, fits, rule, f"{done!r} and {seconds!r}")
    return progress


def check_tensors(
    path: Path, found: Mapping[str, tuple[Any, ...]], expected: Mapping[str, tuple[Any, ...]]
) -> None:
    """Check that a state holds what a network of the same kind needs, and nothing else.

    Args:
        path: The file.
        found: Name to type and shape, as the file has them.
        expected: Name to type and shape, as the network has them.

    Raises:
        CheckpointError: If one is missing, too much, or of another type or shape.
    """
    wrong = sorted(name for name in {*found, *expected} if found.get(name) != expected.get(name))
    rule = "the state must be of this network; remove it to begin anew"
    received = f"another {wrong[0]} ({len(wrong)} differ)" if wrong else ""
    require_file(path, not wrong, rule, received)


@contextmanager
def deferred_interrupt() -> Iterator[Callable[[], bool]]:
    """Let Ctrl-C wait for the end of a step, so that what it changed is whole and can be kept.

    Where signals cannot be caught, outside of the main thread, or are ignored, as in the
    background of a shell, all stays as it is.

    Yields:
        A function that tells whether Ctrl-C was pressed.
    """
    pressed = False

    def remember(*_: object) -> None:
        nonlocal pressed
        pressed = True

    before = signal.getsignal(signal.SIGINT)
    is_default = before is signal.default_int_handler
    try:
        if is_default:
            signal.signal(signal.SIGINT, remember)
    except ValueError:  # not the main thread
        is_default = False
    try:
        yield lambda: pressed
    finally:
        if is_default:
            signal.signal(signal.SIGINT, before)
