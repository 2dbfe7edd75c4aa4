"""The configuration under the names of the other families of this network.

A folder says by its ``model_type`` which family wrote it; the values are those of one class.
"""

from __future__ import annotations

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
