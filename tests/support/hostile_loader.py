"""Loads every folder of a corpus with one tree under limits, a line of JSON for each.

``python hostile_loader.py TREE CORPUS CLASS...``
"""

import importlib
import json
import resource
import sys
import time
from pathlib import Path

from camembert_dual.common.model_names import class_name
from hostile_reader import used

MEMORY = 100 << 20
SOUND = "sound"


def main(tree: str, corpus: Path, architectures: list[str]) -> None:
    module = importlib.import_module(f"camembert_dual.{tree}")
    classes = [getattr(module, class_name(one, tree)) for one in architectures]
    for one in classes:  # what a first model brings is not counted
        one.from_pretrained(corpus / SOUND, ignore_mismatched_sizes=True)
    limit = used() + MEMORY
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    for folder in sorted(path for path in corpus.iterdir() if path.name != SOUND):
        for one in classes:
            for options in ({}, {"ignore_mismatched_sizes": True}):
                start = time.process_time()
                try:
                    one.from_pretrained(folder, **options)
                    outcome, message = "loaded", ""
                except (ValueError, OSError) as error:
                    outcome, message = type(error).__name__, str(error)
                except BaseException as error:
                    outcome, message = f"untyped {type(error).__name__}", str(error)
                seconds = time.process_time() - start
                case = [folder.name, one.__name__.removeprefix("TF"), *options]
                print(json.dumps([case, outcome, message, seconds]), flush=True)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), sys.argv[3:])
