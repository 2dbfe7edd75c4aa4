"""Inputs as people hold them: ragged rows, other mappings, flags among the inputs."""

from collections import UserDict

import keras
import numpy as np
import pytest
import tensorflow as tf

import cases
import tree_tf as tree
from camembert_dual import AutoTokenizer

LENGTHS = (5, 2, 7)


def model_of(task):
    config = cases.config(hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0)
    return tree.new(task, config, cases.weights(config, task), "float32")


def rows():
    random = cases.generator("ragged")
    return [random.integers(6, 101, length).tolist() for length in LENGTHS]


def padded(values, padding):
    width = max(LENGTHS)
    return np.array([row + [padding] * (width - len(row)) for row in values], np.int32)


MASK = padded([[1] * length for length in LENGTHS], 0)
CALLS = {
    "by position": lambda ids, **flags: ((ids,), flags),
    "by name": lambda ids, **flags: ((), {"input_ids": ids, **flags}),
    "in a dict": lambda ids, **flags: (({"input_ids": ids, **flags},), {}),
    "in a list": lambda ids, **flags: (([ids],), flags),
    "in another mapping": lambda ids, **flags: ((UserDict(input_ids=ids, **flags),), {}),
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
@pytest.mark.parametrize("task", [cases.BARE, cases.TOKEN])
def test_ragged_rows_are_padded_and_masked(task, call):
    model = model_of(task)
    ids = rows()
    expected = model(padded(ids, model.config.pad_token_id), attention_mask=MASK)[0].numpy()
    args, options = call(tf.ragged.constant(ids, dtype=tf.int32), output_hidden_states=True)
    found = model(*args, **options)
    assert found.hidden_states is not None
    kept = MASK.astype(bool)
    np.testing.assert_allclose(found[0].numpy()[kept], expected[kept], rtol=0, atol=1e-6)


def test_ragged_choices_and_embeddings_have_their_own_masks():
    model, ids = model_of(cases.CHOICE), rows()
    ragged = tf.ragged.constant([ids, ids[::-1]], dtype=tf.int32)  # (B, C, T)
    dense = np.stack([padded(ids, 1), padded(ids, 1)[::-1]])
    expected = model(dense, attention_mask=np.stack([MASK, MASK[::-1]])).logits
    np.testing.assert_allclose(model(ragged).logits, expected, rtol=0, atol=1e-6)
    model = model_of(cases.SEQUENCE)
    states = cases.generator("ragged states").normal(size=(3, 7, model.config.hidden_size))
    ragged = tf.RaggedTensor.from_tensor(tf.constant(states, tf.float32), lengths=LENGTHS)
    expected = model(inputs_embeds=states.astype("f4"), attention_mask=MASK).logits
    np.testing.assert_allclose(model(inputs_embeds=ragged).logits, expected, rtol=0, atol=1e-6)


def test_what_is_ragged_beside_the_ids_is_padded_as_it_should_be():
    model = model_of(cases.TOKEN)
    ids = rows()
    random = cases.generator("ragged types")
    types = [random.integers(0, 2, length).tolist() for length in LENGTHS]
    labels = [random.integers(0, 3, length).tolist() for length in LENGTHS]
    values = {"input_ids": ids, "token_type_ids": types, "labels": labels}
    ragged = {name: tf.ragged.constant(one, dtype=tf.int32) for name, one in values.items()}
    dense = {
        "input_ids": padded(ids, model.config.pad_token_id),
        "token_type_ids": padded(types, 0),
        "labels": padded(labels, -100),
        "attention_mask": MASK,
    }
    np.testing.assert_allclose(model(ragged).loss, model(dense).loss, rtol=1e-6)


def test_ragged_datasets_train_as_padded_ones():
    ids, labels = rows(), np.array([1, 0, 2])
    histories = []
    for given in (
        {"input_ids": tf.ragged.constant(ids, dtype=tf.int32)},
        {"input_ids": padded(ids, 1), "attention_mask": MASK},
    ):
        model = model_of(cases.SEQUENCE)
        model.compile(keras.optimizers.SGD(0.1))
        data = tf.data.Dataset.from_tensor_slices((given, labels)).batch(3)
        histories.append(model.fit(data, epochs=2, verbose=0).history["loss"])
    np.testing.assert_allclose(*histories, rtol=1e-5)


@pytest.mark.parametrize("kind", [UserDict, dict])
def test_fit_evaluate_and_predict_take_any_mapping(kind):
    tokenizer = AutoTokenizer.from_pretrained("camembert-tiny-fr")
    batch = tokenizer(["un", "deux trois"], padding=True, return_tensors="np")
    inputs = {name: value % 101 for name, value in batch.items()}
    model = model_of(cases.SEQUENCE)
    expected = model.predict(inputs, verbose=0)["logits"]
    model.compile(keras.optimizers.SGD(0.0))
    given = kind(inputs)
    found = model.predict(given, verbose=0)["logits"]
    np.testing.assert_array_equal(found, expected)
    loss = model.fit(given, np.array([1, 0]), verbose=0).history["loss"][0]
    np.testing.assert_allclose(model.evaluate(given, np.array([1, 0]), verbose=0), loss, rtol=1e-6)


def test_a_flag_given_twice_is_refused():
    model = model_of(cases.BARE)
    with pytest.raises(ValueError, match="must be given once; received return_dict twice"):
        model({"input_ids": padded(rows(), 1), "return_dict": False}, return_dict=True)
    assert isinstance(model({"input_ids": padded(rows(), 1), "return_dict": False}), tuple)
