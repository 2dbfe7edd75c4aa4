"""Checkpoints of the hub: only the files that are needed, in the cache that all tools share."""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from camembert_dual.checkpoints.index import shard_files
from camembert_dual.checkpoints.names import CONFIG, INDEX_SUFFIX, WEIGHTS

_NAME = re.compile(r"(?:[A-Za-z0-9][\w.-]*/)?[A-Za-z0-9][\w.-]*")
_COMMIT = re.compile(r"[0-9a-f]{40}")


def is_hub_name(name: str) -> bool:
    """Whether a text may name a repository: ``owner/name`` or, for the oldest, ``name``."""
    return _NAME.fullmatch(name) is not None and ".." not in name


def download(
    name: str,
    *,
    filenames: Sequence[str] | None,
    revision: str | None,
    cache_dir: str | Path | None,
    token: str | bool | None,
    local_files_only: bool,
) -> Path:
    """Bring a repository's files into the cache; those that are there are not fetched again.

    Args:
        name: The repository.
        filenames: The files wanted, each if it exists; None for the config and one set of weights.
        revision: Branch, tag or commit.
        cache_dir: The cache; None for the shared one.
        token: Access token.
        local_files_only: Whether only the cache may be used.

    Returns:
        The folder that holds the files.

    Raises:
        FileNotFoundError: If the repository, the revision or all of the files are missing or out of
            reach.
        ImportError: If ``huggingface_hub`` is not installed.
        PermissionError: If the hub refuses access.
        OSError: If the transfer fails.
    """
    try:
        hub = importlib.import_module("huggingface_hub")
    except ModuleNotFoundError:
        raise ImportError(
            f'{name!r} is no folder; to take it from the hub: pip install "camembert-dual[hub]"'
        ) from None
    errors = importlib.import_module("huggingface_hub.errors")
    at: dict[str, str | None] = {"revision": revision}

    def fetch(file: str) -> Path | None:
        """The file's path; None if the repository lacks it."""
        try:
            path = Path(
                hub.hf_hub_download(
                    name,
                    file,
                    revision=at["revision"],
                    cache_dir=cache_dir,
                    token=token,
                    local_files_only=local_files_only,
                    headers={
                        "user-agent": "camembert-dual"
                    },  # instead of a list of what is installed
                )
            )
        except errors.LocalEntryNotFoundError as error:
            if local_files_only:
                return None
            received = f"{type(error.__cause__).__name__}: {error.__cause__}"
            raise FileNotFoundError(
                f"The hub must be reachable for {file} of {name!r}, which is not in the cache; "
                f"received "
                f"{received}."
            ) from None
        except errors.EntryNotFoundError:
            return None
        except Exception as error:
            raise _explained(error, errors, name, revision) from None
        if _COMMIT.fullmatch(path.parent.name):
            at["revision"] = path.parent.name  # the rest comes from the same commit
        return path

    with _telemetry_off():
        found = list(_fetch_all(fetch, filenames))
    if not found:
        where = "the cache" if local_files_only else "the repository"
        wanted = ", ".join(filenames or (CONFIG, *WEIGHTS))
        raise FileNotFoundError(f"{where} must hold one of {wanted}; received none for {name!r}.")
    return found[0].parent


@contextmanager
def _telemetry_off() -> Iterator[None]:
    """Keep the client from sending what is installed, and from asking who runs it."""
    constants: Any = importlib.import_module("huggingface_hub.constants")
    before = constants.HF_HUB_DISABLE_TELEMETRY
    constants.HF_HUB_DISABLE_TELEMETRY = True
    try:
        yield
    finally:
        constants.HF_HUB_DISABLE_TELEMETRY = before


def _fetch_all(
    fetch: Callable[[str], Path | None], filenames: Sequence[str] | None
) -> Iterator[Path]:
    if filenames is not None:
        for filename in filenames:
            path = fetch(filename)
            if path is not None:
                yield path
        return
    config = fetch(CONFIG)
    for filename in WEIGHTS:
        path = fetch(filename)
        if path is None:
            continue
        yield path
        if filename.endswith(INDEX_SUFFIX):
            yield from _fetch_shards(fetch, path)
        if config is not None:
            yield config
        return


def _fetch_shards(fetch: Callable[[str], Path | None], index: Path) -> Iterator[Path]:
    for shard in shard_files(index, must_exist=False):
        path = fetch(shard.name)
        if path is None:
            raise FileNotFoundError(
                f"{index}: every shard must be there; received none named {shard.name!r}."
            )
        yield path


def _explained(error: Exception, errors: Any, name: str, revision: str | None) -> OSError:
    """The error in this package's words; its own are kept at the end."""
    status = getattr(getattr(error, "response", None), "status_code", None)
    text = str(error).strip().partition("\n")[0]
    if isinstance(error, errors.GatedRepoError) or status in (401, 403):
        return PermissionError(
            f"The hub must grant access to {name!r} (a token of an account that has it); "
            f"received {text}"
        )
    if isinstance(error, errors.RevisionNotFoundError):
        return FileNotFoundError(f"{name!r} must have the revision {revision!r}; received {text}")
    if isinstance(error, errors.RepositoryNotFoundError):
        return FileNotFoundError(
            f"A checkpoint must be a folder, a bundled name or a hub repository; received "
            f"{name!r}: {text}"
        )
    return OSError(
        f"The transfer of {name!r} must end well; received {type(error).__name__}: {text}"
    )
