"""What every model can do besides computing: load, save, count, resize, prune, checkpoint gradients."""

import warnings
from collections.abc import Mapping
from dataclasses import fields, replace
from pathlib import Path
from typing import Any, ClassVar, Self

import ml_dtypes
import numpy as np
import torch
from torch import Tensor, nn

from camembert_dual.checkpoints.folder import open_checkpoint, save_checkpoint
from camembert_dual.checkpoints.matching import match
from camembert_dual.checkpoints.report import LoadReport
from camembert_dual.config import CamembertConfig
from camembert_dual.parameters import parameters


class PretrainedModel(nn.Module):
    """The base of all models: a config, and its way to and from checkpoints.

    Args:
        config: The configuration; validated again here.
    """

    task: ClassVar[str]

    def __init__(self, config: CamembertConfig) -> None:
        super().__init__()
        config.validate()
        self.config = config

    @property
    def backbone(self) -> Any:
        """The bare model: this one, or the one below the head."""
        return getattr(self, "roberta", self)

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        return next(self.parameters()).device

    @property
    def dtype(self) -> torch.dtype:
        """The type of the weights."""
        return next(self.parameters()).dtype

    def decoder_table(self) -> Tensor:
        """The table (V, D) that the LM head compares with: the word embeddings, unless untied."""
        return self.get_output_embeddings().weight

    @classmethod
    def from_pretrained(
        cls,
        name_or_path: str | Path,
        *,
        config: CamembertConfig | None = None,
        dtype: torch.dtype | str | None = None,
        **options: Any,
    ) -> Any:
        """Load a checkpoint."""
        hub = {
            name: options.pop(name)
            for name in ("revision", "cache_dir", "token", "local_files_only")
            if name in options
        }
        checkpoint = open_checkpoint(name_or_path, config=config, **hub)
        config = replace(checkpoint.config, **options) if options else checkpoint.config
        model = cls(config)
        report = model.load_arrays(checkpoint.arrays)
        if report.missing:
            warnings.warn(
                f"{cls.__name__} has new, random weights that the checkpoint lacks; train them: "
                f"{', '.join(report.missing)}.",
                stacklevel=2,
            )
        return model.eval()

    def save_pretrained(self, directory: str | Path) -> None:
        """Write the model."""
        config = replace(self.config, extra={**self.config.extra, "architectures": [self.task]})
        save_checkpoint(directory, config, self.to_arrays())

    def expected_parameters(self) -> Any:
        """The rows of the parameter table that are this model's weights."""
        return parameters(self.config, self.task, pooler=self.backbone.pooler is not None)

    def load_arrays(
        self, arrays: Mapping[str, Any], ignore_mismatched_sizes: bool = False
    ) -> LoadReport:
        """Fill the weights from published names."""
        pairs, report = match(
            arrays, self.expected_parameters(), ignore_mismatched_sizes=ignore_mismatched_sizes
        )
        weights = self.state_dict()
        with torch.no_grad():
            for name, source in pairs.items():
                weights[name].copy_(torch.from_numpy(np.ascontiguousarray(arrays[source])))
        return report

    def to_arrays(self) -> dict[str, Any]:
        """The weights as numpy arrays by published name."""
        return {name: weight.detach().cpu().numpy() for name, weight in self.state_dict().items()}

    def get_output_embeddings(self) -> Any:
        head = getattr(self, "lm_head", None)
        if head is None:
            return None
        return getattr(head, "decoder", self.backbone.embeddings.word_embeddings)
