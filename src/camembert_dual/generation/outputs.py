"""What ``generate`` returns with ``return_dict_in_generate``: one class for each way to search.

Letters of shapes: R texts, L columns of the longest, V words, W beams. A field for each step holds
a tuple with an element for each new token.
"""

from __future__ import annotations

from camembert_dual.generation.modes import (
    ASSISTED,
    BEAM,
    BEAM_SAMPLE,
    CONSTRAINED_BEAM,
    CONTRASTIVE,
    GREEDY,
    GROUP_BEAM,
    SAMPLE,
)
from camembert_dual.outputs import ModelOutput

_TEXTS = ("sequences", "scores", "attentions", "hidden_states")
_BEAMS = (
    "sequences",
    "sequences_scores",
    "scores",
    "beam_indices",
    "attentions",
    "hidden_states",
)


class GreedySearchDecoderOnlyOutput(ModelOutput):
    """Of greedy search: ``sequences`` (R, L).

    For each step ``scores`` (R, V), processed, and ``attentions`` and ``hidden_states`` of each
    layer.
    """

    __slots__ = ()
    fields = _TEXTS


class SampleDecoderOnlyOutput(ModelOutput):
    """Of drawn texts; as of greedy search."""

    __slots__ = ()
    fields = _TEXTS


class ContrastiveSearchDecoderOnlyOutput(ModelOutput):
    """Of contrastive search; as of greedy search."""

    __slots__ = ()
    fields = _TEXTS


class BeamSearchDecoderOnlyOutput(ModelOutput):
    """Of beam search. ``sequences`` (R, L) and their ``sequences_scores`` (R).

    ``beam_indices`` (R, N) says in which row of the step's ``scores`` (B W, V) each new token was
    scored, -1 after the end.
    """

    __slots__ = ()
    fields = _BEAMS


class BeamSampleDecoderOnlyOutput(ModelOutput):
    """Of beams of drawn texts; as of beam search."""

    __slots__ = ()
    fields = _BEAMS


OUTPUTS: dict[str, type[ModelOutput]] = {
    GREEDY: GreedySearchDecoderOnlyOutput,
    SAMPLE: SampleDecoderOnlyOutput,
    CONTRASTIVE: ContrastiveSearchDecoderOnlyOutput,
    ASSISTED: GreedySearchDecoderOnlyOutput,
    BEAM: BeamSearchDecoderOnlyOutput,
    GROUP_BEAM: BeamSearchDecoderOnlyOutput,
    CONSTRAINED_BEAM: BeamSearchDecoderOnlyOutput,
    BEAM_SAMPLE: BeamSampleDecoderOnlyOutput,
}
