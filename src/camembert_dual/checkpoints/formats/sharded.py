"""Checkpoints in several files: the index that says which file holds which array."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from pathlib import Path

from camembert_dual.checkpoints.formats.base import Content, Format, PlannedArray, Read
from camembert_dual.checkpoints.lazy_arrays import LazyArray, LazyArrays
from camembert_dual.common.errors import require, require_file
from camembert_dual.storage.file_names import INDEX_SUFFIX, SAFETENSORS, shard_name, variant_of
from camembert_dual.storage.json_files import shard_files

_UNITS = {
    "": 1,
    "B": 1,
    "KB": 10**3,
    "MB": 10**6,
    "GB": 10**9,
    "KIB": 2**10,
    "MIB": 2**20,
    "GIB": 2**30,
}


def index_format(read_shard: Callable[[Path], LazyArrays]) -> Format:
    """The format of an index, whose shards may have any other."""
    return Format(
        name="index",
        title="index of shards",
        file_name=f"{SAFETENSORS}{INDEX_SUFFIX}",
        matches=lambda path, head: head.lstrip().startswith(b"{"),
        read=lambda path: Content(_read_index(path, read_shard)),
    )


def _read_index(path: Path, read_shard: Callable[[Path], LazyArrays]) -> LazyArrays:
    """Join the arrays of all shards.

    Raises:
        CheckpointError: If a name is in two shards.
    """
    joined: dict[str, LazyArray] = {}
    dropped: list[tuple[str, str]] = []
    title = ""
    for shard in shard_files(path):
        arrays = read_shard(shard)
        twice = sorted(set(joined) & set(arrays.lazy))
        require_file(shard, not twice, "a weight must be in one shard", ", ".join(twice))
        joined.update(arrays.lazy)
        dropped += arrays.dropped
        title = arrays.format
    return LazyArrays(joined, f"sharded {title}", tuple(dropped))


def write_shards(
    format: Format,
    folder: Path,
    planned: Sequence[PlannedArray],
    read: Read,
    limit: int,
    variant: str | None = None,
) -> Path:
    """Write arrays into files of at most ``limit`` bytes, and their index.

    Args:
        format: The format of the files.
        folder: Where to.
        planned: What they will hold.
        read: Gives an array by its name.
        limit: Most bytes of a file that holds more than one array.
        variant: The word in the names of the files.

    Returns:
        The index.

    Raises:
        OSError: If a file cannot be written.
    """
    shards: list[list[PlannedArray]] = [[]]
    for one in planned:
        if shards[-1] and sum(other.size for other in shards[-1]) + one.size > limit:
            shards.append([])
        shards[-1].append(one)
    weight_map: dict[str, str] = {}
    for number, shard in enumerate(shards, 1):
        name = shard_name(variant_of(format.file_name, variant), number, len(shards))
        format.write(folder / name, shard, read, "")  # type: ignore[misc]
        weight_map |= {one.name: name for one in shard}
    total = sum(one.size for one in planned)
    content = {"metadata": {"total_size": total}, "weight_map": dict(sorted(weight_map.items()))}
    path = folder / variant_of(f"{format.file_name}{INDEX_SUFFIX}", variant)
    path.write_text(json.dumps(content, indent=2) + "\n", "utf-8")
    return path


def shard_limit(size: int | str | None) -> int | None:
    """Read the most bytes of a shard, from a number or a text such as ``"500MB"``.

    Raises:
        ValueError: If it is neither.
    """
    if size is None:
        return None
    found = re.fullmatch(r"(\d+)\s*([A-Za-z]*)", str(size))
    sound = found is not None and found[2].upper() in _UNITS and int(found[1]) > 0
    require(sound, 'max_shard_size must be a number of bytes or a text such as "500MB"', repr(size))
    return int(found[1]) * _UNITS[found[2].upper()]  # type: ignore[index]
