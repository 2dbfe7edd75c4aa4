"""A checkpoint: its config and its arrays in, its config and its arrays out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from camembert_dual.checkpoints.formats.base import Format, PlannedArray
from camembert_dual.checkpoints.formats.registry import (
    PICKLED,
    SAFE,
    WRITTEN,
    find_format,
    read_file,
)
from camembert_dual.checkpoints.formats.sharded import shard_limit, write_shards
from camembert_dual.checkpoints.lazy_arrays import (
    LazyArrays,
    dtype_of,
    is_finite,
    is_floating,
    shape_of,
)
from camembert_dual.checkpoints.matching import match
from camembert_dual.common.arrays import BFLOAT16, Array
from camembert_dual.common.errors import (
    MAX_MESSAGE,
    CheckpointError,
    file_error,
    listed,
    require,
    require_file,
    short,
)
from camembert_dual.common.model_names import MODEL, architecture_of
from camembert_dual.config import CamembertConfig
from camembert_dual.config_families import config_class_of
from camembert_dual.parameter_names import DECODER_BIAS, LM_BIAS, POOLER, canonical
from camembert_dual.parameters import parameters
from camembert_dual.storage.atomic import staged_save
from camembert_dual.storage.file_names import (
    CONFIG,
    KERAS_FILES,
    KERAS_INDICES,
    OLD_KERAS_FILES,
    SAVED_VARIABLES,
    WEIGHTS,
    files_of,
    variant_of,
)
from camembert_dual.storage.json_files import read_json, shard_files
from camembert_dual.storage.locate import locate

DTYPES: dict[str, np.dtype[np.generic]] = {
    "float16": np.dtype(np.float16),
    "bfloat16": BFLOAT16,
    "float32": np.dtype(np.float32),
    "float64": np.dtype(np.float64),
}
DTYPE_KEYS = ("torch_dtype", "dtype")  # of a config; transformers 5 writes the second


class Checkpoint(NamedTuple):
    """What a folder or a file holds.

    Attributes:
        path: The folder.
        config: Its configuration.
        arrays: Published name to array, in the torch layout, read when asked for.
        file: The file of weights, or the index of several.
        format: The format of that file.
    """

    path: Path
    config: CamembertConfig
    arrays: LazyArrays
    file: Path
    format: Format


def open_checkpoint(
    name_or_path: str | Path,
    *,
    config: CamembertConfig | None = None,
    config_class: type[CamembertConfig] | None = None,
    weights: Sequence[str] = WEIGHTS,
    **hub: Any,
) -> Checkpoint:
    """Open a checkpoint of any format without reading its tensors.

    Args:
        name_or_path: Folder, file, bundled name or hub name.
        config: A configuration to use instead of the checkpoint's own.
        config_class: The class of the checkpoint's own, if it is a user's.
        weights: The names of files of weights, in the order in which they are looked for.
        **hub: Options of :func:`camembert_dual.storage.locate.locate`.

    Raises:
        FileNotFoundError: If there is no such checkpoint or a file of it is missing.
        ValueError: If a file is not what it must be.
    """
    path = locate(name_or_path, weights=weights, **hub)
    if path.is_dir():
        folder = path
        if config is None and (folder / CONFIG).is_file():
            config = read_config(folder, config_class)
        file = find_weights(folder, weights)
    else:
        folder, file = path.parent, path
    format = find_format(file)
    content = format.read(file)
    if config is None and content.config is not None:
        config = _config(file, content.config, config_class)
    if config is None:
        config = read_config(folder, config_class)
    check_depth(config, content.arrays, file)
    return Checkpoint(folder, config, content.arrays, file, format)


def open_arrays(path: str | Path) -> LazyArrays:
    """The arrays of a file, or of a folder of files, without a config.

    Raises:
        FileNotFoundError: If there is none.
        CheckpointError: If it is not what it must be.
    """
    found = locate(path)
    return read_file(find_weights(found) if found.is_dir() else found).arrays


def check_depth(config: CamembertConfig, arrays: LazyArrays, file: Path) -> None:
    """Check that a config has no more layers than a file has weights, before they are listed.

    Raises:
        CheckpointError: If it has.
    """
    layers = config.num_hidden_layers
    rule = "num_hidden_layers of the config must not exceed the number of weights"
    require_file(file, layers <= len(arrays), rule, layers)


def read_config(path: Path, kind: type[CamembertConfig] | None = None) -> CamembertConfig:
    """The config of a folder, or of a file.

    Args:
        path: The folder, or the file.
        kind: Its class, if it is a user's.

    Raises:
        FileNotFoundError: If there is none.
        CheckpointError: If it breaks a rule.
    """
    path = path / CONFIG if path.is_dir() else path
    return _config(path, read_json(path), kind)


def _config(
    path: Path, values: Mapping[str, Any], kind: type[CamembertConfig] | None
) -> CamembertConfig:
    """The config of a file; an error names the file."""
    try:
        config: CamembertConfig = config_class_of(values, kind).from_dict(values)
        return config
    except (TypeError, AttributeError) as error:
        rule = "a config must have values of the right kinds"
        raise file_error(path, rule, str(error)) from None
    except ValueError as error:
        raise CheckpointError(short(f"{path}: {error}", MAX_MESSAGE)) from None


def find_weights(folder: Path, weights: Sequence[str] = WEIGHTS) -> Path:
    """The file of weights in a folder: by the published names, then the only one of Keras or TF.

    Args:
        folder: The folder.
        weights: The published names, in the order in which they are looked for; where they are not
            all, the others are not, either.

    Raises:
        FileNotFoundError: If there is none, or a shard of it is missing.
        ValueError: If an index is not what it must be.
    """
    for name in weights:
        if (folder / name).is_file():
            return folder / name
    is_any = {*weights} == {*WEIGHTS}
    indices = list(folder.glob(KERAS_INDICES)) if is_any else []
    shards = {shard for index in indices for shard in shard_files(index)}
    whole = {path for pattern in KERAS_FILES for path in folder.glob(pattern) if is_any}
    saved = folder.joinpath(*SAVED_VARIABLES)
    whole |= {saved} if is_any and saved.is_file() else set()
    if is_any and not indices and not whole:
        whole = {path for pattern in OLD_KERAS_FILES for path in folder.glob(pattern)}
    others = sorted({*indices, *whole} - shards)
    if len(others) != 1:
        found = listed([path.name for path in others], 80) or "none"
        keras = ", or one .h5, .weights.json, .keras or .index file" if is_any else ""
        raise FileNotFoundError(
            f"A checkpoint must hold one of {', '.join(weights)}{keras}; "
            f"received {found} in {short(str(folder), 100)}."
        )
    return others[0]


def save_checkpoint(
    directory: str | Path,
    config: CamembertConfig,
    arrays: Mapping[str, Array],
    *,
    safe_serialization: bool = True,
    max_shard_size: int | str | None = None,
    variant: str | None = None,
) -> None:
    """Write the config and the weights; a reader sees all of the old ones or all of the new.

    Args:
        directory: The folder, made if need be.
        config: The configuration.
        arrays: Published name to array, in the torch layout.
        safe_serialization: Whether the weights go to ``model.safetensors``; else to
            ``pytorch_model.bin``.
        max_shard_size: Most bytes per safetensors file, as a number or as ``"500MB"``; None for one
            file.
        variant: A word in the names of the weights' files, such as ``"fp16"``, which then lie
            beside those without it.

    Raises:
        OSError: If the folder cannot be written; the old checkpoint is then as it was.
        ValueError: If the config cannot be held by a file, or the weights are not those of the
            class and the sizes that it names.
    """
    rule = "safe_serialization must be True or False"
    require(isinstance(safe_serialization, bool), rule, repr(safe_serialization))
    _check_weights(config, arrays)
    if not config.tie_word_embeddings and LM_BIAS in arrays:
        # transformers 5 adds this one, and zeros where a file has none
        arrays = {**arrays, DECODER_BIAS: arrays[LM_BIAS]}
    text = config_of_type(config, arrays).to_json_string()  # refuses what no file can hold
    to = SAFE if safe_serialization else PICKLED
    # safetensors would be read before a pytorch_model.bin
    replaced = [files_of(one.file_name, variant) for one in (SAFE, to)]
    with staged_save(Path(directory), replaced) as folder:
        write_weights(folder, arrays, to.name, max_shard_size=max_shard_size, variant=variant)
        (folder / CONFIG).write_text(text, "utf-8")


def _check_weights(config: CamembertConfig, arrays: Mapping[str, Array]) -> None:
    """Refuse weights that could not be loaded again with the config beside them."""
    classes: Any = config.architectures
    named = classes[0] if isinstance(classes, list) and classes else None
    architecture = None if named is None else architecture_of(str(named))
    if architecture is None:
        return
    pooler = any(canonical(name).startswith(POOLER) for name in arrays)
    _, report = match(arrays, parameters(config, architecture, pooler=pooler))
    rule = f"A {architecture} must be saved with all of its weights"
    require(not report.missing, rule, f"none for {listed(report.missing)}")


def config_of_type(
    config: CamembertConfig, arrays: Mapping[str, Array], dtype: str | None = None
) -> CamembertConfig:
    """The config that names the type of the weights, as a file beside them must.

    Args:
        config: The config, which may name the type of the file that it was read from.
        arrays: The weights.
        dtype: The type that they are written in; None for their own, of which the first counts.
    """
    types = (dtype_of(arrays, name) for name in arrays)
    found = dtype or next((str(one) for one in types if is_floating(one)), None)
    if found is None:
        return config
    keys = [key for key in DTYPE_KEYS if getattr(config, key, None) is not None]
    return config.replaced(**dict.fromkeys(keys or DTYPE_KEYS[:1], found))


def write_weights(
    folder: Path,
    arrays: Mapping[str, Array],
    to: str,
    *,
    dtype: str | None = None,
    architecture: str = MODEL,
    max_shard_size: int | str | None = None,
    variant: str | None = None,
    wrote: Callable[[str, Array], object] = lambda name, array: None,
) -> tuple[Path, dict[str, str]]:
    """Write arrays one at a time.

    Args:
        folder: Where to.
        arrays: Published name to array, in the torch layout.
        to: The name of a format that is written.
        dtype: Type of the floating point weights, a key of ``DTYPES``; None for their own.
        architecture: Name of the torch class, for formats that name it.
        max_shard_size: Most bytes per file, in a format that is written in shards; None for one
            file.
        variant: A word in the names of the files.
        wrote: Told each name, and the array as it goes into the file.

    Returns:
        The file (or index) and published name to the name in it.

    Raises:
        OSError: If a file cannot be written.
        ValueError: If an option has no such value, or a value does not fit the type asked for.
    """
    require(to in WRITTEN, f"A format must be one of {', '.join(WRITTEN)}", repr(to))
    rule = f"A dtype must be one of {', '.join(DTYPES)}"
    require(dtype is None or dtype in DTYPES, rule, repr(dtype))
    format, limit = WRITTEN[to], shard_limit(max_shard_size)
    sharded = ", ".join(one.name for one in WRITTEN.values() if one.in_shards)
    require(limit is None or format.in_shards, f"Only {sharded} are written in shards", to)

    def read(name: str) -> Array:
        array = _as_type(arrays[name], name, dtype)
        wrote(name, array)
        return array

    planned = [
        PlannedArray(name, _target(dtype_of(arrays, name), dtype), shape_of(arrays, name))
        for name in arrays
    ]
    if limit is not None:
        path = write_shards(format, folder, planned, read, limit, variant)
        return path, {name: name for name in arrays}
    path = folder / variant_of(format.file_name, variant)
    return path, format.write(path, planned, read, architecture)  # type: ignore[misc]


def _target(own: np.dtype[np.generic], dtype: str | None) -> np.dtype[np.generic]:
    """The type that an array is written in: integers keep theirs."""
    return DTYPES[dtype] if dtype is not None and own in DTYPES.values() else own


def _as_type(array: Array, name: str, dtype: str | None) -> Array:
    wanted = _target(array.dtype, dtype)
    if array.dtype == wanted:
        return array
    with np.errstate(over="ignore"):
        array = array.astype(wanted)
    require(is_finite(array), f"{name} must fit {dtype}", "values beyond its range")
    return array
