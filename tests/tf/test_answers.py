"""The endpoint ``text``: strings in, answers out, as by the tokenizer, the model and NumPy."""

import numpy as np
import pytest
import tensorflow as tf

from camembert_dual import (
    CamembertTokenizer,
    TFCamembertForCausalLM,
    TFCamembertForMaskedLM,
    TFCamembertForMultipleChoice,
    TFCamembertForQuestionAnswering,
    TFCamembertForSequenceClassification,
    TFCamembertForTokenClassification,
    TFCamembertModel,
)
from camembert_dual.common.arrays import softmax
from camembert_dual.pipelines import fill_mask
from camembert_dual.tf.export.answers import text_signature

NAME = "camembert-tiny-fr"
TEXTS = ["Le petit chat boit du lait.", "Il ouvrit la porte et entra dans la chambre."]
pytestmark = pytest.mark.filterwarnings("ignore:.* starts with new, random weights:UserWarning")


@pytest.fixture(scope="module")
def tokenizer():
    return CamembertTokenizer.from_pretrained(NAME)


def strings(tensor):
    return np.vectorize(bytes.decode)(tensor.numpy())


def words_of(pieces):
    return [one.replace("\u2581", " ").strip() for one in strings(pieces)]


def test_masks_are_filled_as_by_the_pipeline(tokenizer):
    texts = ["Le petit chat boit du <mask>.", "Il <mask> la porte et entra dans la chambre."]
    model = TFCamembertForMaskedLM.from_pretrained(NAME)
    answer = text_signature(model, tokenizer)(tf.constant(texts))
    for row, text in enumerate(texts):
        expected = fill_mask(model, tokenizer, text, top_k=5)[0]
        assert words_of(answer["tokens"][row]) == [one.token_str for one in expected]
        scores = [one.score for one in expected]
        np.testing.assert_allclose(answer["scores"][row], scores, rtol=1e-4)


def test_a_text_without_a_mask_is_refused(tokenizer):
    model = TFCamembertForMaskedLM.from_pretrained(NAME)
    endpoint = text_signature(model, tokenizer)
    long = "Le chat. " * 600 + "<mask>"
    for text in ("Le petit chat dort.", long):
        with pytest.raises(tf.errors.InvalidArgumentError, match="must contain <mask> in its"):
            endpoint(tf.constant(["Le <mask> dort.", text]))


def test_what_comes_next_is_asked_of_the_last_word(tokenizer):
    """Each text alone and without ``</s>``, so that nothing but the prompt is seen."""
    model = TFCamembertForCausalLM.from_pretrained(NAME, is_decoder=True)
    answer = text_signature(model, tokenizer, top_k=3)(tf.constant(TEXTS))
    for row, text in enumerate(TEXTS):
        ids = tokenizer(text, return_tensors="np")["input_ids"][:, :-1]
        scores = softmax(model(ids).logits.numpy()[0, -1].astype(float))
        best = np.argsort(-scores)[:3]
        assert strings(answer["tokens"])[row].tolist() == tokenizer.convert_ids_to_tokens(
            best.tolist()
        )
        np.testing.assert_allclose(answer["scores"][row], scores[best], rtol=1e-4)


def test_a_model_that_sees_both_sides_has_nothing_to_continue(tokenizer):
    model = TFCamembertForCausalLM.from_pretrained(NAME)
    with pytest.raises(
        ValueError, match="is_decoder must be True to continue a text; received False"
    ):
        text_signature(model, tokenizer)


def test_the_vector_of_a_text_is_the_mean_over_its_tokens(tokenizer):
    model = TFCamembertModel.from_pretrained(NAME)
    vectors = text_signature(model, tokenizer)(tf.constant(TEXTS))["vectors"]
    for row, text in enumerate(TEXTS):
        alone = model(dict(tokenizer(text, return_tensors="np"))).last_hidden_state[0]
        np.testing.assert_allclose(vectors[row], np.mean(alone, axis=0), rtol=0, atol=1e-5)


def test_the_best_choice_is_answered(tokenizer):
    choices = [["boit du lait.", "lit.", "dort sur le lit."], ["entra.", "sortit.", "il pleut."]]
    model = TFCamembertForMultipleChoice.from_pretrained(NAME)
    answer = text_signature(model, tokenizer)(tf.constant(TEXTS), tf.constant(choices))
    firsts = [text for text, row in zip(TEXTS, choices, strict=True) for _ in row]
    seconds = [text for row in choices for text in row]
    given = tokenizer(firsts, seconds, padding=True, return_tensors="np")
    logits = model({name: ids.reshape(2, 3, -1) for name, ids in given.items()}).logits
    scores = softmax(logits.numpy().astype(float))
    np.testing.assert_allclose(answer["scores"], scores, rtol=1e-4)
    best = [row[place] for row, place in zip(choices, scores.argmax(-1), strict=True)]
    assert strings(answer["answer"]).tolist() == best


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
