"""A checkpoint: its config and its arrays in, its config and its arrays out."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from camembert_dual.checkpoints.formats.registry import read_file
from camembert_dual.checkpoints.lazy_arrays import Arrays
from camembert_dual.checkpoints.matching import DECODER_BIAS, LM_BIAS
from camembert_dual.checkpoints.writing import FORMATS, write_weights
from camembert_dual.common.arrays import Array
from camembert_dual.common.errors import CheckpointError, require_file, short
from camembert_dual.config import CamembertConfig
from camembert_dual.storage.atomic import staged_save
from camembert_dual.storage.file_names import CONFIG, WEIGHTS, files_of
from camembert_dual.storage.json_files import read_json, shard_files
from camembert_dual.storage.locate import locate


class Checkpoint(NamedTuple):
    """What a folder or a file holds.

    Attributes:
        path: The folder.
        config: Its configuration.
        arrays: Published name to array, in the torch layout, read when asked for.
        file: The file of weights, or the index of several.
    """

    path: Path
    config: CamembertConfig
    arrays: Arrays
    file: Path


def open_checkpoint(
    name_or_path: str | Path,
    *,
    config: CamembertConfig | None = None,
    revision: str | None = None,
    cache_dir: str | Path | None = None,
    token: str | bool | None = None,
    local_files_only: bool = False,
) -> Checkpoint:
    """Open a checkpoint of any format without reading its tensors.

    Args:
        name_or_path: Folder, file, bundled name or hub name.
        config: A configuration to use instead of the checkpoint's own.
        revision: Branch, tag or commit of a hub repository.
        cache_dir: Where hub files are kept.
        token: Access token of the hub.
        local_files_only: Whether the network is forbidden.

    Raises:
        FileNotFoundError: If there is no such checkpoint or a file of it is missing.
        ValueError: If a file is not what it must be.
    """
    path = locate(
        name_or_path,
        revision=revision,
        cache_dir=cache_dir,
        token=token,
        local_files_only=local_files_only,
    )
    if path.is_dir():
        folder = path
        if config is None and (folder / CONFIG).is_file():
            config = _read_config(folder)
        file = find_weights(folder)
    else:
        folder, file = path.parent, path
    content = read_file(file)
    if config is None and content.config is not None:
        config = _config(file, content.config)
    if config is None:
        config = _read_config(folder)
    # a model is built from the config before weights are looked for
    layers = config.num_hidden_layers
    rule = "num_hidden_layers of the config must not exceed the number of weights"
    require_file(file, layers <= len(content.arrays), rule, layers)
    return Checkpoint(folder, config, content.arrays, file)


def _read_config(folder: Path) -> CamembertConfig:
    return _config(folder / CONFIG, read_json(folder / CONFIG))


def _config(path: Path, values: Mapping[str, Any]) -> CamembertConfig:
    """The config of a file; an error names the file."""
    try:
        return CamembertConfig.from_dict(values)
    except (TypeError, AttributeError) as error:
        rule = "a config must have values of the right kinds"
        raise CheckpointError(f"{path}: {rule}; received {short(str(error))}.") from None
    except ValueError as error:
        raise CheckpointError(f"{path}: {short(str(error), 1000)}") from None


def find_weights(folder: Path) -> Path:
    """The file of weights in a folder: by the published names, then the only one of Keras.

    Raises:
        FileNotFoundError: If there is none, or a shard of it is missing.
        ValueError: If an index is not what it must be.
    """
    for name in WEIGHTS:
        if (folder / name).is_file():
            return folder / name
    indices = list(folder.glob("*.weights.json"))
    shards = {shard for index in indices for shard in shard_files(index)}
    whole = {*folder.glob("*.weights.h5"), *folder.glob("*.keras")}
    others = sorted({*indices, *whole} - shards)
    if len(others) != 1:
        found = ", ".join(path.name for path in others) or "none"
        raise FileNotFoundError(
            f"A checkpoint must hold one of {', '.join(WEIGHTS)}, or one .weights.h5, "
            f".weights.json or .keras file; received {found} in {folder}."
        )
    return others[0]


def save_checkpoint(
    directory: str | Path,
    config: CamembertConfig,
    arrays: Mapping[str, Array],
    *,
    safe_serialization: bool = True,
    max_shard_size: int | str | None = None,
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

    Raises:
        OSError: If the folder cannot be written; the old checkpoint is then as it was.
        ValueError: If the config cannot be held by a file.
    """
    if not config.tie_word_embeddings and LM_BIAS in arrays:
        # transformers 5 adds this one, and zeros where a file has none
        arrays = {**arrays, DECODER_BIAS: arrays[LM_BIAS]}
    text = config.to_json_string()  # refuses what no file can hold before anything is written
    to = "safetensors" if safe_serialization else "bin"
    # safetensors would be read before a pytorch_model.bin
    replaced = [files_of(FORMATS["safetensors"]), files_of(FORMATS[to])]
    with staged_save(Path(directory), replaced) as folder:
        write_weights(folder, arrays, to, max_shard_size=max_shard_size)
        (folder / CONFIG).write_text(text, "utf-8")
