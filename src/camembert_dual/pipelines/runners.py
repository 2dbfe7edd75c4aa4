"""What computes: a model of either tree, or a function of a user's own, from arrays to arrays."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

import numpy as np

from camembert_dual.common.arrays import Array, BoolArray, to_numpy
from camembert_dual.common.backends import backend_of, tree
from camembert_dual.common.errors import require

Inputs = Mapping[str, Array]
STATES, LOGITS = "last_hidden_state", "logits"


class Runner(Protocol):
    """Arrays in, arrays out."""

    backend: str | None

    def answers(self, inputs: Inputs) -> Mapping[str, Array]:
        """Every output by name."""
        ...

    def logits_at(self, inputs: Inputs, places: BoolArray) -> Array:
        """The logits (N, V) at the N places that are marked among (B, T)."""
        ...

    def last_hidden_states(self, inputs: Inputs) -> Array:
        """The states (B, T, D) above the last layer."""
        ...

    def generated(self, input_ids: Array | None, options: Mapping[str, Any]) -> Array:
        """The ids (R, L) of the texts that follow a prompt (1, T)."""
        ...


class ModelRunner:
    """A model of either tree.

    Args:
        model: The model.
    """

    def __init__(self, model: Any) -> None:
        self.model = model
        self.backend: str | None = backend_of(model)
        self._inference = tree(str(self.backend), "A pipeline", "inference")

    def answers(self, inputs: Inputs) -> Mapping[str, Array]:
        """Every output by name, in single precision at least."""
        found: Mapping[str, Array] = self._inference.answers(self.model, inputs)
        return found

    def logits_at(self, inputs: Inputs, places: BoolArray) -> Array:
        """The logits (N, V) at the N places that are marked among (B, T)."""
        logits: Array = self._inference.logits_at(self.model, inputs, places)
        return logits

    def last_hidden_states(self, inputs: Inputs) -> Array:
        """The states (B, T, D) above the last layer."""
        states: Array = self._inference.last_hidden_states(self.model, inputs)
        return states

    def generated(self, input_ids: Array | None, options: Mapping[str, Any]) -> Array:
        """The ids (R, L) of the texts that follow a prompt (1, T)."""
        ids: Array = self._inference.generated(self.model, input_ids, options)
        return ids


class FunctionRunner:
    """A function that takes a model's inputs by name and gives its outputs by name.

    Args:
        function: The function; arrays or tensors come from it.
    """

    backend: str | None = None

    def __init__(self, function: Callable[..., Mapping[str, Any]]) -> None:
        self.model = function

    def answers(self, inputs: Inputs) -> Mapping[str, Array]:
        """Every output by name."""
        return {
            name: one if isinstance(one, np.ndarray) else to_numpy(one)
            for name, one in self.model(**inputs).items()
        }

    def logits_at(self, inputs: Inputs, places: BoolArray) -> Array:
        """The logits (N, V) at the N places that are marked among (B, T)."""
        return self._output(inputs, LOGITS)[places]

    def last_hidden_states(self, inputs: Inputs) -> Array:
        """The states (B, T, D) above the last layer."""
        return self._output(inputs, STATES)

    def _output(self, inputs: Inputs, name: str) -> Array:
        """An output.

        Raises:
            ValueError: If the function does not give it.
        """
        found = self.answers(inputs)
        require(name in found, f"The model must answer {name}", ", ".join(found))
        return found[name]

    def generated(self, input_ids: Array | None, options: Mapping[str, Any]) -> Array:
        """Refuse.

        Raises:
            ValueError: Always.
        """
        raise ValueError(
            "A text must be written by a model of this package; received a function or an export."
        )
