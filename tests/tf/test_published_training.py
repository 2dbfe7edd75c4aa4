"""Datasets and callbacks of ``transformers`` 4's names in Keras' ``fit``."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import camembert_dual
from camembert_dual import AutoTokenizer
from camembert_dual.tf.training import callbacks
from camembert_dual.training.data_collators import (
    DataCollatorForTokenClassification,
    DataCollatorWithPadding,
)
from hub_uploads import publishing

pytestmark = pytest.mark.filterwarnings(  # Keras', when it writes a file
    "ignore:__array__ implementation doesn't accept a copy keyword:DeprecationWarning"
)
TEXTS = ["le fromage", "la mer est belle ce soir", "un camembert", "non", "le lait de vache cru"]
LABELS = [0, 2, 1, 2, 0]
SIZES = {"hidden_size": 12, "num_attention_heads": 3, "num_hidden_layers": 1}
SMALL = {**SIZES, "intermediate_size": 20, "vocab_size": 8005, "num_labels": 3}


@pytest.fixture(scope="module")
def tokenizer():
    return AutoTokenizer.from_pretrained("camembert-tiny-fr")


@pytest.fixture(scope="module")
def model():
    keras.utils.set_random_seed(3)
    config = camembert_dual.CamembertConfig(**SMALL)
    model = camembert_dual.TFCamembertForSequenceClassification(config)
    model.compile(keras.optimizers.Adam(1e-3))
    return model


@pytest.fixture
def examples(tokenizer):
    encoded = [dict(tokenizer(text)) for text in TEXTS]
    return [
        {"text": text, "label": label, "idx": 7, **one}
        for text, label, one in zip(TEXTS, LABELS, encoded, strict=True)
    ]


def test_examples_become_batches_of_inputs_and_labels(model, tokenizer, examples):
    made = model.prepare_tf_dataset(examples, batch_size=2, shuffle=False, tokenizer=tokenizer)
    batches = list(made)
    assert [len(labels) for _, labels in batches] == [2, 2, 1] == [2, 2, len(made)] or len(
        made
    ) == 3
    assert np.concatenate([labels for _, labels in batches]).tolist() == LABELS
    for start, (inputs, _) in zip((0, 2, 4), batches, strict=True):
        expected = tokenizer(TEXTS[start : start + 2], padding=True)
        assert {name: one.numpy().tolist() for name, one in inputs.items()} == dict(expected)
    inputs, labels = made.element_spec
    assert inputs["input_ids"].shape.as_list() == [None, None]
    assert (inputs["input_ids"].dtype, labels.shape.as_list()) == (tf.int64, [None])


def test_shuffled_batches_are_whole_and_others_each_time(model, tokenizer, examples):
    keras.utils.set_random_seed(1)
    made = model.prepare_tf_dataset(examples * 5, batch_size=4, tokenizer=tokenizer)
    first, second = ([labels.numpy().tolist() for _, labels in made] for _ in range(2))
    assert [len(labels) for labels in first] == [4] * 6
    assert first != second


def test_a_model_trains_on_them(model, tokenizer, examples):
    made = model.prepare_tf_dataset(examples, batch_size=2, tokenizer=tokenizer)
    history = model.fit(made, epochs=2, verbose=0)
    assert np.isfinite(history.history["loss"]).all()


def test_a_collator_of_ones_own_takes_the_place_of_padding(model, tokenizer):
    rows = [
        {"input_ids": [5, 9, 6], "labels": [-100, 1, -100]},
        {"input_ids": [5, 6], "labels": [1, 2]},
    ]
    tagger = camembert_dual.TFCamembertForTokenClassification(model.config)
    collator = DataCollatorForTokenClassification(tokenizer, return_tensors="np")
    inputs, labels = next(iter(tagger.prepare_tf_dataset(rows, 2, False, collate_fn=collator)))
    assert inputs["input_ids"].numpy().tolist() == [[5, 9, 6], [5, 6, 1]]
    assert labels.numpy().tolist() == [[-100, 1, -100], [1, 2, -100]]


def test_what_is_alone_is_no_dict(model):
    rows = [{"input_ids": [5, 9, 6]}, {"input_ids": [5, 8, 6]}]
    assert next(iter(model.prepare_tf_dataset(rows, 2, False))).numpy().tolist() == [
        [5, 9, 6],
        [5, 8, 6],
    ]


@pytest.mark.parametrize(
    ("rows", "rule"),
    [([], "must have at least one example"), ([{"text": "le"}], "must have some of .*input_ids")],
)
def test_examples_that_make_no_batch_are_refused(model, rows, rule):
    with pytest.raises(ValueError, match=rule):
        model.prepare_tf_dataset(rows)


def batches(tokenizer, apart):
    collator = DataCollatorWithPadding(tokenizer, return_tensors="np")
    made = collator([{**tokenizer(t), "label": one} for t, one in zip(TEXTS, LABELS, strict=True)])
    data = dict(made)
    labels = data.pop("labels") if apart else None
    data = (data, labels) if apart else data
    return tf.data.Dataset.from_tensor_slices(data).batch(2)


@pytest.mark.parametrize("apart", [True, False])
def test_a_function_of_arrays_measures_each_epoch(model, tokenizer, apart):
    seen = []

    def share_right(pair):
        logits, labels = pair
        seen.append((logits.shape, labels.tolist()))
        return {"right": float((logits.argmax(-1) == labels).mean())}

    data = batches(tokenizer, apart)
    callback = camembert_dual.KerasMetricCallback(share_right, data)
    history = model.fit(data, epochs=2, verbose=0, callbacks=[callback])
    assert seen == [((5, 3), LABELS)] * 2
    expected = np.concatenate(
        [model.predict_on_batch(one[0] if apart else one)["logits"] for one in data]
    )
    assert history.history["right"][-1] == (expected.argmax(-1) == LABELS).mean()


def test_arrays_are_cut_into_batches_and_columns_are_chosen(model, tokenizer):
    arrays = dict(tokenizer(TEXTS, padding=True, return_tensors="np")) | {"labels": LABELS}
    callback = camembert_dual.KerasMetricCallback(
        lambda pair: {"sizes": pair[0].shape[1] + pair[1].size},
        arrays,
        output_cols=["logits"],
        label_cols=["labels"],
        batch_size=3,
    )
    callback.set_model(model)
    logs = {}
    callback.on_epoch_end(0, logs)
    assert logs == {"sizes": 3 + 5}
    callback.metric_fn = lambda pair: 3
    with pytest.raises(TypeError, match=r"must give numbers by name; received 3\.$"):
        callback.on_epoch_end(0, {})


def test_rows_of_several_lengths_end_in_the_ignored_label():
    joined = callbacks.joined([{"a": np.ones((2, 3))}, {"a": np.zeros((1, 5))}])
    assert joined.tolist() == [[1, 1, 1, -100, -100]] * 2 + [[0] * 5]
    assert (
        callbacks.joined([[np.ones(2), np.zeros(2)], [np.ones(1), np.zeros(1)]])[0].tolist()
        == [1] * 3
    )


def test_texts_that_the_model_writes_are_measured(tokenizer):
    config = camembert_dual.CamembertConfig(**SMALL, is_decoder=True, max_position_embeddings=40)
    writer = camembert_dual.TFCamembertForCausalLM(config)
    data = tf.data.Dataset.from_tensor_slices(
        {"input_ids": [[5, 9, 8], [5, 7, 9]], "labels": [[1, 2], [3, 4]]}
    ).batch(2)
    seen = []
    callback = camembert_dual.KerasMetricCallback(
        lambda pair: seen.append(pair) or {"n": 1},
        data,
        predict_with_generate=True,
        generate_kwargs={"max_new_tokens": 4, "eos_token_id": None},
    )
    callback.set_model(writer)
    callback.on_epoch_end(0, {})
    texts, labels = seen[0]
    assert texts.shape == (2, 7)
    assert labels.tolist() == [[1, 2], [3, 4]]


@pytest.mark.parametrize(
    ("options", "rule"),
    [
        ({"eval_dataset": {"labels": [1]}}, "batch_size must be given"),
        ({"eval_dataset": {"input_ids": [1]}, "batch_size": 1}, "must have labels"),
        (
            {"eval_dataset": {"labels": [1]}, "batch_size": 1, "label_cols": ["label"]},
            r"label_cols must be inputs .*; received label\.$",
        ),
    ],
)
def test_data_without_labels_is_refused(options, rule):
    with pytest.raises(ValueError, match=rule):
        camembert_dual.KerasMetricCallback(dict, **options)


@pytest.mark.parametrize(
    ("options", "saves"),
    [
        ({}, ["epoch 1", "epoch 2", "End"]),
        ({"save_strategy": "no"}, ["End"]),
        ({"save_strategy": "steps", "save_steps": 2}, ["step 2", "step 2", "End"]),
    ],
)
def test_a_model_is_saved_and_published_while_it_trains(
    model, tokenizer, tmp_path, monkeypatch, options, saves
):
    published = []

    def publish(save, repo_id, **given):
        save(tmp_path / f"copy{len(published)}")
        published.append((repo_id, given["token"], given["commit_message"]))

    monkeypatch.setattr(callbacks, "publish", publish)
    callback = camembert_dual.PushToHubCallback(
        tmp_path / "mine", tokenizer=tokenizer, hub_token="t", tags="french", **options
    )
    model.fit(batches(tokenizer, True), epochs=2, verbose=0, callbacks=[callback])
    assert [one[:2] for one in published] == [("mine", "t")] * len(saves)
    assert all(word in message for word, (_, _, message) in zip(saves, published, strict=True))
    again = type(model).from_pretrained(tmp_path / f"copy{len(saves) - 1}")
    for ours, theirs in zip(again.weights, model.weights, strict=True):
        np.testing.assert_array_equal(ours, theirs)
    assert AutoTokenizer.from_pretrained(tmp_path / "mine").get_vocab() == tokenizer.get_vocab()


def test_a_trained_model_is_read_from_the_hub_that_it_was_published_to(
    model, tokenizer, tmp_path, monkeypatch
):
    with publishing(monkeypatch) as hub:
        callback = camembert_dual.PushToHubCallback(
            tmp_path / "mine", tokenizer=tokenizer, hub_model_id="almanach/essai", hub_token="right"
        )
        model.fit(batches(tokenizer, True), verbose=0, callbacks=[callback])
        told = ["Training in progress, epoch 1", "End of training"]
        assert [message for _, _, message, _ in hub.commits] == told
        again = type(model).from_pretrained("almanach/essai", cache_dir=tmp_path / "cache")
        for ours, theirs in zip(again.weights, model.weights, strict=True):
            np.testing.assert_array_equal(ours, theirs)


def test_the_state_of_the_optimizer_is_saved_where_that_is_asked_for(
    model, tokenizer, tmp_path, monkeypatch
):
    monkeypatch.setattr(callbacks, "publish", lambda save, repo_id, **given: None)
    callback = camembert_dual.PushToHubCallback(tmp_path, hub_model_id="a/b", checkpoint=True)
    model.fit(batches(tokenizer, True), verbose=0, callbacks=[callback])
    again = keras.models.load_model(tmp_path / "checkpoint.keras")
    assert again.optimizer.iterations.numpy() == model.optimizer.iterations.numpy()


@pytest.mark.parametrize(
    ("options", "rule"),
    [
        ({"save_strategy": "never"}, "save_strategy must be one of no, epoch, steps"),
        ({"save_strategy": "steps"}, "save_steps must be a whole number"),
        ({"save_strategy": "no", "checkpoint": True}, "must be 'epoch' where checkpoint"),
    ],
)
def test_options_that_contradict_each_other_are_refused(tmp_path, options, rule):
    with pytest.raises(ValueError, match=rule):
        camembert_dual.PushToHubCallback(tmp_path, **options)
