"""One workload in one library: prepared once, then run once for each line of the input.

    python benchmarks/worker.py MODULE ROW LIBRARY CASE MODELS

A line of JSON answers each run: seconds, and the largest resident memory during it, of the process
and beyond what it held before. The first run is not timed; its result is kept beside the inputs, so
that the driver can compare what the libraries computed.
"""

import importlib
import importlib.metadata
import json
import os
import re
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))

from libraries import LIBRARIES
from rows import Case


def main() -> None:
    module, name, library, case, models = sys.argv[1:]
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what a library prints is no answer
    workload = importlib.import_module(f"workloads.{module}")
    row = next(one for one in workload.ROWS if one.name == name)
    inputs = dict(np.load(f"{case}.npz"))
    call = workload.PEERS[library](Case(row.sizes, inputs, Path(models)))
    result = call()
    if result is not None:
        np.save(f"{case}.{library}.npy", np.asarray(result))
    version = importlib.metadata.version(LIBRARIES[library].distribution)
    print(json.dumps({"version": version}), file=answers, flush=True)
    for _ in sys.stdin:
        print(json.dumps(measured(call, row.repeats)), file=answers, flush=True)


def measured(call: Callable[[], Any], repeats: int) -> dict[str, float]:
    """Seconds of one call, the largest memory of the process, and what the calls added to it."""
    before = memory("VmRSS")
    Path("/proc/self/clear_refs").write_text("5")  # the peak starts again from here
    start = time.perf_counter()
    for _ in range(repeats):
        call()
    seconds = (time.perf_counter() - start) / repeats
    peak = memory("VmHWM")
    return {"seconds": seconds, "peak": peak, "growth": peak - before}


def memory(field: str) -> int:
    """A field of the process's status, in bytes."""
    found = re.search(rf"{field}:\s+(\d+) kB", Path("/proc/self/status").read_text())
    assert found is not None
    return int(found[1]) * 1024


if __name__ == "__main__":
    main()
