"""``camembert-dual inspect``: what a checkpoint holds, what is wrong with it, and the remedy."""

from __future__ import annotations

import argparse
import math
from collections import Counter
from pathlib import Path

from camembert_dual.checkpoints.folder import Checkpoint
from camembert_dual.checkpoints.inspection import examine, open_or_explain
from camembert_dual.checkpoints.matching import canonical
from camembert_dual.checkpoints.selecting import find_task
from camembert_dual.parameters import BACKBONE
from camembert_dual.storage.file_names import COMPANIONS
from camembert_dual.storage.locate import locate


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument("path", metavar="PATH", help="folder, file, or name of a hub repository")
    parser.add_argument("--revision", help="branch, tag or commit of a hub repository")


def run(arguments: argparse.Namespace) -> int:
    """Print what is there; 0 if nothing is wrong, 1 otherwise."""
    path = locate(arguments.path, also=COMPANIONS, revision=arguments.revision)
    checkpoint, findings = open_or_explain(path)
    if checkpoint is not None:
        print("\n".join(describe(checkpoint)))
    folder = path if path.is_dir() else path.parent
    findings += examine(folder, checkpoint)
    for finding in findings:
        print(f"problem   {finding.problem}\n  remedy  {finding.remedy}")
    if not findings:
        print("no problems found")
    return 1 if findings else 0


def describe(checkpoint: Checkpoint) -> list[str]:
    """Family, task, sizes, types and files, a line each."""
    config, arrays = checkpoint.config, checkpoint.arrays
    parts: Counter[str] = Counter()
    types: Counter[str] = Counter()
    places: set[object] = set()
    for name, entry in arrays.entries.items():
        if entry.place is not None and entry.place in places:
            continue  # the second name of a tied weight
        places.add(entry.place)
        bare = canonical(name).removeprefix(f"{BACKBONE}.")
        parts[bare.partition(".")[0]] += math.prod(entry.shape)
        types[str(entry.dtype)] += 1
    files = sorted({entry.path for entry in arrays.entries.values()})
    return [
        f"family    {config.model_type}",
        f"task      {find_task(config, arrays)}",
        f"weights   {sum(parts.values()):,} in {len(arrays)} arrays",
        *(f"  {part:<12}{count:>14,}" for part, count in parts.items()),
        f"dtype     {', '.join(f'{dtype} ({count})' for dtype, count in types.items())}",
        f"format    {arrays.format}",
        *(f"file      {Path(file).name} ({Path(file).stat().st_size:,} bytes)" for file in files),
    ]
