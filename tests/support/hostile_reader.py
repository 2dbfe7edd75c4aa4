"""Reads every folder of a corpus under limits and says what came of each, a line of JSON each."""

import atexit  # noqa: F401 - weakref loads it when it first needs it
import codecs
import json
import resource
import sys
import time
from pathlib import Path

from camembert_dual.checkpoints.folder import open_checkpoint
from camembert_dual.checkpoints.selecting import select

FORBIDDEN = (
    "os.system",
    "subprocess.",
    "os.exec",
    "os.posix_spawn",
    "exec",
    "compile",
    "socket.",
    "import",
)
MEMORY = 1 << 28


def main(corpus: Path) -> None:
    codecs.lookup("cp437")  # zipfile loads it when it first needs it
    resource.setrlimit(resource.RLIMIT_AS, (used() + MEMORY, used() + MEMORY))
    for folder in sorted(corpus.iterdir()):
        events: list[str] = []
        WATCHED.append((folder, events))
        start = time.process_time()
        try:
            arrays = select(open_checkpoint(folder)).arrays
            for name in arrays:
                arrays[name]
            outcome = "loaded"
            message = ""
        except (ValueError, OSError) as error:
            outcome, message = type(error).__name__, str(error)
        except BaseException as error:
            outcome, message = f"untyped {type(error).__name__}", str(error)
        seconds = time.process_time() - start
        WATCHED.clear()
        print(json.dumps([outcome, message, seconds, events]), flush=True)


def used() -> int:
    pages = Path("/proc/self/statm").read_text().split()[0]
    return int(pages) * resource.getpagesize()


WATCHED: list[tuple[Path, list[str]]] = []


def watch(event: str, arguments: tuple) -> None:
    for folder, events in WATCHED:
        writes = (
            event == "open" and isinstance(arguments[1], str) and set(arguments[1]) & set("wax+")
        )
        if event.startswith(FORBIDDEN) or writes or event in ("os.remove", "os.rename", "os.mkdir"):
            events.append(f"{event} {arguments[:1]} in {folder.name}")


if __name__ == "__main__":
    sys.addaudithook(watch)
    main(Path(sys.argv[1]))
