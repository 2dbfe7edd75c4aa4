"""The options of a model, beside its weights in a folder."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from camembert_dual.config import CamembertConfig
from camembert_dual.generation.config import GenerationConfig
from camembert_dual.storage.locate import take_hub_options


def read_options(
    name_or_path: str | Path | None, options: Mapping[str, Any], config: CamembertConfig
) -> GenerationConfig:
    """The options in a checkpoint's folder, or those of the config where there are none.

    Args:
        name_or_path: Folder, file, bundled name or hub name, or None.
        options: Keywords of the call that loads, of which those for the hub are used.
        config: The model's configuration.

    Raises:
        ValueError: If the file is not JSON, or an option breaks its rule.
    """
    if name_or_path is None:
        return GenerationConfig.from_model_config(config)
    where = take_hub_options(dict(options))
    path = Path(name_or_path)
    folder = path.parent if path.is_file() else name_or_path
    try:
        read: GenerationConfig = GenerationConfig.from_pretrained(folder, **where)
    except FileNotFoundError:
        return GenerationConfig.from_model_config(config)
    return read
