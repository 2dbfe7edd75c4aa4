"""Checkpoints in several files: the index that says which file holds which array."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from camembert_dual.checkpoints.entries import Arrays, Entry
from camembert_dual.checkpoints.errors import require, short
from camembert_dual.files import read_json

MAX_SHARDS = 10_000


def shard_files(path: Path, *, must_exist: bool = True) -> list[Path]:
    """The files that an index names; all lie beside it.

    Args:
        path: The index.
        must_exist: Whether they must be there.

    Raises:
        CheckpointError: If it names no files, or files elsewhere.
        FileNotFoundError: If one is not there.
        ValueError: If it is not JSON.
    """
    weight_map = read_json(path).get("weight_map")
    is_map = isinstance(weight_map, dict) and weight_map
    places = list(weight_map.values()) if is_map else []  # type: ignore[union-attr]
    # Keras names the files of a layer, as one text or a list
    names = [name for place in places for name in (place if isinstance(place, list) else [place])]
    sound = names and all(isinstance(name, str) for name in names)
    require(path, sound, "an index must map weights to files", type(weight_map).__name__)
    shards = sorted(set(names))
    require(
        path, len(shards) <= MAX_SHARDS, f"there must be at most {MAX_SHARDS} files", len(shards)
    )
    for shard in shards:
        inside = shard not in ("", ".", "..") and not set(shard) & set("/\\:\0")
        require(path, inside, "shards must lie beside their index", short(repr(shard), 120))
        if must_exist and not (path.parent / shard).is_file():
            raise FileNotFoundError(
                f"{path}: every shard must be there; received none named {shard!r}."
            )
    return [path.parent / shard for shard in shards]


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
        require(shard, not twice, "a weight must be in one shard", short(", ".join(twice)))
        entries.update(arrays.entries)
        dropped += arrays.dropped
        form = arrays.format
    return Arrays(entries, f"sharded {form}", tuple(dropped))
