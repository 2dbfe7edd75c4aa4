"""The losses of the heads: scalars, means over the valid labels.

A label of -100 is ignored everywhere; if every label is, the loss is 0.
"""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional

from camembert_dual.inputs import check_label_shape, check_range, infer_problem_type
from camembert_dual.pt.checks import can_read_values

IGNORED = -100


def cross_entropy(logits: Tensor, labels: Tensor, num_labels: int) -> Tensor:
    """Mean negative log-likelihood of the labels that are not -100.

    Args:
        logits: (..., L).
        labels: Integers (...), in [0, L) or -100.
        num_labels: L.

    Returns:
        Loss (), in float32 at least.

    Raises:
        ValueError: If shapes disagree or a label is out of range.
    """
    check_label_shape(tuple(labels.shape), tuple(logits.shape[:-1]))
    labels = labels.reshape(logits.shape[:-1]).long()
    is_valid = labels != IGNORED
    if can_read_values(labels) and bool(is_valid.any()):
        smallest, largest = torch.aminmax(labels[is_valid])
        check_range("labels", num_labels, "or -100 to be ignored", int(smallest), int(largest))
    wide = logits.to(torch.promote_types(logits.dtype, torch.float32))
    losses = functional.cross_entropy(
        wide.reshape(-1, num_labels), labels.reshape(-1), ignore_index=IGNORED, reduction="sum"
    )
    return losses / is_valid.sum().clamp(min=1)


def causal_loss(logits: Tensor, labels: Tensor) -> Tensor:
    """Cross-entropy of each next token: logits (B, T, V) at t against labels (B, T) at t + 1."""
    check_label_shape(tuple(labels.shape), tuple(logits.shape[:-1]))
    labels = labels.reshape(logits.shape[:-1])
    return cross_entropy(logits, next_labels(labels), logits.shape[-1])


def next_labels(labels: Tensor) -> Tensor:
    """The label (B, T) after each one, and none after the last: so logits need not be cut."""
    return functional.pad(labels[:, 1:], (0, 1), value=IGNORED)


def classification_loss(
    logits: Tensor, labels: Tensor, num_labels: int, problem_type: str | None
) -> Tensor:
    """The sequence classifier's loss.

    Args:
        logits: (B, L).
        labels: Classes (B) for one label of several; numbers (B) or (B, L) for regression (mean
            squared error); zeros and ones (B, L) for several labels at once (binary cross-entropy).
        num_labels: L.
        problem_type: Which of the three, or None to infer it: regression for one label, one of
            several for integer labels, several at once for others.

    Returns:
        Loss ().

    Raises:
        ValueError: If the labels do not fit the problem.
    """
    is_integer = not labels.is_floating_point()
    problem_type = problem_type or infer_problem_type(num_labels, is_integer)
    if problem_type == "single_label_classification":
        return cross_entropy(logits, labels, num_labels)
    wide = logits.to(torch.promote_types(logits.dtype, torch.float32))
    check_label_shape(tuple(labels.shape), tuple(logits.shape), f" for {problem_type}")
    targets = labels.reshape(logits.shape).to(wide.dtype)
    if problem_type == "regression":
        return functional.mse_loss(wide, targets)
    return functional.binary_cross_entropy_with_logits(wide, targets)


def span_loss(logits: Sequence[Tensor], positions: Sequence[Tensor]) -> Tensor:
    """Mean of the cross-entropies of span starts and ends over the positions of the text.

    A position beyond the text is ignored; a negative one counts as the first, as in the reference.

    Args:
        logits: Two of (B, T), for start and end.
        positions: Two of (B) or (B, 1).

    Returns:
        Loss ().
    """
    losses = []
    for scores, position in zip(logits, positions, strict=True):
        length = scores.shape[1]
        targets = position.reshape(-1).long().clamp(0, length)
        targets = targets.masked_fill(targets == length, IGNORED)
        losses.append(cross_entropy(scores, targets, length))
    return (losses[0] + losses[1]) / 2
