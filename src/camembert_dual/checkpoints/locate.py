"""From the name a user gives to the folder that holds the checkpoint."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import resources
from pathlib import Path

BUNDLED = ("camembert-tiny-fr",)


def locate(
    name_or_path: str | Path,
    *,
    filenames: Sequence[str] | None = None,
    revision: str | None = None,
    cache_dir: str | Path | None = None,
    token: str | bool | None = None,
    local_files_only: bool = False,
) -> Path:
    """Find a checkpoint: an existing path first, then the checkpoints bundled with this package.

    Args:
        name_or_path: Folder or file, or the name of a bundled checkpoint.
        filenames: The files that are needed; None for all.
        revision: Branch, tag or commit of a hub repository.
        cache_dir: Where hub files are kept.
        token: Access token of the hub.
        local_files_only: Whether the network is forbidden.

    Returns:
        The folder (or file) on disk.

    Raises:
        FileNotFoundError: If nothing of that name is known.
    """
    path = Path(name_or_path)
    if path.exists():
        return path
    if str(name_or_path) in BUNDLED:
        return Path(str(resources.files("camembert_dual"))) / "assets" / str(name_or_path)
    raise FileNotFoundError(
        f"A checkpoint must be a folder or one of the bundled {', '.join(BUNDLED)}; received {str(name_or_path)!r}."
    )
