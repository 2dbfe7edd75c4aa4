"""The losses of the heads: scalars, means over the valid labels.

A label of -100 is ignored everywhere; if every label is, the loss is 0. A reduction makes one loss
of those of all labels, each standing where its label does.
"""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor
from torch.nn import functional

from camembert_dual.inputs import IGNORE_INDEX
from camembert_dual.labels import infer_problem_type
from camembert_dual.pt.checks import check_labels, check_span, shape_of
from camembert_dual.pt.tensors import wide_dtype

Reduction = Callable[[Tensor, Tensor], Tensor]


def mean_of_valid(losses: Tensor, is_valid: Tensor) -> Tensor:
    """The mean of the losses (...) where ``is_valid`` (...); 0 if nothing is."""
    count = is_valid.to(losses.dtype).sum()
    total = torch.where(is_valid, losses, 0.0).sum()
    return total / count.clamp(min=1.0)


MEANS = (mean_of_valid, mean_of_valid)  # of starts and of ends


def cross_entropy(
    logits: Tensor, labels: Tensor, num_labels: int, reduction: Reduction = mean_of_valid
) -> Tensor:
    """Mean negative log-likelihood of the labels that are not -100.

    Args:
        logits: (..., L).
        labels: Integers (...), in [0, L) or -100.
        num_labels: L.
        reduction: How the losses (...) and whether they count (...) become one.

    Returns:
        Loss (), in float32 at least.

    Raises:
        ValueError: If shapes disagree or a label is out of range.
    """
    check_labels(labels, shape_of(logits)[:-1], "single_label_classification", num_labels)
    labels = labels.reshape(logits.shape[:-1]).to(torch.int64)
    is_valid = labels != IGNORE_INDEX
    wide = logits.to(wide_dtype(logits))
    losses = functional.cross_entropy(
        wide.reshape(-1, num_labels),
        labels.reshape(-1),
        ignore_index=IGNORE_INDEX,
        reduction="none",
    ).reshape(labels.shape)
    return reduction(losses, is_valid)


def causal_loss(logits: Tensor, labels: Tensor, reduction: Reduction = mean_of_valid) -> Tensor:
    """Cross-entropy of each next token: logits (B, T, V) at t against labels (B, T) at t + 1."""
    check_labels(labels, shape_of(logits)[:-1], "single_label_classification", logits.shape[-1])
    labels = labels.reshape(logits.shape[:-1]).to(torch.int64)

    def reduction_of_next(losses: Tensor, is_valid: Tensor) -> Tensor:
        # back to where the labels were; the first one has nothing that predicts it
        return reduction(torch.roll(losses, 1, 1), torch.roll(is_valid, 1, 1))

    return cross_entropy(logits, next_labels(labels), logits.shape[-1], reduction_of_next)


def next_labels(labels: Tensor) -> Tensor:
    """The label (B, T) after each one, and none after the last: so logits need not be cut."""
    return functional.pad(labels[:, 1:], (0, 1), value=IGNORE_INDEX)


def classification_loss(
    logits: Tensor,
    labels: Tensor,
    num_labels: int,
    problem_type: str | None,
    reduction: Reduction = mean_of_valid,
) -> Tensor:
    """The sequence classifier's loss.

    Args:
        logits: (B, L).
        labels: Classes (B) for one label of several; numbers (B) or (B, L) for regression (mean
            squared error); zeros and ones (B, L) for several labels at once (binary cross-entropy).
        num_labels: L.
        problem_type: Which of the three, or None to infer it: regression for one label, one of
            several for integer labels, several at once for others.
        reduction: As in :func:`cross_entropy`.

    Returns:
        Loss ().

    Raises:
        ValueError: If the labels do not fit the problem.
    """
    is_whole = not labels.is_floating_point()
    problem_type = problem_type or infer_problem_type(num_labels, is_whole)
    if problem_type == "single_label_classification":
        return cross_entropy(logits, labels, num_labels, reduction)
    wide = logits.to(wide_dtype(logits))
    check_labels(labels, shape_of(logits), problem_type, num_labels)
    targets = labels.reshape(logits.shape).to(wide.dtype)
    if problem_type == "regression":
        losses = torch.square(wide - targets)
    else:
        losses = functional.binary_cross_entropy_with_logits(wide, targets, reduction="none")
    return reduction(losses, torch.ones_like(losses, dtype=torch.bool))


def span_loss(
    logits: Sequence[Tensor],
    positions: Sequence[Tensor],
    reductions: Sequence[Reduction] = MEANS,
) -> Tensor:
    """Mean of the cross-entropies of span starts and ends over the positions of the text.

    A position beyond the text is ignored; a negative one counts as the first, as in the reference.

    Args:
        logits: Two of (B, T), for start and end.
        positions: Two of (B) or (B, 1).
        reductions: Two, as in :func:`cross_entropy`.

    Returns:
        Loss ().

    Raises:
        ValueError: If positions are missing, not whole or not as many as the texts.
    """
    check_span(positions, logits[0])
    losses = []
    for scores, position, reduction in zip(logits, positions, reductions, strict=True):
        length = scores.shape[1]
        targets = position.reshape(-1).to(torch.int64).clamp(0, length)
        targets = torch.where(targets != length, targets, IGNORE_INDEX)
        losses.append(cross_entropy(scores, targets, scores.shape[1], reduction))
    return (losses[0] + losses[1]) / 2
