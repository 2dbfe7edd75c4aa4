"""Pipelines answer the same in both frameworks, and from what TensorFlow serves; the page runs."""

import re
from pathlib import Path

import numpy as np
import pytest

import camembert_dual.tf as tf
import pipeline_models as models
from camembert_dual import pipeline

PAGE = Path(__file__).parents[2] / "docs" / "pipelines.md"
BLOCK = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
TEXTS = list(models.TEXTS)
QA = {"question": models.QUESTION, "context": models.CONTEXT}
CHOICES = {"question": TEXTS[0], "choices": ["Il dort.", "Il mange une grande table.", "Oui."]}
CALLS = [
    ("masked", "fill-mask", list(models.MASKED), {"top_k": 3}),
    ("topics", "text-classification", TEXTS, {"top_k": None}),
    ("several", "text-classification", TEXTS, {"top_k": 2}),
    ("number", "text-classification", TEXTS, {"function_to_apply": "none"}),
    ("nli", "zero-shot-classification", TEXTS, {"candidate_labels": "sport, météo"}),
    ("entities", "ner", TEXTS, {}),
    ("entities", "ner", [models.LONG * 2], {"aggregation_strategy": "max", "stride": 8}),
    ("answers", "question-answering", [QA, QA], {"top_k": 3, "max_seq_len": 40, "doc_stride": 9}),
    ("choices", "multiple-choice", [CHOICES, CHOICES], {"top_k": 3}),
    ("masked", "feature-extraction", TEXTS, {}),
    ("masked", "sentence-embeddings", TEXTS, {"normalize": True, "pooling": "max"}),
    ("decoder", "text-generation", TEXTS, {"max_new_tokens": 5, "num_beams": 2}),
    ("decoder", "text-generation", TEXTS, {"max_new_tokens": 5, "do_sample": True, "seed": 3}),
]


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    return models.write(tmp_path_factory.mktemp("pipelines"))


def assert_equal(one, other, path="answer"):
    if isinstance(one, dict):
        assert one.keys() == other.keys(), path
        for key in one:
            assert_equal(one[key], other[key], f"{path}[{key!r}]")
    elif isinstance(one, list):
        assert len(one) == len(other), path
        for number, pair in enumerate(zip(one, other, strict=True)):
            assert_equal(*pair, f"{path}[{number}]")
    elif isinstance(one, float):
        assert np.isfinite(one), path
        assert one == pytest.approx(other, rel=1e-4, abs=1e-5), path
    else:
        assert one == other, path


@pytest.mark.parametrize(("name", "word", "inputs", "options"), CALLS, ids=str)
def test_both_frameworks_answer_the_same(folders, name, word, inputs, options):
    found = [pipeline(word, folders[name], backend=one)(inputs, **options) for one in ("pt", "tf")]
    assert_equal(*found)


@pytest.mark.parametrize(
    ("name", "word", "architecture"),
    [
        ("topics", "text-classification", "TFCamembertForSequenceClassification"),
        ("entities", "token-classification", "TFCamembertForTokenClassification"),
        ("answers", "question-answering", "TFCamembertForQuestionAnswering"),
        ("choices", "multiple-choice", "TFCamembertForMultipleChoice"),
        ("masked", "fill-mask", "TFCamembertForMaskedLM"),
    ],
)
def test_a_saved_model_answers_the_same(folders, tmp_path, name, word, architecture):
    (inputs, options) = next((one[2], one[3]) for one in CALLS if one[0] == name)
    options = {key: one for key, one in options.items() if key != "stride"}
    model = getattr(tf, architecture).from_pretrained(folders[name])
    tf.export_saved_model(model, tmp_path / "saved")
    where = {"config": folders[name], "tokenizer": folders[name]}
    served = pipeline(word, tmp_path / "saved", **where)
    assert served.framework is None
    assert_equal(
        served(inputs, **options), pipeline(word, folders[name], backend="pt")(inputs, **options)
    )


def test_an_export_says_what_it_lacks(folders, tmp_path):
    tf.export_saved_model(
        tf.TFCamembertForMaskedLM.from_pretrained(folders["masked"]), tmp_path / "saved"
    )
    with pytest.raises(FileNotFoundError):
        pipeline("fill-mask", tmp_path / "saved")
    where = {"config": folders["decoder"], "tokenizer": folders["decoder"]}
    for word, message in (("sentence-embeddings", "last_hidden_state"), ("text-generation", "pac")):
        with pytest.raises(ValueError, match=message):
            pipeline(word, tmp_path / "saved", **where)("Oui.")


def test_the_page_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    blocks = BLOCK.findall(PAGE.read_text("utf-8"))
    for block in blocks:
        exec(block, names)
    assert len(blocks) == 5
