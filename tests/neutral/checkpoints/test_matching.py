"""Loading is strict and total, and says what it did."""

import numpy as np
import pytest

from camembert_dual.checkpoints.matching import LoadReport, match
from camembert_dual.parameters import parameters
from checkpoint_cases import tiny_arrays, tiny_config

MLM, BARE = "CamembertForMaskedLM", "CamembertModel"
WORDS = "roberta.embeddings.word_embeddings.weight"


def expected(task=MLM, **config):
    return parameters(tiny_config(task, **config), task)


def renamed(arrays, old, new):
    return {name.replace(old, new): one for name, one in arrays.items()}


def test_one_error_names_every_missing_unknown_and_misshaped_weight():
    arrays = tiny_arrays()
    del arrays["roberta.encoder.layer.0.output.dense.bias"]
    arrays["roberta.encoder.layer.7.output.dense.bias"] = np.zeros(24, np.float32)
    arrays["lm_head.dense.weight"] = np.zeros((24, 25), np.float32)
    with pytest.raises(ValueError, match="must hold every weight") as caught:
        match(arrays, expected())
    assert isinstance(caught.value, RuntimeError)  # as PyTorch's scripts expect it
    for name in ("layer.0.output.dense.bias", "layer.7.output.dense.bias", "lm_head.dense.weight"):
        assert name in str(caught.value)


def test_the_prefix_may_be_absent_or_present():
    for task in (MLM, BARE):
        arrays = tiny_arrays(task)
        without = renamed(arrays, "roberta.", "")
        pairs, _ = match(without, expected(task))
        assert set(pairs) == {one.name for one in expected(task)}
    with_prefix = {f"roberta.{name}": one for name, one in tiny_arrays(BARE).items()}
    assert not match(with_prefix, expected(BARE))[1].missing


def test_gamma_and_beta_are_weight_and_bias():
    arrays = renamed(tiny_arrays(), "LayerNorm.weight", "LayerNorm.gamma")
    arrays = renamed(arrays, "LayerNorm.bias", "LayerNorm.beta")
    assert not match(arrays, expected())[1].missing
    with pytest.raises(ValueError, match="given twice"):
        match(arrays | tiny_arrays(), expected())


def test_a_new_head_is_reported_and_a_half_head_refused():
    arrays = tiny_arrays(BARE)
    _, report = match(arrays, expected("CamembertForTokenClassification"))
    assert report.missing == ("classifier.weight", "classifier.bias")
    arrays["classifier.bias"] = np.zeros(2, np.float32)
    with pytest.raises(ValueError, match=r"missing: classifier\.weight"):
        match(arrays, expected("CamembertForTokenClassification"))


def test_a_decoder_that_is_neither_loaded_nor_tied_is_refused():
    with pytest.raises(ValueError, match=r"lm_head\.decoder\.weight"):
        match(tiny_arrays(), expected(tie_word_embeddings=False))


def test_mismatched_sizes_pass_only_on_request():
    arrays = tiny_arrays("CamembertForTokenClassification")
    wanted = parameters(
        tiny_config("CamembertForTokenClassification", num_labels=5),
        "CamembertForTokenClassification",
    )
    with pytest.raises(ValueError, match="of another shape"):
        match(arrays, wanted)
    pairs, report = match(arrays, wanted, ignore_mismatched_sizes=True)
    assert report.mismatched == ("classifier.weight", "classifier.bias")
    assert "classifier.weight" not in pairs


def test_casts_are_listed_with_both_types():
    _, report = match(tiny_arrays(dtype="bfloat16"), expected(), dtype="float32")
    assert f"{WORDS}: bfloat16 -> float32" in report.dtype_cast
    assert match(tiny_arrays(), expected(), dtype="float32")[1].dtype_cast == ()


def test_a_report_is_read_by_the_published_kinds():
    report = LoadReport(missing=("a",), ignored=("b", "c"), mismatched=("d",))
    kinds = ("missing_keys", "unexpected_keys", "mismatched_keys", "error_msgs")
    assert [report[kind] for kind in kinds] == [["a"], ["b", "c"], ["d"], []]


def test_reports_print_and_compare():
    one, other = (match(tiny_arrays(), expected())[1] for _ in range(2))
    assert one == other
    assert one != LoadReport()
    assert f"loaded          {len(one.loaded)}  {WORDS}" in str(one)
    assert "tied" in str(one)
    assert str(LoadReport()) == ""
