"""The score of each new token, out of what ``generate`` returned of each step."""

from collections.abc import Sequence

import torch
from torch import Tensor


def transition_scores(
    sequences: Tensor,
    scores: Sequence[Tensor],
    beam_indices: Tensor | None,
    normalize_logits: bool,
) -> Tensor:
    """Look the new tokens up; see :meth:`CamembertForCausalLM.compute_transition_scores`."""
    steps = torch.stack(tuple(scores), dim=1)  # (B W, N, V)
    if normalize_logits:
        steps = torch.log_softmax(steps, dim=-1)
    count = steps.shape[1]
    if beam_indices is None:
        own = torch.arange(sequences.shape[0], device=sequences.device)[:, None]
        rows = own + torch.zeros_like(sequences[:, -count:])  # (R, N)
    else:
        last = int(torch.count_nonzero(beam_indices >= 0, dim=1).max())
        rows, count = beam_indices[:, :last], last
    new = sequences[:, sequences.shape[1] - count :]
    columns = torch.arange(count, device=sequences.device)
    found = steps[rows.clamp(min=0), columns, new]  # (R, N)
    return torch.where(rows < 0, 0.0, found)
