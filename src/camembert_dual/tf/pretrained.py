"""What every model can do besides computing: load, save, count, resize, prune, checkpoint gradients."""

import warnings
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import keras
import numpy as np
import tensorflow as tf

from camembert_dual.checkpoints.folder import open_checkpoint, save_checkpoint
from camembert_dual.checkpoints.matching import match
from camembert_dual.checkpoints.report import LoadReport
from camembert_dual.config import CamembertConfig
from camembert_dual.parameters import parameters


class PretrainedModel(keras.Model):
    """The base of all models: a config, and its way to and from checkpoints.

    Args:
        config: The configuration; validated again here.
    """

    task: ClassVar[str]

    def __init__(self, config: CamembertConfig, *, name: str | None, dtype: Any) -> None:
        super().__init__(name=name, dtype=dtype)
        config.validate()
        self.config = config

    @property
    def backbone(self) -> Any:
        """The bare model: this one, or the one below the head."""
        return getattr(self, "roberta", self)

    def decoder_table(self) -> tf.Tensor:
        """The table (V, D) that the LM head compares with: the word embeddings, unless untied."""
        return tf.convert_to_tensor(self.get_output_embeddings().embeddings)

    @classmethod
    def from_pretrained(
        cls,
        name_or_path: str | Path,
        *,
        config: CamembertConfig | None = None,
        dtype: Any = None,
        **options: Any,
    ) -> Any:
        """Load a checkpoint."""
        checkpoint = open_checkpoint(name_or_path, config=config)
        config = replace(checkpoint.config, **options) if options else checkpoint.config
        model = cls(config, dtype=dtype)
        report = model.load_arrays(checkpoint.arrays)
        if report.missing:
            warnings.warn(
                f"{cls.__name__} has new, random weights that the checkpoint lacks; train them: "
                f"{', '.join(report.missing)}.",
                stacklevel=2,
            )
        return model

    def save_pretrained(self, directory: str | Path) -> None:
        """Write the model."""
        config = replace(self.config, extra={**self.config.extra, "architectures": [self.task]})
        save_checkpoint(directory, config, self.to_arrays())

    def expected_parameters(self) -> Any:
        """The rows of the parameter table that are this model's weights."""
        return parameters(self.config, self.task, pooler=self.backbone.pooler is not None)

    def variables_by_path(self) -> dict[str, Any]:
        """The weights by their path below the model's own name."""
        root = f"{self.path}/"
        return {variable.path.removeprefix(root): variable for variable in self.weights}

    def load_arrays(
        self, arrays: Mapping[str, Any], ignore_mismatched_sizes: bool = False
    ) -> LoadReport:
        """Fill the weights from published names."""
        expected = self.expected_parameters()
        pairs, report = match(arrays, expected, ignore_mismatched_sizes=ignore_mismatched_sizes)
        variables = self.variables_by_path()
        for one in expected:
            if one.name in pairs:
                array = arrays[pairs[one.name]]
                variables[one.path].assign(array.T if one.transposed else array)
        return report

    def to_arrays(self) -> dict[str, Any]:
        """The weights as numpy arrays by published name."""
        variables = self.variables_by_path()
        arrays = {}
        for one in self.expected_parameters():
            array = np.asarray(variables[one.path].numpy())
            arrays[one.name] = array.T if one.transposed else array
        return arrays

    def get_output_embeddings(self) -> Any:
        """The table of the LM head's decoder."""
        head = getattr(self, "lm_head", None)
        if head is None:
            return None
        return self.backbone.embeddings.word_embeddings if head.decoder is None else head.decoder
