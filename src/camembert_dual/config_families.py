"""The configuration under the names of the other families of this network.

A folder says by its ``model_type`` which family wrote it; the values are those of one class.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from camembert_dual.common.model_names import FAMILIES, FAMILY
from camembert_dual.config import CamembertConfig


class RobertaConfig(CamembertConfig):
    """:class:`CamembertConfig` with RoBERTa's ``model_type`` and size of vocabulary."""

    vocab_size: int = 50265
    model_type: str = FAMILIES["Roberta"]


class XLMRobertaConfig(CamembertConfig):
    """:class:`CamembertConfig` with XLM-RoBERTa's ``model_type``."""

    model_type: str = FAMILIES["XLMRoberta"]


CONFIG_CLASSES: dict[str, type[CamembertConfig]] = {
    FAMILIES[FAMILY]: CamembertConfig,
    FAMILIES["Roberta"]: RobertaConfig,
    FAMILIES["XLMRoberta"]: XLMRobertaConfig,
}


def config_class_of(
    values: Mapping[str, Any], own: type[CamembertConfig] | None = None
) -> type[CamembertConfig]:
    """The class for the keys of a ``config.json``: that of its family, or a user's own.

    Args:
        values: The keys.
        own: The class that a model's class asks for; one of ours stands for all families.
    """
    if own is not None and own not in CONFIG_CLASSES.values():
        return own
    return CONFIG_CLASSES.get(str(values.get("model_type")), CamembertConfig)
