"""Checkpoints of the hub: only the files that are needed, in the cache that all tools share."""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from camembert_dual.storage.file_names import CONFIG, WEIGHTS
from camembert_dual.storage.json_files import shard_files

_WORD = r"[A-Za-z0-9](?:[\w.-]{0,94}\w)?"
_NAME = re.compile(rf"(?:{_WORD}/)?{_WORD}", re.ASCII)
_COMMIT = re.compile(r"[0-9a-f]{40}")
_HEADERS = {"user-agent": "camembert-dual"}  # instead of a list of what is installed
# how the client's HTTP libraries call a connection that could not be made
_UNREACHABLE = ("ConnectError", "ConnectTimeout")


def is_hub_name(name: str) -> bool:
    """Whether a text may name a repository: ``owner/name`` or, for the oldest, ``name``."""
    return _NAME.fullmatch(name) is not None and not re.search(r"\.\.|--|\.git$", name)


def download(
    name: str,
    *,
    filenames: Sequence[str] | None,
    also: Sequence[str],
    revision: str | None,
    cache_dir: str | Path | None,
    token: str | bool | None,
    local_files_only: bool,
) -> Path:
    """Bring a repository's files into the cache; those that are there are not fetched again.

    Args:
        name: The repository.
        filenames: The files wanted, each if it exists; None for the config and one set of weights.
        also: More files of the same commit, each if it exists.
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
    at = revision
    contacted = local_files_only

    def fetch(file: str) -> Path | None:
        """The file's path; None if the repository lacks it."""
        nonlocal at, contacted
        cached = hub.try_to_load_from_cache(name, file, cache_dir=cache_dir, revision=at)
        remembered = cached is not None and not isinstance(cached, str)
        if remembered and at is not None and _COMMIT.fullmatch(at):
            return None  # this commit lacks it, and always will
        if cached is None and not contacted:
            _contact(hub, name, file, at, token)
            contacted = True
        try:
            path = Path(
                hub.hf_hub_download(
                    name,
                    file,
                    revision=at,
                    cache_dir=cache_dir,
                    token=token,
                    local_files_only=local_files_only,
                    headers=_HEADERS,
                )
            )
        except errors.LocalEntryNotFoundError as error:
            if local_files_only:
                return None
            raise _out_of_reach(name, file, error.__cause__) from None
        except errors.EntryNotFoundError:
            return None
        except Exception as error:
            raise _explained(error, errors, name, revision) from None
        if _COMMIT.fullmatch(path.parent.name):
            at = path.parent.name  # the rest comes from the same commit
        return path

    with _telemetry_off():
        found = list(_fetch_all(fetch, filenames))
        for file in also if found else ():
            fetch(file)
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


def _contact(
    hub: Any, name: str, file: str, revision: str | None, token: str | bool | None
) -> None:
    """Ask for a file once, without the client's own retries, and stop if there is no connection.

    The client tries six times to connect, for half a minute offline and for minutes behind a
    firewall, which helps nobody who misspelt the name of a folder. Every other failure is left to
    it: it tries again where that helps, and says what is wrong.

    Raises:
        FileNotFoundError: If no connection can be made.
    """
    try:
        url = hub.hf_hub_url(name, file, revision=revision)
        hub.get_hf_file_metadata(url, token=token, headers=dict(_HEADERS))
    except Exception as error:
        if type(error).__name__ in _UNREACHABLE:
            raise _out_of_reach(name, file, error) from None


def _out_of_reach(name: str, file: str, cause: BaseException | None) -> FileNotFoundError:
    return FileNotFoundError(
        f"A checkpoint must be a folder, a bundled name or a hub name; {name!r} is neither of the "
        f"first two, {file} of it is not in the cache, and the hub cannot be reached; received "
        f"{type(cause).__name__}: {cause}."
    )


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
        if filename.endswith(".json"):
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
