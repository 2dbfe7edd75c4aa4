"""The steps of a run: every row once an epoch, the same after a stop, weights that sum to 1."""

import numpy as np
import pytest

from camembert_dual.training.finetuning_settings import FinetuningSettings
from camembert_dual.training.labelled import labelled_batch
from camembert_dual.training.schedules import rate_scale
from camembert_dual.training.steps import (
    balanced_weights,
    epoch_order,
    finetuning_plan,
    in_batches,
    weighted,
)

LENGTHS = np.random.default_rng(5).integers(3, 60, 53)


def collate(numbers, draws):
    return {"input_ids": np.array(numbers)[:, None], "labels": draws.integers(0, 3, len(numbers))}


def plan_of(**numbers):
    return finetuning_plan(FinetuningSettings(**numbers), LENGTHS, collate)


@pytest.mark.parametrize("by_length", [True, False])
def test_an_epoch_reads_every_row_once_and_another_differs(by_length):
    plan = plan_of(epochs=2, batch_size=4, accumulation=2, by_length=by_length)
    assert (plan.per_epoch, plan.total) == (7, 14)
    steps = list(plan.steps(0))
    rows = [np.concatenate([one["input_ids"][:, 0] for one in step.batches]) for step in steps]
    epochs = [np.concatenate(rows[:7]).tolist(), np.concatenate(rows[7:]).tolist()]
    assert [sorted(epoch) for epoch in epochs] == [list(range(53))] * 2
    assert epochs[0] != epochs[1]
    assert {len(one["labels"]) for step in steps for one in step.batches} == {4, 1}


def test_a_run_that_was_stopped_sees_the_same_steps():
    plan = plan_of(epochs=3, batch_size=8)
    whole, rest = list(plan.steps(0)), list(plan.steps(9))
    assert len(whole) == 21
    for one, two in zip(whole[9:], rest, strict=True):
        assert (one.rate, one.seed) == (two.rate, two.seed)
        for first, second in zip(one.batches, two.batches, strict=True):
            assert all(np.array_equal(first[name], second[name]) for name in first)


def test_the_rate_rises_then_falls_and_is_never_0():
    rates = [step.rate for step in plan_of(epochs=2, batch_size=4, warmup_share=0.25).steps(0)]
    assert len(rates) == 28
    expected = [5e-5 * min((n + 1) / 7, (28 - n) / 22) for n in range(28)]
    np.testing.assert_allclose(rates, expected)
    assert min(rates) > 0


def test_rows_of_similar_length_come_together():
    groups = epoch_order(LENGTHS, 4, np.random.default_rng(0), True)
    spread = [np.ptp(LENGTHS[group]) for group in groups]
    assert (
        np.mean(spread) < 6 < np.mean([np.ptp(LENGTHS[one : one + 4]) for one in range(0, 52, 4)])
    )
    assert [len(one) for one in in_batches(LENGTHS, 20)] == [20, 20, 13]
    assert LENGTHS[in_batches(LENGTHS, 20)[0]].min() >= LENGTHS[in_batches(LENGTHS, 20)[1]].max()


def test_the_weights_of_a_step_sum_to_1_over_the_labels_of_all_its_batches():
    first = {"input_ids": np.zeros((2, 3)), "labels": np.array([[0, 1, -100], [1, -100, -100]])}
    second = {"input_ids": np.zeros((1, 2)), "labels": np.array([[2, 1]])}
    one, two = weighted([first, second])
    np.testing.assert_allclose(one["weights"], np.array([[1, 1, 0], [1, 0, 0]]) / 5)
    np.testing.assert_allclose(two["weights"], np.array([[1, 1]]) / 5)
    one, two = weighted([first, second], np.array([4.0, 1.0, 2.0]))
    np.testing.assert_allclose(one["weights"], np.array([[4, 1, 0], [1, 0, 0]]) / 9)
    np.testing.assert_allclose(two["weights"], np.array([[2, 1]]) / 9)
    several = {"input_ids": np.zeros((2, 3)), "labels": np.ones((2, 5))}
    np.testing.assert_allclose(weighted([several])[0]["weights"], np.full((2, 5), 0.1))


def test_balanced_classes_weigh_alike_in_all():
    labels = np.array([0, 0, 0, 0, 2, 2, -100])
    weights = balanced_weights(labels, 3)
    np.testing.assert_allclose(weights, [6 / 8, 1.0, 6 / 4])
    assert weights[0] * 4 == weights[2] * 2


def test_batches_are_padded_by_what_their_rows_are():
    tokens = [{"input_ids": [5, 6, 7], "labels": [1, -100, 2]}, {"input_ids": [8], "labels": [0]}]
    batch = labelled_batch(tokens, 1)
    np.testing.assert_array_equal(batch["input_ids"], [[5, 6, 7], [8, 1, 1]])
    np.testing.assert_array_equal(batch["attention_mask"], [[1, 1, 1], [1, 0, 0]])
    np.testing.assert_array_equal(batch["labels"], [[1, -100, 2], [0, -100, -100]])
    choices = [{"input_ids": [[5], [6, 7]], "labels": 1}, {"input_ids": [[8, 9], [4]], "labels": 0}]
    batch = labelled_batch(choices, 1)
    np.testing.assert_array_equal(batch["input_ids"], [[[5, 1], [6, 7]], [[8, 9], [4, 1]]])
    np.testing.assert_array_equal(batch["labels"], [1, 0])


@pytest.mark.parametrize(
    ("name", "scale"),
    [
        ("classifier.dense.weight", 1.0),
        ("roberta.pooler.dense.weight", 1.0),
        ("roberta.encoder.layer.11.output.dense.weight", 0.5),
        ("encoder.layer.0.attention.self.query.bias", 0.5**12),
        ("roberta.embeddings.LayerNorm.weight", 0.5**13),
        ("embeddings.word_embeddings.weight", 0.5**13),
    ],
)
def test_the_rate_is_less_in_each_layer_below(name, scale):
    assert rate_scale(name, 12, 0.5) == scale


@pytest.mark.parametrize(
    ("numbers", "message"),
    [
        ({"epochs": 0}, "epochs must be an integer of at least 1; received 0."),
        ({"learning_rate": float("nan")}, "learning_rate must be a finite number above 0"),
        ({"warmup_share": 1.0}, "warmup_share must be at least 0 and below 1; received 1.0."),
        ({"layer_decay": 1.5}, "layer_decay must be above 0 and at most 1; received 1.5."),
        ({"class_weights": "all"}, "class_weights must be one of none, balanced; received 'all'."),
        ({"precision": "float16"}, "precision must be one of float32, bfloat16"),
        ({"batch_size": True}, "batch_size must be an integer of at least 1; received True."),
    ],
)
def test_a_number_that_breaks_its_rule_is_refused(numbers, message):
    with pytest.raises(ValueError, match=message):
        FinetuningSettings(**numbers)
