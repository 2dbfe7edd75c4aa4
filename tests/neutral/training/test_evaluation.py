"""What a script's metrics are given, and small names beside it."""

import importlib.util

import camembert_dual
from camembert_dual import EvalPrediction


def test_predictions_are_two_or_three_parts():
    predictions, labels = EvalPrediction([[1.0, 2.0]], [1])
    assert (predictions, labels) == ([[1.0, 2.0]], [1])
    every = EvalPrediction([3], label_ids=[4], inputs=[5])
    assert [*every] == [[3], [4], [5]]
    assert (every[0], every.label_ids, every[2], every.inputs) == ([3], [4], [5], [5])


def test_frameworks_that_are_installed_are_available():
    for name, package in (("torch", "torch"), ("tf", "tensorflow")):
        is_there = importlib.util.find_spec(package) is not None
        assert getattr(camembert_dual, f"is_{name}_available")() == is_there


def test_older_names_mean_the_masked_language_model():
    for prefix in ("", "TF"):
        masked = getattr(camembert_dual, f"{prefix}AutoModelForMaskedLM")
        for name in ("ForPreTraining", "WithLMHead"):
            assert getattr(camembert_dual, f"{prefix}AutoModel{name}") is masked
