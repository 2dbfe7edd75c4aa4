"""A model at the beginning of a training: a checkpoint's weights and a new head, or all new."""

from __future__ import annotations

import warnings
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from camembert_dual.common.backends import tree
from camembert_dual.common.model_names import MODEL, class_name
from camembert_dual.config import CamembertConfig
from camembert_dual.training.finetuning_settings import FinetuningSettings
from camembert_dual.training.settings import PretrainingSettings


def starting_model(
    source: str | Path,
    architecture: str,
    backend: str,
    settings: FinetuningSettings | PretrainingSettings,
    **config_options: Any,
) -> Any:
    """Load a checkpoint into a class, its new weights drawn alike in both frameworks.

    Args:
        source: Folder or name of the checkpoint.
        architecture: The class.
        backend: Its framework.
        settings: The numbers of the run: the seed of the draws, and the precision.
        **config_options: Values of the config.

    Raises:
        ImportError: If the framework is not installed.
        OSError: If there is no such checkpoint.
        ValueError: If the checkpoint does not fit.
    """
    kind = getattr(tree(backend, "finetune"), class_name(architecture, backend))
    loading = tree(backend, "finetune", "training.loading")
    options = {"add_pooling_layer": False} if architecture == MODEL else {}
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "[^ ]+ starts with new, random weights")
        model, report = kind.from_pretrained(
            source,
            output_loading_info=True,
            ignore_mismatched_sizes=True,
            **options,
            **loading.loading_options(settings.precision),
            **config_options,
        )
    draw_weights(model, [*report.missing, *report.mismatched], settings.seed)
    return model


def new_model(
    config: CamembertConfig, architecture: str, backend: str, precision: str, seed: int
) -> Any:
    """Make a network whose random weights depend on the seed alone.

    Raises:
        ImportError: If the framework is not installed.
    """
    kind = getattr(tree(backend, "pretrain"), class_name(architecture, backend))
    model = tree(backend, "pretrain", "training.loading").new_model(kind, config, precision)
    draw_weights(model, list(model.to_arrays()), seed)
    return model


def draw_weights(model: Any, names: Sequence[str], seed: int) -> None:
    """Draw matrices by NumPy, so that they are the same in both frameworks; vectors stay.

    So do rows of zeros, which are those of padding.
    """
    if not names:
        return
    arrays = model.to_arrays()
    for name in names:
        array = arrays[name]
        if array.ndim > 1:
            rng = np.random.default_rng([seed, zlib.crc32(name.encode())])
            drawn = rng.normal(0.0, model.config.initializer_range, array.shape)
            arrays[name] = np.where(array.any(axis=1, keepdims=True), drawn, 0).astype(array.dtype)
    model.load_arrays(arrays)
