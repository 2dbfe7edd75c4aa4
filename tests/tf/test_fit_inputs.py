"""What ``fit`` and others take: labels by name, batches by number, lists, tables, texts."""

from collections import UserDict

import keras
import numpy as np
import pandas as pd
import pytest
import tensorflow as tf

import cases
import reference
import tree_tf as tree
from camembert_dual import AutoTokenizer, TFCamembertForSequenceClassification
from camembert_dual.tf import TFCamembertTokenizer

SPAN = ("start_positions", "end_positions")
LOSSES = {
    str(loss): loss
    for loss in cases.LOSSES
    if loss.name in ("some labels", "inferred classes", "inferred number", "labels", "spans")
    or loss == next(one for one in cases.LOSSES if one.task == cases.CHOICE)
}
SMALL = {
    "hidden_dropout_prob": 0.0,
    "attention_probs_dropout_prob": 0.0,
    "num_hidden_layers": 1,
}


class Batches(keras.utils.PyDataset):
    """Batches by number, as Keras asks for them."""

    def __init__(self, *batches, **options):
        super().__init__(**options)
        self.batches = batches

    def __len__(self):
        return len(self.batches)

    def __getitem__(self, index):
        return self.batches[index]


def compiled(task, **options):
    config = cases.config(**SMALL)
    model = tree.new(task, config, cases.weights(config, task), "float32")
    model.compile(keras.optimizers.SGD(0.0), run_eagerly=True, **options)
    return model


@pytest.mark.parametrize("case", LOSSES.values(), ids=str)
def test_labels_by_name_count_wherever_they_stand(case):
    case = case._replace(config={**case.config, **SMALL})
    config, batch = cases.loss_call(case)
    arrays = cases.weights(config, case.task)
    expected = reference.forward(config, arrays, case.task, batch)["loss"]
    model = tree.new(case.task, config, arrays, "float32")
    model.compile(keras.optimizers.SGD(0.0), run_eagerly=True)
    y = {name: batch.pop(name) for name in ("labels", *SPAN) if name in batch}
    x, every = batch, batch | y
    whole = tf.data.Dataset.from_tensor_slices
    found = {
        "mappings, validation": model.fit(
            UserDict(x), UserDict(y), validation_data=(x, y), verbose=0
        ).history["val_loss"],
        "dataset": model.evaluate(whole((x, y)).batch(2), verbose=0),
        "PyDataset": model.fit(Batches((x, y)), verbose=0).history["loss"],
        "PyDataset, together": model.evaluate(Batches(every), verbose=0),
        "train_on_batch": model.train_on_batch(as_lists(x), as_lists(y)),
        "test_on_batch": model.test_on_batch(as_lists(every)),
    }
    for door, loss in found.items():
        np.testing.assert_allclose(loss, expected, rtol=1e-5, err_msg=door)


def as_lists(fields):
    return {name: value.tolist() for name, value in fields.items()}


IDS = [[5, 8, 61, 6], [5, 97, 6]]
UNEVEN = {"input_ids": IDS, "attention_mask": [[1, 1, 0, 1], [1, 1, 1]]}
EVEN = {
    "input_ids": np.array([IDS[0], [*IDS[1], 1]]),
    "attention_mask": np.array([[1, 1, 0, 1], [1, 1, 1, 0]]),
}


def test_a_table_of_pandas_holds_inputs_by_name():
    model = compiled(cases.SEQUENCE)
    labels = np.array([2, 0])
    expected = model.evaluate(EVEN, labels, verbose=0)
    table = pd.DataFrame(UNEVEN | {"labels": labels})
    inputs = table[["input_ids", "attention_mask"]]
    arrays = pd.DataFrame({name: [np.array(row) for row in UNEVEN[name]] for name in UNEVEN})
    columns = {name: table[name] for name in UNEVEN}
    for given in (
        (table,),
        (inputs, table["labels"]),
        (columns, [2, 0]),
        (arrays, table["labels"]),
    ):
        np.testing.assert_allclose(model.evaluate(*given, verbose=0), expected, rtol=1e-5)
    history = model.fit(table, validation_data=(inputs, table["labels"]), verbose=0).history
    np.testing.assert_allclose([history["loss"], history["val_loss"]], expected, rtol=1e-5)
    wide = pd.DataFrame(EVEN["input_ids"])  # a column for each token, as Keras has it
    scores = model.predict(wide, verbose=0).logits
    np.testing.assert_allclose(scores, model(EVEN["input_ids"]).logits, rtol=1e-5)


def test_lists_of_several_lengths_are_padded_with_their_labels():
    model = compiled(cases.TOKEN, weighted_metrics=["accuracy"])
    labels = [[-100, 2, 4, 0], [1, 0, 3]]
    even = np.array([labels[0], [*labels[1], -100]])
    expected = model.evaluate(EVEN, even, verbose=0)
    for given in ((UNEVEN, labels), (UNEVEN, {"labels": labels}), (UNEVEN | {"labels": labels},)):
        np.testing.assert_allclose(model.evaluate(*given, verbose=0), expected, rtol=1e-5)
    for answer in (model.predict(UNEVEN, verbose=0), model.predict_on_batch(UNEVEN)):
        np.testing.assert_allclose(answer.logits, model(EVEN).logits, rtol=0, atol=1e-5)
    weighted = model.evaluate(EVEN, even, sample_weight=np.array([0.5, 2.0]), verbose=0)
    found = model.evaluate(UNEVEN, labels, sample_weight=[0.5, 2.0], verbose=0)
    np.testing.assert_allclose(found, weighted, rtol=1e-5)
    assert abs(weighted[0] - expected[0]) > 0.01


@pytest.mark.parametrize(
    ("given", "kind"),
    [
        ([[5, 6], [1, 1]], "list"),
        ([np.array([[5, 6]]), [[1, 1]]], "list"),
        ([5, 6], "int"),
        ("Il dort.", "str"),
        (["Il dort."], "str"),
    ],
)
def test_a_call_takes_arrays_and_says_so(given, kind):
    model = compiled(cases.SEQUENCE)
    with pytest.raises(ValueError, match=f"must be a tensor or a numpy array; received {kind}"):
        model(given)


def test_a_call_names_lists_by_what_they_are_beside_others():
    model = compiled(cases.SEQUENCE)
    with pytest.raises(ValueError, match="must be a tensor or a numpy array; received list"):
        model(input_ids=[[5, 6]], attention_mask=[[1, 1]])


def test_datasets_of_text_train_and_answer_in_the_graph():
    texts = ["Le chat dort.", "Ajoutez le sel.", "Il pleut.", "Le chien court vite."]
    rows = {"text": texts, "pair": texts[::-1], "label": [0, 1, 2, 0]}
    tokenizer = AutoTokenizer.from_pretrained("camembert-tiny-fr")
    layer = TFCamembertTokenizer.from_pretrained("camembert-tiny-fr")
    with pytest.warns(UserWarning, match="new, random weights"):
        model = TFCamembertForSequenceClassification.from_pretrained(
            "camembert-tiny-fr",
            num_labels=3,
            hidden_dropout_prob=0.0,
            attention_probs_dropout_prob=0.0,
        )
    model.compile(keras.optimizers.SGD(0.0), run_eagerly=True)
    data = tf.data.Dataset.from_tensor_slices(rows).batch(2)
    given = dict(tokenizer(texts, texts[::-1], padding=True, return_tensors="np"))
    expected = model.evaluate(given, np.array(rows["label"]), verbose=0)
    encoded = data.map(
        lambda row: (layer([row["text"], row["pair"]]), {"labels": row["label"]}),
        num_parallel_calls=tf.data.AUTOTUNE,
    )
    np.testing.assert_allclose(model.fit(encoded, verbose=0).history["loss"], expected, rtol=1e-5)
    answers = model.predict(encoded, verbose=0)
    np.testing.assert_allclose(answers.logits, model(given).logits, rtol=0, atol=1e-5)


def test_the_layer_takes_strings_of_python():
    layer = TFCamembertTokenizer.from_pretrained("camembert-tiny-fr")
    texts, others = ["Il pleut.", "Le chat dort."], ["Il dort.", "Le chien court."]
    alone, pair = layer(tf.constant(texts)), layer([tf.constant(texts), tf.constant(others)])
    for expected, given in (
        (alone, texts),
        (alone, tuple(texts)),
        (alone, pd.Series(texts)),
        (pair, (texts, others)),
        (pair, [pd.Series(texts), pd.Series(others)]),
    ):
        tf.nest.map_structure(np.testing.assert_array_equal, expected, layer(given))
    tf.nest.map_structure(np.testing.assert_array_equal, layer(texts[:1]), layer(texts[0]))
