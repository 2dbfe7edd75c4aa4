"""Checkpoints in several files: the index that says which file holds which array."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from camembert_dual.checkpoints.lazy_arrays import Arrays, Entry
from camembert_dual.common.errors import require_file, short
from camembert_dual.storage.json_files import shard_files


def read_index(path: Path, read: Callable[[Path], Arrays]) -> Arrays:
    """Join the arrays of all shards.

    Args:
        path: The index.
        read: Reads one shard.

    Raises:
        CheckpointError: If a name is in two shards.
    """
    entries: dict[str, Entry] = {}
    dropped: list[tuple[str, str]] = []
    form = ""
    for shard in shard_files(path):
        arrays = read(shard)
        twice = sorted(set(entries) & set(arrays.entries))
        require_file(shard, not twice, "a weight must be in one shard", short(", ".join(twice)))
        entries.update(arrays.entries)
        dropped += arrays.dropped
        form = arrays.format
    return Arrays(entries, f"sharded {form}", tuple(dropped))
