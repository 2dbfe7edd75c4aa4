"""From a folder to a repository of the hub."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from camembert_dual.common.backends import import_optional
from camembert_dual.common.errors import require
from camembert_dual.common.keywords import FLAG, Keyword, leave_out_neutral, rename_token
from camembert_dual.storage.hub import HEADERS, explained, is_hub_name, telemetry_off

PUBLISHING = (  # what save_pretrained(push_to_hub=True) hands on
    "repo_id",
    "commit_message",
    "commit_description",
    "private",
    "token",
    "create_pr",
    "branch",
    "revision",
)
NEUTRAL = (
    Keyword("use_temp_dir", FLAG, "what is uploaded is written to a folder of its own first"),
    Keyword("organization", (None,), "it is the owner in repo_id"),
    Keyword("repo_url", (None,), "a repository is named by repo_id"),
    Keyword("repo_path_or_name", (None,), "a repository is named by repo_id"),
    Keyword("tags", (None,), "they stand in the repository's README.md"),
)


def take_publishing(
    options: dict[str, Any], directory: str | Path, push_to_hub: object
) -> dict[str, Any] | None:
    """Take what says where to publish out of the keywords of ``save_pretrained``.

    Args:
        options: The keywords, from which they are taken.
        directory: The folder that is written, after which the repository is named.
        push_to_hub: Whether to publish.

    Returns:
        The options of :func:`publish`; None if nothing is published.

    Raises:
        ValueError: If ``push_to_hub`` is no truth value.
    """
    rule = "push_to_hub must be True or False"
    require(isinstance(push_to_hub, bool), rule, push_to_hub)
    rename_token(options)
    leave_out_neutral(options, NEUTRAL)
    chosen = {name: options.pop(name) for name in PUBLISHING if name in options}
    return {"repo_id": Path(directory).name, **chosen} if push_to_hub else None


def publish(
    save: Callable[..., object],
    repo_id: str,
    *,
    commit_message: str | None = None,
    commit_description: str | None = None,
    private: bool | None = None,
    token: str | bool | None = None,
    create_pr: bool = False,
    revision: str | None = None,
    branch: str | None = None,
    **options: Any,
) -> str:
    """Put what a function writes into a folder into a repository of the hub.

    Args:
        save: Writes a folder.
        repo_id: The repository, made if need be; without an owner it is the token's.
        commit_message: The first line of the commit.
        commit_description: The rest of it.
        private: Whether a repository that is made is hidden.
        token: Access token of the hub; None for the one that is logged in.
        create_pr: Whether to ask for the change instead of making it.
        revision: The branch, made if need be; None for the main one.
        branch: The same.
        **options: Those of ``save``.

    Returns:
        The address of the commit.

    Raises:
        ImportError: If ``huggingface_hub`` is not installed.
        OSError: If the hub refuses it.
        ValueError: If an option is refused, or the name cannot be a repository's.
    """
    rename_token(options)
    leave_out_neutral(options, NEUTRAL)
    rule = "repo_id must be a hub name (owner/name)"
    require(isinstance(repo_id, str) and is_hub_name(repo_id), rule, repr(repo_id))
    hub: Any = import_optional(
        "huggingface_hub", "hub", f"Publishing {repo_id!r}", "huggingface_hub"
    )
    branch = revision if branch is None else branch
    with TemporaryDirectory() as folder, telemetry_off():
        save(folder, **options)
        client = hub.HfApi(token=token, headers=dict(HEADERS))
        try:
            name = client.create_repo(repo_id, private=private, exist_ok=True).repo_id
            if branch is not None and not create_pr:
                client.create_branch(repo_id=name, branch=branch, exist_ok=True)
            commit = client.upload_folder(
                repo_id=name,
                folder_path=folder,
                commit_message=commit_message or "Upload of a CamemBERT",
                commit_description=commit_description,
                revision=branch,
                create_pr=create_pr,
            )
        except Exception as error:
            raise explained(error, repo_id, branch) from None
    return str(commit.commit_url)
