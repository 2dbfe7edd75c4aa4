"""Files and folders written whole or not at all.

One file, or a whole folder, is written under a temporary name beside its place and renamed.
Several files of a folder are written into a hidden folder inside it; one rename of a small journal
then makes them the checkpoint. Moving them to their names comes after it, and whoever opens the
folder next finishes the moves if the saving process could not. So all are old or all are new,
whenever the process dies.
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

from camembert_dual.common.errors import CheckpointError, short
from camembert_dual.storage.json_files import read_json

JOURNAL = ".camembert-save.json"
STAGING = ".camembert-save-"


def write_atomically(path: Path, content: bytes) -> None:
    """Write a file whole or not at all.

    Raises:
        OSError: If the folder cannot be written; ``path`` is then as it was.
    """
    with atomic_target(path) as temporary:
        temporary.write_bytes(content)


@contextmanager
def atomic_target(path: Path) -> Iterator[Path]:
    """Give a temporary file beside ``path``, which replaces it when the block ends well.

    A reader sees the old file or the new one, never a part of one: the data reach the disk before
    the rename does.

    Raises:
        OSError: If the folder cannot be written; ``path`` is then as it was.
    """
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".tmp")
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        _sync_file(temporary)
        temporary.chmod(0o666 & ~_umask())  # mkstemp makes private files
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def atomic_folder(path: Path, holds: str) -> Iterator[Path]:
    """Give a temporary folder beside ``path``, which takes its place when the block ends well.

    Whoever watches the place of ``path`` sees nothing there or all of it.

    Args:
        path: The folder; one that is there is replaced with all that it holds.
        holds: A file that such a folder has, so that no other folder is replaced.

    Raises:
        FileExistsError: If something else is there.
        OSError: If the folder cannot be written.
    """
    is_empty = path.is_dir() and not any(path.iterdir())
    if os.path.lexists(path) and not is_empty and not (path / holds).is_file():
        raise FileExistsError(
            f"{path} must be new, empty or a folder with {holds}; received something else."
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(dir=path.parent, prefix=f".{path.name}.", suffix=".tmp"))
    new, old = temporary / "new", temporary / "old"
    try:
        new.mkdir()
        yield new
        if path.exists():
            path.replace(old)
        new.replace(path)
    finally:
        if old.exists() and not path.exists():  # interrupted between the two renames
            old.replace(path)
        shutil.rmtree(temporary)


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


def _umask() -> int:
    """The permissions that the process takes from what it makes."""
    mask = os.umask(0)
    os.umask(mask)
    return mask
