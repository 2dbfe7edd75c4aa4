"""A hub on loopback: repositories in memory, spoken to by the real client."""

import hashlib
import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote

DISCUSSION = {  # what there is to be known of a request for a change
    "title": "A change",
    "num": 1,
    "status": "draft",
    "isPullRequest": True,
    "author": {"name": "someone"},
    "createdAt": "2024-01-01T00:00:00.000Z",
    "changes": {"base": "refs/heads/main"},
    "filesWithConflicts": False,
    "events": [],
    "repo": {"name": "almanach/essai", "type": "model"},
    "diff": "",
}
COMMITS = {"main": "a" * 40, "old": "b" * 40}


class Hub:
    """What the server serves and what it saw.

    Attributes:
        files: (repository, commit) to file name to content.
        requests: Method, path, range and user agent of every request.
        broken: File names whose next transfers stop half-way, to how many times.
        secret: Repositories that need the token.
        moved: Repositories that have another name now, to that name.
        url: Where the server listens.
        made: Repositories that clients made, and who may see them.
        commits: Repository, revision, message and whether it is a request, of what they sent.
    """

    def __init__(self):
        self.files = {}
        self.requests = []
        self.broken = {}
        self.secret = set()
        self.moved = {}
        self.url = ""
        self.made = {}
        self.commits = []

    def add(self, repository, revision, files):
        self.files[repository, COMMITS[revision]] = files


def handler_of(hub):
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *arguments):
            pass

        def do_HEAD(self):
            self.answer(with_body=False)

        def do_GET(self):
            self.answer(with_body=True)

        def do_POST(self):
            from hub_uploads import take

            path = unquote(self.path.partition("?")[0]).lstrip("/")
            hub.requests.append((self.command, path, None, self.headers.get("User-Agent", "")))
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            return self.say(take(hub, self, path, body))

        def say(self, answer):
            if isinstance(answer, int):
                return self.refuse(answer)
            text = json.dumps(answer).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)
            return None

        def refuse(self, status, code="", commit=""):
            self.send_response(status)
            if commit:
                self.send_header("X-Repo-Commit", commit)
            if code:
                self.send_header("X-Error-Code", code)
                self.send_header("X-Error-Message", f"the test hub says {code}")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def answer(self, with_body):
            path = unquote(self.path.partition("?")[0]).lstrip("/")
            wanted = self.headers.get("Range")
            agent = self.headers.get("User-Agent", "")
            hub.requests.append((self.command, path, wanted, agent))
            if "/discussions/" in path:
                return self.say(DISCUSSION)
            repository, _, rest = path.partition("/resolve/")
            revision, _, name = rest.partition("/")
            commit = COMMITS.get(revision, revision)
            if repository in hub.moved:
                self.send_response(307)
                self.send_header("Location", f"/{hub.moved[repository]}/resolve/{rest}")
                self.send_header("Content-Length", "0")
                return self.end_headers()
            if repository in hub.secret and self.headers.get("Authorization") != "Bearer right":
                return self.refuse(401, "GatedRepo")
            if not any(known == repository for known, _ in hub.files):
                return self.refuse(404, "RepoNotFound")
            files = hub.files.get((repository, commit))
            if files is None:
                return self.refuse(404, "RevisionNotFound")
            if name not in files:
                return self.refuse(404, "EntryNotFound", commit)
            content = files[name]
            start = int(wanted.removeprefix("bytes=").split("-")[0]) if wanted else 0
            self.send_response(206 if wanted else 200)
            self.send_header("X-Repo-Commit", commit)
            self.send_header("ETag", f'"{hashlib.sha256(content).hexdigest()}"')
            self.send_header("Accept-Ranges", "bytes")
            self.send_header("Content-Length", str(len(content) - start))
            if wanted:
                last = len(content) - 1
                self.send_header("Content-Range", f"bytes {start}-{last}/{len(content)}")
            self.end_headers()
            if not with_body:
                return None
            if hub.broken.get(name, 0) > 0:
                hub.broken[name] -= 1
                self.wfile.write(content[start : start + (len(content) - start) // 2])
                self.wfile.flush()
                self.close_connection = True
                self.connection.shutdown(2)
                return None
            self.wfile.write(content[start:])
            return None

    return Handler


@contextmanager
def serve():
    """A hub that is up for the length of the block."""
    hub = Hub()
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler_of(hub))
    server.daemon_threads = True
    thread = threading.Thread(
        target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True
    )
    thread.start()
    hub.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
