"""From the name a user gives to the folder that holds the checkpoint."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import resources
from pathlib import Path

from camembert_dual.common.backends import PACKAGE
from camembert_dual.storage.atomic import finish_save
from camembert_dual.storage.file_names import TF_INDEX
from camembert_dual.storage.hub import KINDS, download, is_hub_name
from camembert_dual.storage.journal import refuse_pending

BUNDLED = ("camembert-tiny-fr",)
HUB_OPTIONS = ("revision", "cache_dir", "token", "local_files_only")


def locate(
    name_or_path: str | Path,
    *,
    filenames: Sequence[str] | None = None,
    also: Sequence[str] = (),
    revision: str | None = None,
    cache_dir: str | Path | None = None,
    token: str | bool | None = None,
    local_files_only: bool = False,
    finish: bool = True,
) -> Path:
    """Find a checkpoint: an existing path first, then the bundled ones, then the hub.

    Args:
        name_or_path: Folder or file, the name of a bundled checkpoint, or a hub name.
        filenames: The files that are needed; None for the config and one set of weights.
        also: More files to bring from the hub if they are there.
        revision: Branch, tag or commit of a hub repository.
        cache_dir: Where hub files are kept; None for the cache that all tools share.
        token: Access token of the hub.
        local_files_only: Whether the network is forbidden.
        finish: Whether a save into the folder that was interrupted may be finished; else it is
            refused, for who promises to write nothing.

    Returns:
        The folder (or file) on disk.

    Raises:
        CheckpointError: If a save was interrupted and cannot or may not be finished.
        FileNotFoundError: If nothing of that name is known or reachable.
        ImportError: If it is a hub name and ``huggingface_hub`` is not installed.
        PermissionError: If the hub refuses access.
    """
    path = Path(name_or_path)
    name = str(name_or_path)
    if name and not path.exists() and Path(f"{name}{TF_INDEX}").is_file():
        path = Path(f"{name}{TF_INDEX}")  # TensorFlow calls a checkpoint by what its files share
    if name and path.exists():
        folder = path if path.is_dir() else path.parent
        finish_save(folder) if finish else refuse_pending(folder)
        return path
    if name in BUNDLED:
        return Path(str(resources.files(PACKAGE))) / "assets" / name
    if not isinstance(name_or_path, str) or not is_hub_name(name):
        raise FileNotFoundError(f"{KINDS}; received {name!r}.")
    return download(
        name,
        filenames=filenames,
        also=also,
        revision=revision,
        cache_dir=cache_dir,
        token=token,
        local_files_only=local_files_only,
    )
