"""Checkpoints of the hub: only the files that are needed, in the cache that all tools share."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from camembert_dual.common.backends import import_optional
from camembert_dual.common.errors import short
from camembert_dual.storage.file_names import CONFIG, WEIGHTS
from camembert_dual.storage.json_files import missing_shard, shard_files

KINDS = (
    "A checkpoint must be a folder or file that exists, a bundled name or a hub name (owner/name)"
)

_WORD = r"[A-Za-z0-9](?:[\w.-]{0,94}\w)?"
_NAME = re.compile(rf"(?:{_WORD}/)?{_WORD}", re.ASCII)
_COMMIT = re.compile(r"[0-9a-f]{40}")
HEADERS = {"user-agent": "camembert-dual"}  # instead of a list of what is installed
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
    force_download: bool = False,
    subfolder: str = "",
    weights: Sequence[str] = WEIGHTS,
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
        force_download: Whether files that are there are fetched again.
        subfolder: Where in the repository the files are.
        weights: The names of sets of weights, of which the first that exists is brought.

    Returns:
        The folder that holds the files.

    Raises:
        FileNotFoundError: If the repository, the revision or all of the files are missing or out of
            reach.
        ImportError: If ``huggingface_hub`` is not installed.
        PermissionError: If the hub refuses access.
        OSError: If the transfer fails.
    """
    hub = _client(name)
    options = (revision, cache_dir, token, local_files_only, force_download, subfolder)
    repository = _Repository(hub, name, *options)
    with telemetry_off():
        found = list(_fetch_all(repository.fetch, filenames, weights))
        for file in also if found else ():
            repository.fetch(file)
    if not found:
        where = "the cache" if local_files_only else "the repository"
        wanted = ", ".join(filenames or (CONFIG, *weights))
        raise FileNotFoundError(f"{where} must hold one of {wanted}; received none for {name!r}.")
    return found[0].parent


class _Repository:
    """One repository during one download: all of its files come from one commit."""

    def __init__(
        self,
        hub: Any,
        name: str,
        revision: str | None,
        cache_dir: str | Path | None,
        token: str | bool | None,
        local_files_only: bool,
        force_download: bool,
        subfolder: str,
    ) -> None:
        self._hub = hub
        self._name = name
        self._asked = self._commit = revision
        self._cache_dir = cache_dir
        self._token = token
        self._local = local_files_only
        self._contacted = local_files_only
        self._force = force_download and not local_files_only
        self._folder = f"{subfolder}/" if subfolder else ""

    def fetch(self, file: str) -> Path | None:
        """The file's path; None if the repository lacks it."""
        file = f"{self._folder}{file}"
        cached = self._hub.try_to_load_from_cache(
            self._name, file, cache_dir=self._cache_dir, revision=self._commit
        )
        remembered = cached is not None and not isinstance(cached, str)
        if (
            remembered
            and not self._force
            and self._commit is not None
            and _COMMIT.fullmatch(self._commit)
        ):
            return None  # this commit lacks it, and always will
        if cached is None and not self._contacted:
            _contact(self._hub, self._name, file, self._commit, self._token)
            self._contacted = True
        path = self._download(file)
        commit = "" if path is None else path.parents[file.count("/")].name
        if _COMMIT.fullmatch(commit):
            self._commit = commit  # the rest comes from the same commit
        return path

    def _download(self, file: str) -> Path | None:
        errors = _client(self._name, "errors")
        try:
            return Path(
                self._hub.hf_hub_download(
                    self._name,
                    file,
                    revision=self._commit,
                    cache_dir=self._cache_dir,
                    token=self._token,
                    local_files_only=self._local,
                    force_download=self._force,
                    headers=HEADERS,
                )
            )
        except errors.LocalEntryNotFoundError as error:
            if self._local:
                return None
            raise _out_of_reach(self._name, file, error.__cause__) from None
        except errors.EntryNotFoundError:
            return None
        except Exception as error:
            raise explained(error, self._name, self._asked) from None


def _client(name: str, module: str = "") -> Any:
    """The hub's client, or a module of it.

    Raises:
        ImportError: If it is not installed.
    """
    path = f"huggingface_hub.{module}".removesuffix(".")
    return import_optional(path, "hub", f"{name!r} is no folder; the hub", "huggingface_hub")


@contextmanager
def telemetry_off() -> Iterator[None]:
    """Keep the client from sending what is installed, and from asking who runs it."""
    constants: Any = _client("", "constants")
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
        hub.get_hf_file_metadata(url, token=token, headers=dict(HEADERS))
    except Exception as error:
        if type(error).__name__ in _UNREACHABLE:
            raise _out_of_reach(name, file, error) from None


def _out_of_reach(name: str, file: str, cause: BaseException | None) -> FileNotFoundError:
    return FileNotFoundError(
        f"{KINDS}; received {name!r}, whose {file} is not in the cache, and the hub cannot be "
        f"reached ({type(cause).__name__}: {short(str(cause))})."
    )


def _fetch_all(
    fetch: Callable[[str], Path | None],
    filenames: Sequence[str] | None,
    weights: Sequence[str],
) -> Iterator[Path]:
    if filenames is not None:
        for filename in filenames:
            path = fetch(filename)
            if path is not None:
                yield path
        return
    config = fetch(CONFIG)
    for filename in weights:
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
            raise missing_shard(index, shard.name)
        yield path


def explained(error: Exception, name: str, revision: str | None) -> OSError:
    """A client's error in this package's words; its own are kept at the end."""
    errors = _client(name, "errors")
    status = getattr(getattr(error, "response", None), "status_code", None)
    text = short(str(error).strip().partition("\n")[0].removesuffix("."))
    if isinstance(error, errors.GatedRepoError) or status in (401, 403):
        return PermissionError(
            f"The hub must grant access to {name!r} (a token of an account that has it); "
            f"received {text}."
        )
    if isinstance(error, errors.RevisionNotFoundError):
        return FileNotFoundError(f"{name!r} must have the revision {revision!r}; received {text}.")
    if isinstance(error, errors.RepositoryNotFoundError):
        return FileNotFoundError(f"{KINDS}; received {name!r}: {text}.")
    return OSError(
        f"The transfer of {name!r} must end well; received {type(error).__name__}: {text}."
    )
