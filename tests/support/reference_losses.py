"""The losses of the oracle, in NumPy, written from their definitions and not from the package."""

from collections.abc import Sequence

import numpy as np


def log_softmax(scores):
    shifted = scores - scores.max(-1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(-1, keepdims=True))


def cross_entropy(logits, labels, ignored: int = -100):
    """Mean over the labels that count; 0 if none does."""
    flat, wanted = logits.reshape(-1, logits.shape[-1]), np.asarray(labels).reshape(-1)
    losses = [
        -log_softmax(row)[label]
        for row, label in zip(flat, wanted, strict=True)
        if label != ignored
    ]
    return np.array(sum(losses) / len(losses) if losses else 0.0)


def sequence_loss(config, logits, labels):
    kind = config.problem_type
    if kind is None and config.num_labels == 1:
        kind = "regression"
    if kind is None:
        whole = np.issubdtype(labels.dtype, np.integer)
        kind = "single_label_classification" if whole else "multi_label_classification"
    if kind == "single_label_classification":
        return cross_entropy(logits, labels)
    labels = labels.reshape(logits.shape).astype(np.float64)
    if kind == "regression":
        return np.array(((logits - labels) ** 2).mean())
    yes = -np.logaddexp(0, -logits)
    no = -np.logaddexp(0, logits)
    return np.array(-(labels * yes + (1 - labels) * no).mean())


def span_loss(logits: Sequence[np.ndarray], targets: Sequence[np.ndarray]):
    """Mean of two cross-entropies; beyond the text does not count, negative is the first."""
    losses = []
    for scores, target in zip(logits, targets, strict=True):
        length = scores.shape[1]
        kept = [-100 if one >= length else max(int(one), 0) for one in target.reshape(-1)]
        losses.append(cross_entropy(scores, np.array(kept)))
    return (losses[0] + losses[1]) / 2
