"""Small files: JSON checked on the way in, bytes written whole or not at all."""

from __future__ import annotations

import json
import os
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
        umask = os.umask(0)
        os.umask(umask)
        temporary.chmod(0o666 & ~umask)  # mkstemp makes private files
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
