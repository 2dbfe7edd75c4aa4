"""Files and folders written whole or not at all.

One file, or a whole folder, is written under a temporary name beside its place and renamed.
Several files of a folder are written into a hidden folder inside it; one rename of a small journal
then makes them the checkpoint. Moving them to their names comes after it, and whoever opens the
folder next finishes the moves if the saving process could not. So all are old or all are new,
whenever the process dies.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from camembert_dual.common.errors import file_error
from camembert_dual.storage.journal import (
    JOURNAL,
    NEW,
    STAGING,
    is_committed,
    is_pending,
    journal_text,
    read_journal,
)

fcntl: Any
try:
    import fcntl
except ImportError:  # Windows, which has no locks of folders
    fcntl = None


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
        os.replace(temporary, path)
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
            os.replace(path, old)
        os.replace(new, path)
    finally:
        if old.exists() and not path.exists():  # interrupted between the two renames
            os.replace(old, path)
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
        with _locked(folder):
            _finish(folder)
            _clear_leftovers(folder)
            outer = Path(tempfile.mkdtemp(dir=folder, prefix=STAGING))
            held = _lock(outer, wait=False)  # tells others that it is no leftover
            staging = outer / NEW
            staging.mkdir()
    except OSError as error:
        raise _unsaved(folder, error) from None
    try:
        yield staging
        for path in staging.iterdir():
            _sync_file(path)
        with _locked(folder):
            _finish(folder)  # of another process, which saved meanwhile
            _commit(folder, staging, replaced)
            _finish(folder)
    except OSError as error:
        raise _unsaved(folder, error) from None
    finally:
        if not is_committed(folder, staging):
            shutil.rmtree(outer, ignore_errors=True)
        _unlock(held)


def _commit(folder: Path, staging: Path, replaced: Sequence[str]) -> None:
    """Write the journal; when it is there, the new checkpoint is the checkpoint."""
    names = {path.name for path in staging.iterdir()}
    old = [
        path.name
        for path in folder.iterdir()
        if path.name not in names and any(re.fullmatch(one, path.name) for one in replaced)
    ]
    text = journal_text(folder, staging, old)
    written = staging.parent / JOURNAL
    written.write_text(text, "utf-8")
    _sync_file(written)
    _sync_folder(staging)
    _sync_folder(staging.parent)
    os.replace(written, folder / JOURNAL)
    _sync_folder(folder)


def finish_save(folder: Path) -> None:
    """Move the files of a save that was interrupted after its journal was written.

    Raises:
        CheckpointError: If the journal is not that of this user's save into this folder, or the
            folder cannot be written.
    """
    if not is_pending(folder):
        return
    try:
        with _locked(folder):
            _finish(folder)
    except OSError as error:
        rule = "a checkpoint must be saved to its end (who may write there has to load it once)"
        received = f"an interrupted save, and {error.strerror or error}"
        raise file_error(folder, rule, received) from None


def _finish(folder: Path) -> None:
    journal = read_journal(folder)
    if journal is None:
        return
    for name in journal.files:
        with contextlib.suppress(FileNotFoundError):  # done before
            os.replace(journal.staging / name, folder / name)
    for name in journal.removed:
        (folder / name).unlink(missing_ok=True)
    _sync_folder(folder)
    (folder / JOURNAL).unlink(missing_ok=True)
    shutil.rmtree(journal.staging.parent, ignore_errors=True)


# one at a time
# --------------------------------------------------------------------------------------------------


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Keep other processes and threads from finishing a save into the same folder meanwhile."""
    held = _lock(folder, wait=True)
    try:
        yield
    finally:
        _unlock(held)


def _lock(folder: Path, *, wait: bool) -> int | None:
    """Lock a folder; None where folders cannot be locked (Windows, some network drives).

    The lock lies on the folder itself, so that nothing is left over, and ends with the process.

    Raises:
        BlockingIOError: If it is locked and ``wait`` is not set.
    """
    if fcntl is None:
        return None
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except BlockingIOError:
        os.close(handle)
        raise
    except OSError:
        os.close(handle)
        return None
    return handle


def _unlock(handle: int | None) -> None:
    if handle is not None:
        fcntl.flock(handle, fcntl.LOCK_UN)
        os.close(handle)


def _clear_leftovers(folder: Path) -> None:
    """Remove what a killed process left before its journal was written."""
    for path in folder.glob(f"{STAGING}*"):
        if not path.is_dir() or path.is_symlink():
            continue
        with contextlib.suppress(OSError):  # someone is writing into it
            held = _lock(path, wait=False)
            if held is not None:
                shutil.rmtree(path, ignore_errors=True)
                _unlock(held)


# the disk
# --------------------------------------------------------------------------------------------------


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


def _unsaved(folder: Path, error: OSError) -> OSError:
    reason = error.strerror or error
    text = f"{folder}: the checkpoint could not be saved ({reason}); what was there is unchanged"
    return type(error)(error.errno, text) if error.errno else OSError(text)


def _umask() -> int:
    """The permissions that the process takes from what it makes."""
    mask = os.umask(0)
    os.umask(mask)
    return mask
