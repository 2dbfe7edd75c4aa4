"""``AutoConfig`` and ``AutoTokenizer``: the class that fits a checkpoint."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from camembert_dual.config import CamembertConfig
from camembert_dual.tokenization import AutoTokenizer

__all__ = ["AutoConfig", "AutoTokenizer"]


class AutoConfig:
    """Reads the configuration of any checkpoint of the family; there is one class for all."""

    @staticmethod
    def from_pretrained(name_or_path: str | Path, **options: Any) -> CamembertConfig:
        """Read ``config.json``; see :meth:`CamembertConfig.from_pretrained`.

        Raises:
            FileNotFoundError: If there is no such checkpoint.
            ValueError: If it is of another family (DeBERTa, ModernBERT, ...) or a value breaks its
                rule.
        """
        return CamembertConfig.from_pretrained(name_or_path, **options)
