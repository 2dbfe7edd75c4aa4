"""Files: JSON checked on the way in, files and folders written whole or not at all."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

MAX_JSON = 1 << 28


def read_json(path: Path) -> dict[str, Any]:
    """Read a JSON object.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is not UTF-8 JSON or not an object; the message names the file.
    """
    if not path.is_file():
        raise FileNotFoundError(
            f"A checkpoint must hold {path.name}; there is none in {path.parent}."
        )
    size = path.stat().st_size
    if size > MAX_JSON:
        raise ValueError(f"{path} must have at most {MAX_JSON} bytes; received {size}.")
    try:
        values = json.loads(path.read_bytes().decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{path} must be JSON in UTF-8; received {error}.") from None
    if not isinstance(values, dict):
        raise ValueError(f"{path} must hold a JSON object; received {type(values).__name__}.")
    return values


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
        with temporary.open("rb+") as file:
            os.fsync(file.fileno())
        temporary.chmod(0o666 & ~umask())  # mkstemp makes private files
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def write_atomically(path: Path, content: bytes) -> None:
    """Write a file whole or not at all.

    Raises:
        OSError: If the folder cannot be written; ``path`` is then as it was.
    """
    with atomic_target(path) as temporary:
        temporary.write_bytes(content)


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


def umask() -> int:
    """The permissions that the process takes from what it makes."""
    mask = os.umask(0)
    os.umask(mask)
    return mask
