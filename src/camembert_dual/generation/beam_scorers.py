"""What scripts written for ``transformers`` 4.34 hand to ``model.beam_search`` and its kind."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from camembert_dual.common.errors import is_integer, require


class BeamScorer:
    """How many beams are searched, and which of them are returned."""


class BeamSearchScorer(BeamScorer):
    """The options of a beam search, as an object; the search itself keeps its texts.

    Args:
        batch_size: Number of prompts.
        num_beams: Texts searched for each prompt.
        device: Accepted; the model's counts.
        length_penalty: Power of the length that divides a text's log-probability.
        do_early_stopping: When a row of ended texts is complete: True, False or ``"never"``.
        num_beam_hyps_to_keep: Texts returned for each prompt.
        num_beam_groups: Groups of beams that are kept different.
        max_length: Accepted; that of the search counts.

    Raises:
        ValueError: If there is one beam, or the groups do not divide the beams.
    """

    constraints: Sequence[Any] | None = None

    def __init__(
        self,
        batch_size: int,
        num_beams: int,
        device: Any,
        length_penalty: float = 1.0,
        do_early_stopping: bool | str = False,
        num_beam_hyps_to_keep: int = 1,
        num_beam_groups: int = 1,
        max_length: int | None = None,
    ) -> None:
        require(is_integer(num_beams, 2), "num_beams must be an integer above 1", repr(num_beams))
        divides = is_integer(num_beam_groups, 1) and num_beams % num_beam_groups == 0
        require(divides, "num_beam_groups must divide num_beams", repr(num_beam_groups))
        self.batch_size = batch_size
        self.num_beams = num_beams
        self.device = device
        self.length_penalty = length_penalty
        self.do_early_stopping = do_early_stopping
        self.num_beam_hyps_to_keep = num_beam_hyps_to_keep
        self.num_beam_groups = num_beam_groups
        self.group_size = num_beams // num_beam_groups
        self.max_length = max_length


class ConstrainedBeamSearchScorer(BeamSearchScorer):
    """The same with what every text must have.

    Args:
        batch_size: Number of prompts.
        num_beams: Texts searched for each prompt.
        constraints: Objects such as ``PhrasalConstraint``.
        device: Accepted; the model's counts.
        **options: Those of :class:`BeamSearchScorer`.

    Raises:
        ValueError: If there is one beam.
    """

    def __init__(
        self,
        batch_size: int,
        num_beams: int,
        constraints: Sequence[Any],
        device: Any,
        **options: Any,
    ) -> None:
        super().__init__(batch_size, num_beams, device, **options)
        self.constraints = constraints
