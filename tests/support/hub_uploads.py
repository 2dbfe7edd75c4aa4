"""The half of the loopback hub that takes commits: repositories made, branches, files written."""

import base64
import json
from contextlib import contextmanager

from huggingface_hub import constants

from hub_server import COMMITS, serve

TOKEN = "Bearer right"


def commit_of(revision):
    """The commit that a branch of the test hub is at."""
    return COMMITS.get(revision) or revision.encode().hex().ljust(40, "0")[:40]


def take(hub, handler, path, body):
    """Answer what a client posts; the answer as an object, or the status of a refusal.

    Args:
        hub: The hub, whose ``files`` the commits go to and whose ``commits`` they are kept in.
        handler: The request.
        path: Its path, without options.
        body: What was sent.
    """
    if handler.headers.get("Authorization") != TOKEN:
        return 401
    if path == "api/repos/create":
        order = json.loads(body)
        name = f"{order['organization'] or 'someone'}/{order['name']}"
        hub.made[name] = order.get("visibility") or order.get("private")
        return {"url": f"{hub.url}/{name}", "name": name, "id": "1"}
    _, _, owner, name, action, revision = [*path.split("/", 5), ""][:6]
    repository = f"{owner}/{name}"
    if repository not in hub.made:
        return 404
    if action == "branch":
        hub.files.setdefault((repository, commit_of(revision)), {})
        return {}
    if action == "discussions":
        return {"num": 1}
    if action == "preupload":
        files = [one["path"] for one in json.loads(body)["files"]]
        modes = {"uploadMode": "regular", "shouldIgnore": False}
        return {"files": [{"path": file, **modes} for file in files]}
    return commit(hub, handler, repository, revision, body)


def commit(hub, handler, repository, revision, body):
    lines = [json.loads(line) for line in body.decode().splitlines()]
    header = next(one["value"] for one in lines if one["key"] == "header")
    files = {
        one["value"]["path"]: base64.b64decode(one["value"]["content"])
        for one in lines
        if one["key"] == "file"
    }
    is_request = "create_pr=1" in handler.path or revision.startswith("refs/pr/")
    hub.commits.append((repository, revision, header["summary"], is_request))
    if not is_request:
        hub.files.setdefault((repository, commit_of(revision)), {}).update(files)
    address = f"{hub.url}/{repository}/commit/{commit_of(revision)}"
    request = {"pullRequestUrl": f"{hub.url}/{repository}/discussions/1"} if is_request else {}
    return {"commitUrl": address, "commitOid": commit_of(revision), **request}


@contextmanager
def publishing(monkeypatch):
    """A hub that this process' client publishes to."""
    with serve() as hub:
        monkeypatch.setattr(constants, "ENDPOINT", hub.url)
        template = f"{hub.url}/{{repo_id}}/resolve/{{revision}}/{{filename}}"
        monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.delenv(name, raising=False)
        yield hub
