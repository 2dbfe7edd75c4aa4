"""Results as data, and as a page with plots."""

import json
import os
import platform
import re
from pathlib import Path
from typing import Any

from libraries import OURS
from rows import Row
from workloads import limit

DATA, PAGE, PLOT = "results.json", "results.md", "results.svg"


def read(folder: Path) -> dict[str, Any]:
    """Row to what was measured, as the driver keeps it; nothing where nothing was."""
    path = folder / DATA
    return json.loads(path.read_text("utf-8")) if path.exists() else {}


def keep(folder: Path, row: Row, found: dict[str, Any]) -> None:
    """Put one row beside those that were measured before, and print it."""
    results = read(folder)
    results[row.name] = {**found, "goals": dict(row.goals), "grows": row.grows}
    text = json.dumps(results, indent=1, ensure_ascii=False)
    (folder / DATA).write_text(f"{text}\n", "utf-8")
    print("\n".join(lines_of(results[row.name])), flush=True)


def write(folder: Path) -> None:
    """Write the page and its plots from the data."""
    import plots

    results = read(folder)
    lines = [
        "# Results",
        "",
        "Written by `python benchmarks/driver.py` (`make bench`), whose first lines say how it",
        f"measures. The machine: {machine()}. Seconds are medians; a ratio above 1 is ours being",
        "faster; the limit is one product of two large matrices in float32, measured in the same",
        "rounds. Memory is the largest of the process or, where it loads or converts (+), what a",
        "call adds to it.",
        "",
        "| workload | library | seconds | ratio | goal | of the limit | memory |",
        "|---|---|---|---|---|---|---|",
        *(line for found in results.values() for line in lines_of(found)),
        "",
        f"![ratios]({PLOT})",
        "",
        versions(results),
    ]
    (folder / PAGE).write_text("\n".join(lines) + "\n", "utf-8")
    plots.ratios(results, folder / PLOT)


def lines_of(found: dict[str, Any]) -> list[str]:
    """The lines of one row in the table, ours first."""
    seconds, memory = found["seconds"], found["memory"]
    share = "" if found["fraction"] is None else f"{found['fraction']:.0%}"
    lines = []
    for name, time in seconds.items():
        if name == "limit":
            continue
        ratio = "" if name == OURS else f"{time / seconds[OURS]:.2f}"
        cells = [
            found["title"] if name == OURS else "",
            name,
            f"{time:.3g}",
            ratio,
            goal(found, name),
            share if name == OURS else "",
            f"{'+' if found['grows'] else ''}{memory[name] / 1e9:.2f} GB",
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return lines


def goal(found: dict[str, Any], name: str) -> str:
    """The goal against one library, and whether it is reached."""
    seconds, goals = found["seconds"], found["goals"]
    peers = {one: time for one, time in seconds.items() if one not in (OURS, "limit")}
    wanted = goals.get(name)
    if wanted is None and peers.get(name) == min(peers.values(), default=None):
        wanted = goals.get("best")
    if wanted is None:
        return ""
    return f"{wanted:.2f} {'yes' if seconds[name] / seconds[OURS] >= wanted else 'no'}"


def versions(results: dict[str, Any]) -> str:
    """One sentence about the versions, and the limit that was measured."""
    found = {name: one for row in results.values() for name, one in row["versions"].items()}
    found.pop("limit", None)
    named = ", ".join(f"{name} {one}" for name, one in found.items())
    seconds = sorted(row["seconds"]["limit"] for row in results.values())
    most = limit.work(limit.ROWS[0], None, None) / seconds[len(seconds) // 2] / 1e9
    return f"Versions: {named}. The limit was {most:.0f} GFLOP/s in the median row."


def machine() -> str:
    """Its processor, and how much of it there is."""
    path = Path("/proc/cpuinfo")
    found = re.search(r"model name\s*: (.+)", path.read_text()) if path.exists() else None
    name = found[1] if found else platform.processor()
    return f"{name}, {len(os.sched_getaffinity(0))} cores"
