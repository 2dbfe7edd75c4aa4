"""The loss of a step's batch, and what a batch is answered with, whatever the head.

Letters: B rows, C texts of a row, T positions, D hidden, V vocabulary, N labels in a batch.
"""

from collections.abc import Mapping
from functools import partial
from typing import Any

import torch
from torch import Tensor

from camembert_dual.common.model_names import MASKED_LM, MODEL, QUESTION_ANSWERING
from camembert_dual.inputs import IGNORE_INDEX
from camembert_dual.pt.losses import Reduction, cross_entropy
from camembert_dual.pt.tensors import wide_dtype
from camembert_dual.training.settings import SIMILARITY_TEMPERATURE
from camembert_dual.training.steps import SPAN, WEIGHTS

Batch = Mapping[str, Tensor]
INPUTS = ("input_ids", "attention_mask")


def batch_loss(model: Any, batch: Batch, label_smoothing: float) -> Tensor:
    """The weighted sum of the losses of a batch.

    Args:
        model: A model of this package.
        batch: Its inputs, its labels and the ``weights`` of their losses.
        label_smoothing: Share of each label that is spread over all classes.

    Returns:
        Loss (), in float32 at least.
    """
    logits, weights = answers(model, batch), batch[WEIGHTS]
    if model.architecture == MODEL:
        return contrast(logits[0], weights)
    if model.architecture == QUESTION_ANSWERING:
        weighers = [partial(weighted_sum, weights), partial(weighted_sum, weights)]
        return model.head_loss([batch[name] for name in SPAN], logits, weighers)
    labels = batch["labels"]
    if model.architecture == MASKED_LM:
        chosen = labels != IGNORE_INDEX
        labels, weights = labels[chosen], weights[chosen]
    return model.head_loss(labels, logits[0], weigher(weights, logits[0], label_smoothing))


def answers(model: Any, batch: Batch) -> tuple[Tensor, ...]:
    """What a model says of a batch: logits.

    Returns:
        One tensor; two, of starts and of ends, for question answering. The masked language
        model's are those of the labelled tokens alone (N, V), as the head is dear; the bare
        model's are the vectors of the texts (B, C, D).
    """
    inputs = {name: batch[name] for name in INPUTS}
    if model.architecture == MODEL:
        return (text_vectors(model, **inputs),)
    if model.architecture == MASKED_LM:
        states = model.roberta(**inputs).last_hidden_state
        return (model.lm_head(states[batch["labels"] != IGNORE_INDEX]),)
    output = model(**inputs)
    if model.architecture == QUESTION_ANSWERING:
        return output.start_logits, output.end_logits
    return (output.logits,)


def text_vectors(model: Any, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
    """The means (B, C, D) of the states of the tokens (B, C, T) of each text."""
    rows, texts, length = input_ids.shape
    mask = attention_mask.reshape(-1, length)  # (B * C, T)
    states = model(input_ids=input_ids.reshape(-1, length), attention_mask=mask).last_hidden_state
    wide = states.to(wide_dtype(states))
    tokens = mask.to(wide.dtype)[..., None]  # (B * C, T, 1)
    means = (wide * tokens).sum(dim=1) / tokens.sum(dim=1)
    return means.reshape(rows, texts, -1)


def contrast(vectors: Tensor, weights: Tensor) -> Tensor:
    """The loss of finding each second text among those of all rows (Gao et al. 2021, section 3).

    Args:
        vectors: (B, C, D): a text, one that means the same, and perhaps one that does not.
        weights: (B).

    Returns:
        Loss ().
    """
    directions = torch.nn.functional.normalize(vectors, dim=-1)
    others = directions[:, 1:].permute(1, 0, 2)  # (C - 1, B, D)
    others = others.reshape(-1, vectors.shape[-1])  # ((C - 1) * B, D)
    cosines = directions[:, 0] @ others.transpose(-1, -2)  # (B, (C - 1) * B)
    labels = torch.arange(vectors.shape[0], device=vectors.device)
    scores = cosines / SIMILARITY_TEMPERATURE
    return cross_entropy(scores, labels, scores.shape[-1], partial(weighted_sum, weights))


def weigher(weights: Tensor, logits: Tensor, label_smoothing: float) -> Reduction:
    """The reduction that weighs losses, each label a little spread over all classes."""
    if not label_smoothing:
        return partial(weighted_sum, weights)
    wide = logits.to(wide_dtype(logits))
    # the loss of all classes alike
    spread = torch.logsumexp(wide, dim=-1) - wide.mean(dim=-1)

    def weigh(losses: Tensor, is_valid: Tensor) -> Tensor:
        mixed = (1.0 - label_smoothing) * losses + label_smoothing * spread
        return weighted_sum(weights, mixed, is_valid)

    return weigh


def weighted_sum(weights: Tensor, losses: Tensor, is_valid: Tensor) -> Tensor:
    """The sum of the losses, each times its weight, where ``is_valid``; all of one shape."""
    return torch.where(is_valid, losses * weights.to(losses.dtype), 0.0).sum()
