"""Both trees after some steps of one run: equal weights, whatever the head and the numbers."""

from typing import NamedTuple

import numpy as np
import pytest

import cases
import tree_pt
import tree_tf
from camembert_dual.common.model_names import (
    MASKED_LM,
    MODEL,
    MULTIPLE_CHOICE,
    QUESTION_ANSWERING,
    SEQUENCE_CLASSIFICATION,
    TOKEN_CLASSIFICATION,
)
from camembert_dual.pt.training import loop as pt_loop
from camembert_dual.tf.training import loop as tf_loop
from camembert_dual.training.finetuning_settings import FinetuningSettings
from camembert_dual.training.labelled import labelled_batch, length_of
from camembert_dual.training.steps import finetuning_plan

LENGTHS = (5, 9, 3, 7, 11, 4, 6)
CHOICES, LABELS = 3, 5
NUMBERS = {
    "epochs": 2,
    "batch_size": 3,
    "learning_rate": 0.01,
    "warmup_share": 0.3,
    "weight_decay": 0.3,
    "seed": 7,
}


class Case(NamedTuple):
    architecture: str
    kind: str  # of labels
    numbers: dict
    class_weights: np.ndarray | None = None


LAYERED = {"layer_decay": 0.6, "max_gradient_norm": 0.05}
CASES = {
    "tokens": Case(TOKEN_CLASSIFICATION, "tokens", LAYERED),
    "tokens, weighted": Case(
        TOKEN_CLASSIFICATION,
        "tokens",
        {"label_smoothing": 0.1, "accumulation": 2, "batch_size": 2},
        np.array([0.5, 2.0, 1.0, 3.0, 0.25]),
    ),
    "classes": Case(SEQUENCE_CLASSIFICATION, "class", {"label_smoothing": 0.2}),
    "several": Case(SEQUENCE_CLASSIFICATION, "multi", LAYERED | {"accumulation": 3}),
    "number": Case(SEQUENCE_CLASSIFICATION, "number", {"by_length": False}),
    "spans": Case(QUESTION_ANSWERING, "span", LAYERED | {"accumulation": 2, "batch_size": 2}),
    "choices": Case(MULTIPLE_CHOICE, "choice", {"label_smoothing": 0.1}),
    "masked": Case(MASKED_LM, "masked", LAYERED | {"accumulation": 2, "batch_size": 2}),
    "similar": Case(MODEL, "similar", {"accumulation": 2, "layer_decay": 0.9}),
}
PROBLEMS = {
    "class": "single_label_classification",
    "multi": "multi_label_classification",
    "number": "regression",
}


def rows_of(config, case):
    """Seven rows of random ids, with labels of the kind."""
    rng = cases.generator("finetuning", case.kind)
    rows = []
    for length in LENGTHS:
        texts = {"choice": CHOICES, "similar": 3}.get(case.kind, 1)
        ids = [rng.integers(5, config.vocab_size, length - min(i, 2)) for i in range(texts)]
        tokens = rng.integers(0, LABELS, length)
        masked = np.where(rng.random(length) < 0.5, rng.integers(5, config.vocab_size, length), 17)
        labels = {
            "tokens": np.where(rng.random(length) < 0.3, -100, tokens),
            "class": int(tokens[0]),
            "multi": rng.integers(0, 2, LABELS).astype(float),
            "number": rng.normal(size=1),
            "choice": int(tokens[0]) % CHOICES,
            "masked": np.where(np.arange(length) % 3 == 1, masked, -100),
        }
        row = {"input_ids": ids if texts > 1 else ids[0]}
        if case.kind in labels:
            row["labels"] = labels[case.kind]
        if case.kind == "span":
            row |= {"start_positions": length // 3, "end_positions": length - 2}
        rows.append(row)
    return rows


def start(case):
    """A config, weights, and the plan of a run over some rows."""
    options = {"problem_type": PROBLEMS.get(case.kind)}
    if case.kind != "masked":
        options["num_labels"] = 1 if case.kind == "number" else LABELS
    config = cases.config(hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0, **options)
    rows = rows_of(config, case)
    plan = finetuning_plan(
        FinetuningSettings(**NUMBERS | case.numbers),
        [length_of(row) for row in rows],
        lambda chosen, _: labelled_batch([rows[one] for one in chosen], config.pad_token_id),
        case.class_weights,
    )
    without = {"add_pooling_layer": False} if case.architecture == MODEL else {}
    arrays = cases.weights(config, case.architecture)
    if without:
        arrays = {name: array for name, array in arrays.items() if "pooler" not in name}
    return config, arrays, plan, without


@pytest.mark.parametrize("name", CASES)
def test_runs_end_at_the_same_weights_and_losses(name, tmp_path):
    case = CASES[name]
    config, arrays, plan, options = start(case)
    judged = []
    found = {}
    for tree, loop in ((tree_pt, pt_loop), (tree_tf, tf_loop)):
        model = tree.new(case.architecture, config, arrays, **options)
        folder = tmp_path / tree.NAME
        folder.mkdir()
        progress = loop.train(model, plan, folder, lambda one: judged.append(one.done) is None)
        found[tree.NAME] = model.to_arrays(), progress.losses
    assert judged == [plan.per_epoch, plan.total] * 2
    ours, theirs = found["pt"], found["tf"]
    assert len(ours[1]) == plan.total
    np.testing.assert_allclose(ours[1], theirs[1], rtol=1e-8)
    moved = max(np.abs(ours[0][name] - arrays[name]).max() for name in arrays)
    assert moved > 0.005
    for name, array in ours[0].items():
        np.testing.assert_allclose(theirs[0][name], array, rtol=0, atol=1e-8, err_msg=name)
