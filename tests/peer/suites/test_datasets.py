"""With the ``datasets`` library: its cache of ``map``, its batches for Keras and for PyTorch."""

import datasets
import numpy as np
import pytest
import torch
from datasets.fingerprint import Hasher

import camembert_dual

TEXTS = ["la vache", "le lait cru de vache", "non"]
SIZES = {"hidden_size": 12, "num_attention_heads": 3, "num_hidden_layers": 1}
CLASSES = ["CamembertTokenizer", "CamembertTokenizerFast"]
COLUMNS = ["input_ids", "attention_mask"]


@pytest.fixture(scope="module")
def tokenizer():
    return camembert_dual.AutoTokenizer.from_pretrained("camembert-tiny-fr")


@pytest.fixture
def encoded(tokenizer, tmp_path):
    data = datasets.Dataset.from_dict({"text": TEXTS, "label": [0, 1, 2]})
    data.save_to_disk(str(tmp_path))
    data = datasets.load_from_disk(str(tmp_path))
    return data.map(lambda rows: tokenizer(rows["text"], truncation=True), batched=True)


@pytest.mark.parametrize("name", CLASSES)
def test_use_does_not_change_what_a_cache_is_named_after(name):
    cls = getattr(camembert_dual, name)
    tokenizer = cls.from_pretrained("camembert-tiny-fr")
    before = Hasher.hash(tokenizer)
    tokenizer(["la vache <mask>", "le " * 600], return_offsets_mapping=True).word_ids(0)
    tokenizer.decode([5, 9, 6])
    assert Hasher.hash(tokenizer) == before
    assert Hasher.hash(cls.from_pretrained("camembert-tiny-fr")) == before
    tokenizer.add_tokens(["crèmerie"])
    assert Hasher.hash(tokenizer) != before


def test_a_map_is_found_again_after_the_tokenizer_was_used(tokenizer, tmp_path):
    data = datasets.Dataset.from_dict({"text": TEXTS})
    data.save_to_disk(str(tmp_path))
    data = datasets.load_from_disk(str(tmp_path))

    def encode(row):
        return tokenizer(row["text"])

    first = data.map(encode)
    files = sorted(tmp_path.glob("cache-*"))
    tokenizer("la <mask> " * 300)
    assert data.map(encode)._fingerprint == first._fingerprint
    assert sorted(tmp_path.glob("cache-*")) == files
    assert first["input_ids"] == tokenizer(TEXTS).input_ids


@pytest.fixture(scope="module")
def model():
    config = camembert_dual.CamembertConfig(
        **SIZES, intermediate_size=20, vocab_size=8005, num_labels=3
    )
    model = camembert_dual.TFCamembertForSequenceClassification(config)
    model.compile("adam")
    return model


def test_a_dataset_becomes_batches_of_a_models_inputs(model, tokenizer, encoded):
    made = model.prepare_tf_dataset(encoded, batch_size=2, shuffle=False, tokenizer=tokenizer)
    (inputs, labels), _ = made
    assert {name: one.numpy().tolist() for name, one in inputs.items()} == dict(
        tokenizer(TEXTS[:2], padding=True)
    )
    assert labels.numpy().tolist() == [0, 1]
    assert np.isfinite(model.fit(made, verbose=0).history["loss"]).all()


@pytest.mark.parametrize(
    ("columns", "label_cols"), [(COLUMNS, ["labels"]), ([*COLUMNS, "labels"], None)]
)
def test_its_own_batches_train_a_keras_model(model, tokenizer, encoded, columns, label_cols):
    collate = camembert_dual.DataCollatorWithPadding(tokenizer, return_tensors="tf")
    made = encoded.to_tf_dataset(
        columns=columns, label_cols=label_cols, shuffle=True, batch_size=2, collate_fn=collate
    )
    assert np.isfinite(model.fit(made, verbose=0).history["loss"]).all()
    assert model.predict(made, verbose=0)["logits"].shape == (len(TEXTS), 3)


def test_its_tensors_are_put_together_for_pytorch(tokenizer, encoded):
    rows = encoded.with_format("torch").remove_columns("text")
    collate = camembert_dual.DataCollatorWithPadding(tokenizer)
    (batch,) = torch.utils.data.DataLoader(rows, batch_size=3, collate_fn=collate)
    expected = tokenizer(TEXTS, padding=True, return_tensors="pt")
    assert all(torch.equal(batch[name], expected[name]) for name in expected)
    assert batch["labels"].tolist() == [0, 1, 2]
