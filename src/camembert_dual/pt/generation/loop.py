"""Steps until all texts have finished, and what they have found."""

from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

from torch import Tensor

from camembert_dual.pt.generation.cache import Call

State = TypeVar("State")


class Found(NamedTuple):
    """The texts of a search.

    ``tokens`` (R, L), prompts included, of which ``length`` columns count; of beams the ``scores``
    (R) of the texts, and the ``rows`` (R, L) in which each new token was scored.
    """

    tokens: Tensor
    length: Any
    scores: Tensor | None = None
    rows: Tensor | None = None


def repeat(call: Call, state: State, step: Callable[[State], State]) -> State:
    """Take steps until all rows have finished or are as long as they may be."""
    while may_grow(call, state):
        state = step(state)
    return state


def may_grow(call: Call, state: Any) -> bool:
    """Whether a row is unfinished and has room."""
    return state.length < call.limit and bool(state.is_unfinished.any())
