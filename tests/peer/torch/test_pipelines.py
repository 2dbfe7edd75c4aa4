"""Pipelines from an ONNX folder: the answers of the model that was exported."""

import numpy as np
import pytest

import camembert_dual.pt as pt
import pipeline_models as models
from camembert_dual import AutoTokenizer, pipeline
from camembert_dual.cli import main

TEXTS = list(models.TEXTS)
QA = {"question": models.QUESTION, "context": models.CONTEXT}
CHOICES = {"question": TEXTS[0], "choices": ["Il dort.", "Il mange une grande table.", "Oui."]}
CALLS = [
    ("topics", "text-classification", TEXTS, {"top_k": None}),
    ("entities", "token-classification", TEXTS, {"aggregation_strategy": "average"}),
    ("answers", "question-answering", [QA, QA], {"top_k": 3, "max_seq_len": 40, "doc_stride": 9}),
    ("choices", "multiple-choice", [CHOICES], {"top_k": 3}),
    ("masked", "fill-mask", list(models.MASKED), {}),
]


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    return models.write(tmp_path_factory.mktemp("pipelines"))


def assert_equal(one, other):
    if isinstance(one, dict):
        assert one.keys() == other.keys()
        one, other = list(one.values()), list(other.values())
    if isinstance(one, list):
        assert len(one) == len(other)
        for pair in zip(one, other, strict=True):
            assert_equal(*pair)
    elif isinstance(one, float):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5)
    else:
        assert one == other


@pytest.mark.parametrize(
    ("name", "word", "inputs", "options"), CALLS, ids=lambda one: str(one)[:20]
)
def test_an_onnx_folder_answers_as_the_model(folders, tmp_path, name, word, inputs, options):
    architecture = models.STORED[name][0]
    model = getattr(pt, architecture).from_pretrained(folders[name])
    tokenizer = AutoTokenizer.from_pretrained(folders[name])
    pt.export_onnx(model, tmp_path / "onnx", tokenizer=tokenizer)
    exported = pipeline(word, tmp_path / "onnx")
    assert exported.framework is None
    expected = pipeline(word, folders[name], backend="pt")(inputs, **options)
    assert_equal(exported(inputs, **options), expected)


def test_a_folder_of_eight_bits_is_opened(folders, tmp_path):
    source, target = folders["topics"], str(tmp_path / "onnx")
    assert main(["export", source, target, "--to", "onnx", "--int8", "--json"]) == 0
    exact = pipeline("text-classification", source, backend="pt", top_k=None)(TEXTS)
    rough = pipeline("text-classification", target, top_k=None)(TEXTS)
    scores = [
        [sorted((o["label"], o["score"]) for o in row) for row in rows] for rows in (exact, rough)
    ]
    for one, other in zip(*scores, strict=True):
        np.testing.assert_allclose([x for _, x in one], [x for _, x in other], atol=0.1)
