"""optimum's classes for onnxruntime run the folders that ``camembert-dual export`` writes."""

import numpy as np
import pytest
import torch
from optimum import onnxruntime

import camembert_dual
from camembert_dual import AutoTokenizer
from camembert_dual.cli import main

NAME = "camembert-tiny-fr"
CLASSES = {
    "CamembertModel": "ORTModelForFeatureExtraction",
    "CamembertForMaskedLM": "ORTModelForMaskedLM",
    "CamembertForSequenceClassification": "ORTModelForSequenceClassification",
    "CamembertForTokenClassification": "ORTModelForTokenClassification",
    "CamembertForQuestionAnswering": "ORTModelForQuestionAnswering",
    "CamembertForMultipleChoice": "ORTModelForMultipleChoice",
}
TEXTS = ["Le petit chat boit du lait.", "Il pleut.", "Où est la gare ?"]


def exported(architecture, folder, **options):
    """A model of random weights with the folder that the command makes of it."""
    config = camembert_dual.CamembertConfig.from_pretrained(NAME, **options)
    torch.manual_seed(0)
    model = getattr(camembert_dual, architecture)(config).eval()
    model.save_pretrained(folder / "model")
    AutoTokenizer.from_pretrained(NAME).save_pretrained(folder / "model")
    assert main(["export", str(folder / "model"), str(folder / "onnx"), "--to", "onnx"]) == 0
    return model, folder / "onnx"


def assert_same(found, expected):
    names = [name for name, value in found.items() if isinstance(value, torch.Tensor)]
    assert names
    for name in names:
        torch.testing.assert_close(found[name], expected[name], rtol=0, atol=1e-5)


@pytest.mark.parametrize("architecture", CLASSES)
def test_a_class_of_optimum_answers_what_pytorch_answers(architecture, tmp_path):
    model, folder = exported(architecture, tmp_path, num_labels=5)
    loaded = getattr(onnxruntime, CLASSES[architecture]).from_pretrained(folder)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    inputs = dict(tokenizer(TEXTS, padding=True, return_tensors="pt"))
    if architecture == "CamembertForMultipleChoice":
        inputs = {name: value[None] for name, value in inputs.items()}
    with torch.no_grad():
        assert_same(loaded(**inputs), model(**inputs))


def test_a_decoder_generates_in_optimum_what_it_generates_in_pytorch(tmp_path):
    model, folder = exported("CamembertForCausalLM", tmp_path, is_decoder=True)
    loaded = onnxruntime.ORTModelForCausalLM.from_pretrained(folder)
    inputs = AutoTokenizer.from_pretrained(folder)(TEXTS[0], return_tensors="pt")
    with torch.no_grad():
        assert_same(loaded(**inputs), model(**inputs))
    options = {"max_new_tokens": 8, "do_sample": False, "eos_token_id": None}
    for beams in (1, 3):
        found = loaded.generate(**inputs, **options, num_beams=beams)
        expected = model.generate(inputs["input_ids"], **options, num_beams=beams)
        np.testing.assert_array_equal(found, expected)
