"""Vectors of texts in a framework: what each text gives alone, in the order of the texts."""

import os

import numpy as np
import pytest

import camembert_dual
from camembert_dual import AutoTokenizer
from camembert_dual.pipelines import embed

PREFIX = {"pt": "", "tf": "TF"}[os.environ["CAMEMBERT_BACKEND"]]
NAME = "camembert-tiny-fr"
TEXTS = ["Le petit chat boit du lait.", "Il pleut.", "", "Où est la gare, s'il vous plaît ?", "Oui"]


@pytest.fixture(scope="module")
def tokenizer():
    return AutoTokenizer.from_pretrained(NAME)


def loaded(head, **options):
    return getattr(camembert_dual, f"{PREFIX}Camembert{head}").from_pretrained(NAME, **options)


@pytest.fixture(scope="module")
def model():
    return loaded("Model", add_pooling_layer=False)


def alone(model, tokenizer, text):
    """The states of the tokens of one text (T, D)."""
    output = model(**tokenizer(text, return_tensors="np"))
    states = output.last_hidden_state
    return np.asarray(states.detach() if hasattr(states, "detach") else states)[0]


@pytest.mark.parametrize(
    ("pooling", "of_tokens"),
    [
        ("mean", lambda states: states.mean(axis=0)),
        ("cls", lambda states: states[0]),
        ("max", lambda states: states.max(axis=0)),
    ],
)
def test_a_vector_is_that_of_the_text_alone(model, tokenizer, pooling, of_tokens):
    found = embed(model, tokenizer, TEXTS, pooling=pooling, batch_size=2)
    assert (found.dtype, found.shape) == (np.float32, (5, model.config.hidden_size))
    for text, vector in zip(TEXTS, found, strict=True):
        expected = of_tokens(alone(model, tokenizer, text))
        np.testing.assert_allclose(vector, expected, rtol=0, atol=2e-5)


def test_a_head_is_passed_over_and_vectors_get_the_length_1(model, tokenizer):
    plain = embed(model, tokenizer, TEXTS)
    found = embed(loaded("ForMaskedLM"), tokenizer, TEXTS, normalize=True)
    lengths = np.linalg.norm(plain, axis=1, keepdims=True)
    np.testing.assert_allclose(found, plain / lengths, rtol=0, atol=1e-5)


def test_a_long_text_is_cut(model, tokenizer, capsys):
    long = "le chat " * 400
    found = embed(model, tokenizer, [long], max_length=7, progress=True)
    assert "1/1" in capsys.readouterr().err
    first = tokenizer(long, truncation=True, max_length=7)["input_ids"]
    assert len(first) == 7
    text = tokenizer.decode(first, skip_special_tokens=True)
    np.testing.assert_allclose(found, embed(model, tokenizer, [text]), rtol=0, atol=2e-5)
    assert embed(model, tokenizer, [long]).shape == (1, model.config.hidden_size)


def test_no_texts_give_no_vectors_and_what_is_none_is_refused(model, tokenizer):
    assert embed(model, tokenizer, []).shape == (0, model.config.hidden_size)
    with pytest.raises(ValueError, match=r"texts must be a sequence of texts; received str"):
        embed(model, tokenizer, "Oui")
    with pytest.raises(ValueError, match=r"batch_size must be an integer of at least 1"):
        embed(model, tokenizer, TEXTS, batch_size=0)
    with pytest.raises(ValueError, match=r"pooling must be one of mean, cls, max"):
        embed(model, tokenizer, TEXTS, pooling="sum")
    with pytest.raises(ValueError, match=r"A model must be of camembert_dual; received str"):
        embed("model", tokenizer, TEXTS)
