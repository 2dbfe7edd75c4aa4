"""Collators' tensors and seeds in a framework: batches go into a model as they are."""

import os

import numpy as np
import pytest

import camembert_dual
from camembert_dual import (
    AutoTokenizer,
    DataCollatorForLanguageModeling,
    DataCollatorForTokenClassification,
    DataCollatorForWholeWordMask,
    DataCollatorWithPadding,
    DefaultDataCollator,
    set_seed,
)

BACKEND = os.environ["CAMEMBERT_BACKEND"]
PREFIX = {"pt": "", "tf": "TF"}[BACKEND]
NAME = "camembert-tiny-fr"
TEXTS = ["Le petit chat boit du lait.", "Il pleut.", "Où est la gare, s'il vous plaît ?"]


@pytest.fixture(scope="module")
def tokenizer():
    return AutoTokenizer.from_pretrained(NAME)


def rows_for(head, tokenizer):
    rows = [dict(tokenizer(text)) for text in TEXTS]
    for index, row in enumerate(rows):
        if head == "ForSequenceClassification":
            row["label"] = index % 2
        if head == "ForTokenClassification":
            row["labels"] = [place % 2 for place in range(len(row["input_ids"]))]
    return rows


@pytest.mark.parametrize(
    ("head", "collator"),
    [
        ("ForSequenceClassification", DataCollatorWithPadding),
        ("ForTokenClassification", DataCollatorForTokenClassification),
        ("ForMaskedLM", DataCollatorForLanguageModeling),
        ("ForMaskedLM", DataCollatorForWholeWordMask),
    ],
)
@pytest.mark.filterwarnings("ignore:.*new, random weights:UserWarning")
def test_a_batch_goes_into_the_model_and_holds_what_numpys_holds(head, collator, tokenizer):
    rows = rows_for(head, tokenizer)
    set_seed(3)
    batch = collator(tokenizer, return_tensors=BACKEND)(rows)
    set_seed(3)
    expected = collator(tokenizer, return_tensors="np")(rows)
    assert set(batch) == set(expected)
    for name, values in expected.items():
        assert not isinstance(batch[name], np.ndarray)
        np.testing.assert_array_equal(np.asarray(batch[name]), values)
    output = getattr(camembert_dual, f"{PREFIX}Camembert{head}").from_pretrained(NAME)(**batch)
    loss = output.loss.detach() if BACKEND == "pt" else output.loss
    assert np.isfinite(float(loss))


def test_rows_of_tensors_are_put_together():
    whole = DefaultDataCollator(BACKEND)(
        [{"x": [1.5, 2.0], "label": 1}, {"x": [0.5, 3.0], "label": 0}]
    )
    rows = [
        {"x": row, "label": label} for row, label in zip(whole["x"], whole["labels"], strict=True)
    ]
    again = DefaultDataCollator(BACKEND)(rows)
    for name in ("x", "labels"):
        assert again[name].dtype == whole[name].dtype
        np.testing.assert_array_equal(np.asarray(again[name]), np.asarray(whole[name]))
    assert "float32" in str(whole["x"].dtype)


def test_a_seed_repeats_new_weights_and_dropout():
    config = camembert_dual.CamembertConfig(
        vocab_size=23, hidden_size=12, num_hidden_layers=2, num_attention_heads=3
    )
    ids = np.array([[0, 7, 9, 11, 2]])
    found = []
    for seed in (5, 5, 6):
        set_seed(seed)
        model = getattr(camembert_dual, f"{PREFIX}CamembertModel")(config)
        options = {} if BACKEND == "pt" else {"training": True}
        hidden = (model.train() if BACKEND == "pt" else model)(ids, **options).last_hidden_state
        found.append(hidden.detach().numpy() if BACKEND == "pt" else hidden.numpy())
    np.testing.assert_array_equal(found[0], found[1])
    assert not np.allclose(found[0], found[2])
