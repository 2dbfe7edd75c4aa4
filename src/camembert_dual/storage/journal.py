"""The journal of a save: what it says, and when it may be obeyed.

A journal tells whoever opens a folder which files to move and which to remove. A folder may come
from anywhere, so a journal is obeyed only if the save that it tells of happened in this very
folder: it names each file by its inode number as well, which no archive can carry and no stranger
can know.
"""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from camembert_dual.common.errors import file_error, is_integer, listed, require_file
from camembert_dual.storage.file_names import is_own
from camembert_dual.storage.json_files import read_json

JOURNAL = ".camembert-save.json"
STAGING = ".camembert-save-"
NEW = "new"  # the folder in the staged one that the new files lie in
VERSION = 2
MAX_FILES = 20_000


class Journal(NamedTuple):
    """What a save has still to do.

    Attributes:
        staging: The folder below the checkpoint's folder that the new files lie in.
        files: The names of the files to be moved out of it.
        removed: The names of the old files to be removed.
    """

    staging: Path
    files: list[str]
    removed: list[str]


def journal_text(folder: Path, staging: Path, removed: Sequence[str]) -> str:
    """The text of the journal of a save whose files are all written.

    Raises:
        CheckpointError: If a file is none that a journal may name.
    """
    names = sorted(path.name for path in staging.iterdir())
    others = [name for name in (*names, *removed) if not is_own(name)]
    require_file(folder, not others, "a save must be of files of a checkpoint", listed(others))
    values = {
        "version": VERSION,
        "staging": staging.parent.name,
        "inode": _inode(staging),
        "files": {name: _inode(staging / name) for name in names},
        "removed": {name: _inode(folder / name) for name in sorted(removed)},
    }
    return json.dumps(values)


def is_pending(folder: Path) -> bool:
    """Whether a folder has a journal, of whatever kind."""
    return os.path.lexists(folder / JOURNAL)


def read_journal(folder: Path) -> Journal | None:
    """Read a journal that may be obeyed; None if there is none.

    Raises:
        CheckpointError: If it is not that of this user's own save into this folder, or names
            anything but files of a checkpoint that it staged or replaces.
    """
    path = folder / JOURNAL
    if not is_pending(folder):
        return None
    _require(path, _is_mine(path, stat.S_ISREG), "a link, or another user's")
    try:
        values = read_json(path)
    except FileNotFoundError:  # another process has done it
        return None
    _require(path, values.get("version") == VERSION, "one of another version")
    staging: Any = values.get("staging")
    files: Any = values.get("files")
    removed: Any = values.get("removed")
    named = isinstance(staging, str) and staging.startswith(STAGING) and _is_name(staging)
    own = named and _are_files(files) and _are_files(removed)
    _require(path, own, "one that names other files")
    held = folder / staging / NEW
    if not is_pending(folder):  # done meanwhile
        return None
    folders = _is_mine(held.parent, stat.S_ISDIR) and _is_mine(held, stat.S_ISDIR)
    in_place = folders and _inode(held) == values.get("inode")
    _require(path, in_place, "one of another folder")
    for name, inode in files.items():
        _require(path, inode in (_inode(held / name), _inode(folder / name)), "other files")
    old = [name for name, inode in removed.items() if _inode(folder / name) == inode]
    return Journal(held, list(files), old)


def _require(path: Path, holds: object, received: str) -> None:
    rule = (
        "a journal must be that of a save of one's own into this folder (if nobody is saving, "
        "delete it and take the files again)"
    )
    require_file(path, holds, rule, received)


def _is_name(name: str) -> bool:
    return bool(name) and not set(name) & set("/\\\0") and name not in (".", "..")


def _are_files(values: Any) -> bool:
    few = isinstance(values, dict) and len(values) <= MAX_FILES
    return few and all(
        _is_name(name) and is_own(name) and is_integer(one) for name, one in values.items()
    )


def _inode(path: Path) -> int:
    """The number of a file or folder, not of what it links to; -1 if there is none."""
    try:
        return path.lstat().st_ino
    except OSError:
        return -1


def _is_mine(path: Path, is_kind: Any) -> bool:
    """Whether something is of a kind, no link, and belongs to this user."""
    try:
        found = path.lstat()
    except OSError:
        return False
    mine = not hasattr(os, "geteuid") or found.st_uid == os.geteuid()
    return mine and bool(is_kind(found.st_mode))


def is_committed(folder: Path, staging: Path) -> bool:
    """Whether the journal is that of the save whose files lie in ``staging``."""
    try:
        return bool(read_json(folder / JOURNAL).get("staging") == staging.parent.name)
    except (OSError, ValueError):
        return False


def refuse_pending(folder: Path) -> None:
    """Refuse a folder into which a save was interrupted, for who only reads.

    Raises:
        CheckpointError: If there is a journal.
    """
    if is_pending(folder):
        rule = "a checkpoint must be saved to its end (its owner's next load or save does it)"
        raise file_error(folder, rule, "one whose save was interrupted")
