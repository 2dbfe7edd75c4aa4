"""The endpoint ``text``: strings in, answers out, equal to the pipeline and to NumPy."""

import numpy as np
import pytest
import tensorflow as tf

from camembert_dual import (
    CamembertTokenizer,
    TFCamembertForMaskedLM,
    TFCamembertForQuestionAnswering,
    TFCamembertForSequenceClassification,
    TFCamembertForTokenClassification,
    TFCamembertModel,
)
from camembert_dual.pipelines import fill_mask, softmax
from camembert_dual.tf import export_saved_model
from camembert_dual.tf.answers import text_signature

NAME = "camembert-tiny-fr"
TEXTS = ["Le petit chat boit du lait.", "Il ouvrit la porte et entra dans la chambre."]
pytestmark = pytest.mark.filterwarnings("ignore:.* starts with new, random weights:UserWarning")


@pytest.fixture(scope="module")
def tokenizer():
    return CamembertTokenizer.from_pretrained(NAME)


def strings(tensor):
    return np.vectorize(bytes.decode)(tensor.numpy())


def test_a_saved_masked_language_model_fills_masks_as_the_pipeline_does(tokenizer, tmp_path):
    texts = ["Le petit chat boit du <mask>.", "Il <mask> la porte et entra dans la chambre."]
    model = TFCamembertForMaskedLM.from_pretrained(NAME)
    export_saved_model(model, tmp_path, tokenizer=tokenizer)
    answer = tf.saved_model.load(tmp_path).signatures["text"](text=tf.constant(texts))
    for row, text in enumerate(texts):
        expected = fill_mask(model, tokenizer, text, top_k=5)[0]
        words = [one.replace("\u2581", " ").strip() for one in strings(answer["tokens"][row])]
        assert words == [one.token_str for one in expected]
        scores = [one.score for one in expected]
        np.testing.assert_allclose(answer["scores"][row], scores, rtol=1e-4)


def test_classes_come_best_first(tokenizer):
    names = {0: "non", 1: "oui", 2: "peut-être"}
    model = TFCamembertForSequenceClassification.from_pretrained(NAME, id2label=names)
    answer = text_signature(model, tokenizer)(tf.constant(TEXTS))
    given = tokenizer(TEXTS, padding=True, return_tensors="np")
    scores = softmax(model(dict(given)).logits.numpy().astype(float))
    order = np.argsort(-scores, axis=-1)
    assert strings(answer["labels"]).tolist() == [[names[i] for i in row] for row in order]
    np.testing.assert_allclose(answer["scores"], -np.sort(-scores, axis=-1), rtol=1e-4)


def test_every_token_gets_a_label(tokenizer):
    names = {0: "O", 1: "PER", 2: "LOC"}
    model = TFCamembertForTokenClassification.from_pretrained(NAME, id2label=names)
    answer = text_signature(model, tokenizer)(tf.constant(TEXTS))
    given = tokenizer(TEXTS, padding=True, return_tensors="np")
    scores = softmax(model(dict(given)).logits.numpy().astype(float))
    tokens = [tokenizer.convert_ids_to_tokens(row.tolist()) for row in given["input_ids"]]
    assert strings(answer["tokens"]).tolist() == tokens
    assert strings(answer["labels"]).tolist() == [
        [names[i] for i in row] for row in scores.argmax(-1)
    ]
    np.testing.assert_allclose(answer["scores"], scores.max(-1), rtol=1e-4)


def test_a_span_is_the_best_one_of_the_context(tokenizer):
    model = TFCamembertForQuestionAnswering.from_pretrained(NAME)
    question, context = "Qui boit ?", "Le petit chat boit du lait."
    answer = text_signature(model, tokenizer)(tf.constant([question]), tf.constant([context]))
    given = tokenizer(question, context, return_tensors="np")
    ids = given["input_ids"][0].tolist()
    first = [place for place, one in enumerate(ids) if one == tokenizer.sep_token_id][1] + 1
    output = model(dict(given))
    start, end = (
        softmax(one.numpy()[0, first:-1].astype(float))
        for one in (output.start_logits, output.end_logits)
    )
    spans = [(start[i] * end[j], i, j) for i in range(len(start)) for j in range(i, len(end))]
    score, i, j = max(spans)
    assert strings(answer["answer"])[0] == tokenizer.decode(ids[first + i : first + j + 1])
    np.testing.assert_allclose(answer["score"][0], score, rtol=1e-4)


def test_a_model_without_answers_is_refused(tokenizer):
    with pytest.raises(ValueError, match="received CamembertModel"):
        text_signature(TFCamembertModel.from_pretrained(NAME), tokenizer)
