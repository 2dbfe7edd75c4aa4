"""JSON on disk: a bounded object in, a text out, and the files that an index names."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from camembert_dual.common.errors import (
    MAX_MESSAGE,
    CheckpointError,
    file_error,
    require_file,
    short,
)

MAX_JSON = 1 << 28
MAX_SHARDS = 10_000
MAX_NAME = 255  # characters of a file's name


def read_json(path: Path) -> dict[str, Any]:
    """Read a JSON object.

    Raises:
        FileNotFoundError: If there is no such file.
        CheckpointError: If it is not UTF-8 JSON or not an object; the message names the file.
    """
    values = _read(path)
    is_object = isinstance(values, dict)
    require_file(path, is_object, "a JSON file must hold an object", type(values).__name__)
    return values  # type: ignore[no-any-return]


def read_json_list(path: Path) -> list[dict[str, Any]]:
    """Read a JSON list of objects.

    Raises:
        FileNotFoundError: If there is no such file.
        CheckpointError: If it is not UTF-8 JSON or not such a list; the message names the file.
    """
    values = _read(path)
    are_objects = isinstance(values, list) and all(isinstance(one, dict) for one in values)
    rule = "a JSON file must hold a list of objects"
    require_file(path, are_objects, rule, type(values).__name__)
    return values  # type: ignore[no-any-return]


def _read(path: Path) -> Any:
    if not path.is_file():
        raise FileNotFoundError(
            f"A checkpoint must hold {path.name}; received none in {path.parent}."
        )
    size = path.stat().st_size
    require_file(path, size <= MAX_JSON, f"a JSON file must have at most {MAX_JSON} bytes", size)

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        values = dict(pairs)
        if len(values) < len(pairs):
            counts = Counter(key for key, _ in pairs)
            twice = next(key for key, count in counts.items() if count > 1)
            received = f"{short(repr(twice), 80)} twice"
            raise file_error(path, "an object must name each key once", received)
        return values

    try:
        return json.loads(path.read_bytes().decode("utf-8"), object_pairs_hook=unique)
    except CheckpointError:
        raise
    except (ValueError, RecursionError) as error:
        raise file_error(path, "a JSON file must be JSON in UTF-8", str(error)) from None


def json_text(values: Mapping[str, Any]) -> str:
    """The text of a JSON file for people: sorted keys, two spaces, letters as they are."""
    return json.dumps(values, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


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
    require_file(path, sound, "an index must map weights to files", type(weight_map).__name__)
    shards = sorted(set(names))
    rule = f"there must be at most {MAX_SHARDS} files"
    require_file(path, len(shards) <= MAX_SHARDS, rule, len(shards))
    for shard in shards:
        inside = shard not in ("", ".", "..") and not set(shard) & set("/\\:\0")
        inside = inside and len(shard) <= MAX_NAME
        require_file(path, inside, "shards must lie beside their index", short(repr(shard), 120))
        if must_exist and not (path.parent / shard).is_file():
            raise missing_shard(path, shard)
    return [path.parent / shard for shard in shards]


def missing_shard(index: Path, shard: str) -> FileNotFoundError:
    """The error about a shard that is not there."""
    text = f"{index}: every shard must be there; received none named {short(repr(shard))}."
    return FileNotFoundError(short(text, MAX_MESSAGE))
