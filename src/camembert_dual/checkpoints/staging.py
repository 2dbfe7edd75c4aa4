"""Saves of several files that are seen as one: all old or all new, whenever the process dies.

New files are written into a hidden folder beside the old ones. One rename of a small journal then
makes them the checkpoint; moving them to their names comes after it, and whoever opens the folder
next finishes the moves if the saving process could not.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from camembert_dual.checkpoints.errors import CheckpointError, short
from camembert_dual.files import read_json

JOURNAL = ".camembert-save.json"
STAGING = ".camembert-save-"


@contextmanager
def staged_save(folder: Path, replaced: Sequence[str] = ()) -> Iterator[Path]:
    """Give a folder to write files into; they become the checkpoint when the block ends well.

    Args:
        folder: The checkpoint's folder, made if need be.
        replaced: Patterns (regular expressions) of files of an earlier checkpoint that these files
            replace.

    Raises:
        OSError: If something cannot be written; the old checkpoint is then as it was.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        finish_save(folder)
        _clear_leftovers(folder)
        staging = Path(tempfile.mkdtemp(dir=folder, prefix=f"{STAGING}{os.getpid()}-"))
    except OSError as error:
        raise _unsaved(folder, error) from None
    try:
        yield staging
        names = sorted(path.name for path in staging.iterdir())
        for name in names:
            _sync_file(staging / name)
        old = [
            path.name
            for path in folder.iterdir()
            if path.name not in names and any(re.fullmatch(one, path.name) for one in replaced)
        ]
        journal = {"staging": staging.name, "files": names, "removed": sorted(old)}
        written = staging / JOURNAL
        written.write_text(json.dumps(journal), "utf-8")
        _sync_file(written)
        _sync_folder(staging)
        written.replace(folder / JOURNAL)  # from here on the new checkpoint is the checkpoint
    except OSError as error:
        shutil.rmtree(staging, ignore_errors=True)
        raise _unsaved(folder, error) from None
    except BaseException:
        shutil.rmtree(staging, ignore_errors=True)
        raise
    _sync_folder(folder)
    finish_save(folder)


def finish_save(folder: Path) -> None:
    """Move the files of a save that was interrupted after its journal was written.

    Two processes may do so at once: each move is done by one and found done by the other.

    Raises:
        CheckpointError: If the journal is not one of this package's.
        OSError: If the folder cannot be written.
    """
    path = folder / JOURNAL
    if not path.is_file():
        return
    try:
        journal = read_json(path)
    except FileNotFoundError:
        return
    staging: Any = journal.get("staging")
    files: Any = journal.get("files")
    removed: Any = journal.get("removed")
    lists = isinstance(files, list) and isinstance(removed, list)
    names = [staging, *files, *removed] if lists else [None]
    plain = all(isinstance(name, str) and name and not set(name) & set("/\\\0") for name in names)
    if not plain or ".." in names or not str(staging).startswith(STAGING):
        raise CheckpointError(
            f"{path}: a journal must name files of its folder; received {short(names)}."
        )
    if (folder / staging).is_symlink():
        raise CheckpointError(f"{path}: a save must lie in its folder; received a link elsewhere.")
    for name in files:
        with contextlib.suppress(FileNotFoundError):  # done already
            (folder / staging / name).replace(folder / name)
    for name in removed:
        (folder / name).unlink(missing_ok=True)
    _sync_folder(folder)
    path.unlink(missing_ok=True)
    shutil.rmtree(folder / staging, ignore_errors=True)


def _sync_file(path: Path) -> None:
    """Bring a file's data to the disk."""
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    """Bring renames to the disk, where folders can be opened (not on Windows)."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _clear_leftovers(folder: Path) -> None:
    """Remove what a killed process left before its journal was written."""
    for path in folder.glob(f"{STAGING}*"):
        found = re.fullmatch(re.escape(STAGING) + r"(\d+)-.*", path.name)
        if found and path.is_dir() and not _is_running(int(found[1])):
            shutil.rmtree(path, ignore_errors=True)


def _is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def _unsaved(folder: Path, error: OSError) -> OSError:
    reason = error.strerror or error
    text = f"{folder}: the checkpoint could not be saved ({reason}); what was there is unchanged"
    return type(error)(error.errno, text) if error.errno else OSError(text)
