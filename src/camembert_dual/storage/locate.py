"""From the name a user gives to the folder that holds the checkpoint."""

from __future__ import annotations

import re
from collections.abc import Sequence
from importlib import resources
from pathlib import Path
from typing import Any

from camembert_dual.common.backends import PACKAGE
from camembert_dual.common.errors import require
from camembert_dual.common.keywords import FLAG, Keyword, leave_out_neutral, rename_token
from camembert_dual.storage.atomic import finish_save
from camembert_dual.storage.file_names import TF_INDEX, WEIGHTS
from camembert_dual.storage.hub import KINDS, download, is_hub_name
from camembert_dual.storage.journal import refuse_pending

BUNDLED = ("camembert-tiny-fr",)
HUB_OPTIONS = (  # where and how a checkpoint is looked for
    "revision",
    "cache_dir",
    "token",
    "local_files_only",
    "force_download",
    "subfolder",
)
NEUTRAL = (
    Keyword("resume_download", FLAG, "what was interrupted is always resumed"),
    Keyword("proxies", (None, {}), "the hub's client reads HTTPS_PROXY"),
    Keyword("mirror", (None,), "the hub's client reads HF_ENDPOINT"),
    Keyword("trust_remote_code", (None, False), "no code of a checkpoint is run"),
    Keyword("code_revision", (None, "main"), "no code of a checkpoint is run"),
    Keyword("tqdm_class", (None,), "the hub's client shows its own progress"),
    Keyword("_from_auto", FLAG, "it is a note of another package"),
    Keyword("_from_pipeline", (None,), "it is a note of another package"),
    Keyword("_commit_hash", (None,), "a commit is asked for by revision"),
)


_FOLDER = re.compile(r"|[\w-][\w. -]*")  # no way up


def take_hub_options(options: dict[str, Any]) -> dict[str, Any]:
    """Take what says where a checkpoint is out of the keywords of ``from_pretrained``.

    Args:
        options: The keywords, from which they are taken.

    Returns:
        Those that are options of :func:`locate`.

    Raises:
        ValueError: If one is refused.
    """
    rename_token(options)
    leave_out_neutral(options, NEUTRAL)
    found = {name: options.pop(name) for name in HUB_OPTIONS if name in options}
    for name in ("local_files_only", "force_download"):
        value = found.get(name, False)
        require(isinstance(value, bool), f"{name} must be True or False", repr(value))
    folder = found["subfolder"] = found.get("subfolder") or ""
    rule = "subfolder must be the path of a folder in the checkpoint's, as 'a/b'"
    sound = isinstance(folder, str) and all(map(_FOLDER.fullmatch, folder.split("/")))
    require(sound, rule, repr(folder))
    return found


def locate(
    name_or_path: str | Path,
    *,
    filenames: Sequence[str] | None = None,
    also: Sequence[str] = (),
    revision: str | None = None,
    cache_dir: str | Path | None = None,
    token: str | bool | None = None,
    local_files_only: bool = False,
    force_download: bool = False,
    subfolder: str = "",
    weights: Sequence[str] = WEIGHTS,
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
        force_download: Whether files of the hub that are in the cache are brought again.
        subfolder: The folder below it that holds the checkpoint.
        weights: The names of sets of weights, of which the hub's first is brought.
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
    if name and path.is_dir():
        path = path / subfolder
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
        force_download=force_download,
        subfolder=subfolder,
        weights=weights,
    )
