"""Each runnable example of the reference page, in TensorFlow, on small local checkpoints."""

import math

import numpy as np
import pytest
import tensorflow as tf

import page
from camembert_dual import (
    AutoTokenizer,
    TFCamembertForCausalLM,
    TFCamembertForMaskedLM,
    TFCamembertForMultipleChoice,
    TFCamembertForQuestionAnswering,
    TFCamembertForSequenceClassification,
    TFCamembertForTokenClassification,
    TFCamembertModel,
)


@pytest.fixture(scope="module")
def checkpoints(tmp_path_factory):
    return page.write_checkpoints(tmp_path_factory.mktemp("checkpoints"))


def tokenize(path, *texts, **options):
    tokenizer = AutoTokenizer.from_pretrained(path)
    return tokenizer, tokenizer(*texts, return_tensors="tf", **options)


def assert_loss(loss):
    assert loss.shape == ()
    assert math.isfinite(float(loss))


def bare_model(checkpoints):
    _, inputs = tokenize(checkpoints[page.BASE], page.GREETING)
    with page.new_weights("pooler"):
        model = TFCamembertModel.from_pretrained(checkpoints[page.BASE])
    last_hidden_states = model(inputs).last_hidden_state
    assert last_hidden_states.shape == (*inputs.input_ids.shape, 24)
    np.testing.assert_array_equal(model(**inputs).last_hidden_state, last_hidden_states)


def causal_language_model(checkpoints):
    tokenizer, inputs = tokenize(checkpoints[page.BASE], page.GREETING)
    model = TFCamembertForCausalLM.from_pretrained(checkpoints[page.BASE])
    logits = model(inputs).logits
    assert logits.shape == (*inputs.input_ids.shape, len(tokenizer))


def masked_language_model(checkpoints):
    tokenizer, inputs = tokenize(checkpoints[page.BASE], page.BLANK)
    model = TFCamembertForMaskedLM.from_pretrained(checkpoints[page.BASE])
    logits = model(**inputs).logits
    is_mask = inputs.input_ids == tokenizer.mask_token_id
    selected_logits = tf.gather_nd(logits[0], indices=tf.where(is_mask[0]))
    predicted_token_id = tf.math.argmax(selected_logits, axis=-1)
    assert isinstance(tokenizer.decode(predicted_token_id), str)
    labels = tokenizer(page.FILLED, return_tensors="tf")["input_ids"]
    loss = model(**inputs, labels=tf.where(is_mask, labels, -100)).loss
    (word,) = labels[is_mask].numpy()
    assert_loss(loss)
    np.testing.assert_allclose(loss, -tf.nn.log_softmax(selected_logits)[0, word], rtol=1e-5)


def sequence_classification(checkpoints):
    _, inputs = tokenize(checkpoints[page.EMOTION], page.GREETING)
    model = TFCamembertForSequenceClassification.from_pretrained(checkpoints[page.EMOTION])
    logits = model(**inputs).logits
    assert logits.shape == (1, 4)
    labels = page.STORED[page.EMOTION][1]
    assert model.config.id2label[int(tf.math.argmax(logits, axis=-1)[0])] in labels
    model = TFCamembertForSequenceClassification.from_pretrained(
        checkpoints[page.EMOTION], num_labels=len(model.config.id2label)
    )
    assert tuple(model.config.id2label.values()) == labels
    assert_loss(model(**inputs, labels=tf.constant(1)).loss)


def multiple_choice(checkpoints):
    _, encoding = tokenize(
        checkpoints[page.BASE], [page.PIZZA, page.PIZZA], list(page.ENDINGS), padding=True
    )
    with page.new_weights("classifier", "roberta.pooler"):
        model = TFCamembertForMultipleChoice.from_pretrained(checkpoints[page.BASE])
    inputs = {name: tf.expand_dims(value, 0) for name, value in encoding.items()}
    assert model(inputs).logits.shape == (1, 2)


def token_classification(checkpoints):
    _, inputs = tokenize(checkpoints[page.ENTITIES], page.COMPANY, add_special_tokens=False)
    model = TFCamembertForTokenClassification.from_pretrained(checkpoints[page.ENTITIES])
    logits = model(**inputs).logits
    predicted_token_class_ids = tf.math.argmax(logits, axis=-1)
    found = predicted_token_class_ids[0].numpy().tolist()
    classes = [model.config.id2label[t] for t in found]
    assert len(classes) == inputs.input_ids.shape[1]
    assert set(classes) <= set(page.STORED[page.ENTITIES][1])
    assert_loss(tf.math.reduce_mean(model(**inputs, labels=predicted_token_class_ids).loss))


def question_answering(checkpoints):
    tokenizer, inputs = tokenize(checkpoints[page.ANSWERS], *page.QUESTION)
    model = TFCamembertForQuestionAnswering.from_pretrained(checkpoints[page.ANSWERS])
    outputs = model(**inputs)
    assert outputs.start_logits.shape == outputs.end_logits.shape == inputs.input_ids.shape
    start = int(tf.math.argmax(outputs.start_logits, axis=-1)[0])
    end = int(tf.math.argmax(outputs.end_logits, axis=-1)[0])
    assert isinstance(tokenizer.decode(inputs.input_ids[0, start : end + 1]), str)
    assert inputs.input_ids.shape[1] > 15  # or the positions below would be passed over
    positions = {"start_positions": tf.constant([14]), "end_positions": tf.constant([15])}
    assert_loss(tf.math.reduce_mean(model(**inputs, **positions).loss))


EXAMPLES = (
    bare_model,
    causal_language_model,
    masked_language_model,
    sequence_classification,
    multiple_choice,
    token_classification,
    question_answering,
)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.__name__)
def test_an_example_of_the_page_runs(example, checkpoints):
    example(checkpoints)
