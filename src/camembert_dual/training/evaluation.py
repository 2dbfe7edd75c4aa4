"""What a script's ``compute_metrics`` is given."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any


class EvalPrediction:
    """Predictions and labels of a data set; two or three parts, as a tuple of them.

    Args:
        predictions: What the model said (N, ...), or several of such arrays.
        label_ids: The labels (N, ...), or several.
        inputs: The inputs, if they were kept.
    """

    def __init__(self, predictions: Any, label_ids: Any, inputs: Any = None) -> None:
        self.predictions = predictions
        self.label_ids = label_ids
        self.inputs = inputs

    def __iter__(self) -> Iterator[Any]:
        """The parts in their order."""
        return iter(self._parts())

    def __getitem__(self, index: int) -> Any:
        """The part with a number."""
        return self._parts()[index]

    def _parts(self) -> tuple[Any, ...]:
        parts = (self.predictions, self.label_ids)
        return parts if self.inputs is None else (*parts, self.inputs)
