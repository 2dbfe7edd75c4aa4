"""One step after another in one process: seconds, and the peak of the memory that is resident.

A worker prints one JSON object per line: its baseline, then each step as it ends. Peaks are those
of the process less what it held when its framework was imported and had been used once.
"""

import ctypes
import gc
import json
import re
import resource
import time
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path

PROCESS = Path("/proc/self")


def memory(field: str, file: Path = PROCESS / "status") -> int:
    """Bytes that Linux states under a name."""
    found = re.search(rf"^{field}:\s+(\d+) kB", file.read_text(), re.MULTILINE)
    if found is None:
        raise ValueError(f"{file} must state {field}; received another text.")
    return int(found[1]) * 1024


def tidy() -> None:
    """Give what was freed back to the system, and let the peak start again from here."""
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)
    (PROCESS / "clear_refs").write_text("5")


def limit_memory() -> None:
    """Let a request beyond the machine's memory fail in this process instead of felling it."""
    room = memory("VmSize") + memory("MemAvailable", Path("/proc/meminfo"))
    resource.setrlimit(resource.RLIMIT_AS, (room, room))


def run_steps(steps: Mapping[str, Callable[[], object]]) -> None:
    """Take the steps in their order; one that fails is told and the next one taken."""
    limit_memory()
    tidy()
    baseline = memory("VmRSS")
    for name, step in steps.items():
        told: dict[str, object] = {"step": name}
        tidy()
        start = time.perf_counter()
        try:
            step()
        except Exception as error:  # whatever fails belongs into the table
            traceback.print_exc()
            told["error"] = type(error).__name__
        told |= {"seconds": time.perf_counter() - start, "peak": memory("VmHWM") - baseline}
        print(json.dumps(told), flush=True)
