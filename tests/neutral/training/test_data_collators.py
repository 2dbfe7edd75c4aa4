"""Collators of the published names, against arrays put together by hand."""

import random

import numpy as np
import pytest

from camembert_dual import (
    AutoTokenizer,
    DataCollatorForLanguageModeling,
    DataCollatorForTokenClassification,
    DataCollatorForWholeWordMask,
    DataCollatorWithPadding,
    DefaultDataCollator,
    default_data_collator,
    set_seed,
)

TEXTS = [
    "Le petit chat boit du lait.",
    "Il pleut.",
    "Aujourd'hui, les élèves de l'école sont allés à la mer avec leurs institutrices.",
]
MASKING = [DataCollatorForLanguageModeling, DataCollatorForWholeWordMask]


@pytest.fixture(scope="module")
def tokenizer():
    return AutoTokenizer.from_pretrained("camembert-tiny-fr")


@pytest.fixture
def left():
    return AutoTokenizer.from_pretrained("camembert-tiny-fr", padding_side="left")


def same(found, expected):
    assert set(found) == set(expected)
    for name, values in expected.items():
        np.testing.assert_array_equal(found[name], values)
        assert isinstance(found[name], np.ndarray)


def padded(rows, value, width, is_left=False):
    """Rows grown to one width, one number at a time."""
    grown = []
    for row in rows:
        rest = [value] * (width - len(row))
        grown.append([*rest, *row] if is_left else [*row, *rest])
    return np.array(grown)


# equal rows -----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["label", "label_ids", "labels"])
@pytest.mark.parametrize(
    ("labels", "dtype"),
    [([2, 0, 1], "int64"), ([0.25, 1.5, -3.0], "float32"), ([[1, 2], [3, 4], [5, 6]], "int64")],
)
def test_rows_of_one_length_are_put_together(name, labels, dtype):
    rows = [
        {"input_ids": [5, 6 + i, 7], "text": "left out", "nothing": None, name: one}
        for i, one in enumerate(labels)
    ]
    expected = {"input_ids": [[5, 6, 7], [5, 7, 7], [5, 8, 7]], "labels": labels}
    for found in (
        default_data_collator(rows, return_tensors="np"),
        DefaultDataCollator("np")(rows),
        DefaultDataCollator()(rows, return_tensors="np"),
    ):
        same(found, expected)
        assert found["labels"].dtype == dtype


def test_examples_may_be_objects_and_values_arrays():
    class Example:
        def __init__(self, number):
            self.input_ids, self.label = np.array([number, 3]), np.float64(number / 8)

    found = default_data_collator([Example(1), Example(5)], "np")
    same(found, {"input_ids": [[1, 3], [5, 3]], "labels": [0.125, 0.625]})
    assert found["labels"].dtype == np.float64


def test_unequal_rows_and_no_rows_are_refused():
    with pytest.raises(ValueError, match=r"Rows of input_ids must have one shape; .*; received "):
        default_data_collator([{"input_ids": [1]}, {"input_ids": [1, 2]}], "np")
    with pytest.raises(ValueError, match=r"A batch must have at least one example; received none"):
        default_data_collator([], "np")
    with pytest.raises(ValueError, match="return_tensors must be one of np, pt, tf"):
        default_data_collator([{"input_ids": [1]}], "jax")


# padding --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "width"),
    [
        ({}, None),
        ({"pad_to_multiple_of": 8}, 32),
        ({"padding": "max_length", "max_length": 29}, 29),
    ],
)
@pytest.mark.parametrize("label", ["label", "label_ids"])
def test_padding_is_the_tokenizers_and_labels_are_one_for_each_row(
    tokenizer, options, width, label
):
    rows = [{**tokenizer(text), label: index / 4} for index, text in enumerate(TEXTS)]
    lengths = [len(row["input_ids"]) for row in rows]
    assert len(set(lengths)) == 3
    assert width is None or max(lengths) < width <= max(lengths) + 12
    width = width or max(lengths)
    found = DataCollatorWithPadding(tokenizer, return_tensors="np", **options)(rows)
    ids = padded([row["input_ids"] for row in rows], tokenizer.pad_token_id, width)
    mask = padded([[1] * length for length in lengths], 0, width)
    same(found, {"input_ids": ids, "attention_mask": mask, "labels": [0.0, 0.25, 0.5]})
    assert found["labels"].dtype == np.float32


@pytest.mark.parametrize("field", ["label", "labels"])
@pytest.mark.parametrize("side", ["right", "left"])
@pytest.mark.parametrize("label_pad", [-100, -7])
def test_labels_of_tokens_are_padded_on_the_tokenizers_side(
    tokenizer, left, field, side, label_pad
):
    chosen = left if side == "left" else tokenizer
    rows = [dict(chosen(text)) for text in TEXTS]
    for row in rows:
        row[field] = [index % 5 for index in range(len(row["input_ids"]))]
    collate = DataCollatorForTokenClassification(chosen, label_pad_token_id=label_pad)
    found = collate(rows, return_tensors="np")
    width = max(len(row["input_ids"]) for row in rows)
    is_left = side == "left"
    np.testing.assert_array_equal(
        found[field], padded([row[field] for row in rows], label_pad, width, is_left)
    )
    ids = padded([row["input_ids"] for row in rows], chosen.pad_token_id, width, is_left)
    np.testing.assert_array_equal(found["input_ids"], ids)


def test_token_classification_without_labels_and_with_too_many(tokenizer):
    collate = DataCollatorForTokenClassification(tokenizer, return_tensors="np")
    assert set(collate([tokenizer(TEXTS[0])])) == {"input_ids", "attention_mask"}
    with pytest.raises(ValueError, match=r"at most 4 labels, as tokens; received 5\."):
        collate([{"input_ids": [5, 8, 9, 6], "labels": [0] * 5}])


# masking --------------------------------------------------------------------------------------


@pytest.mark.parametrize("collator", MASKING)
@pytest.mark.parametrize("form", ["encodings", "dicts", "ids"])
def test_a_masked_batch_can_be_undone_by_its_labels(tokenizer, collator, form):
    rows = [tokenizer(text) for text in TEXTS]
    lists = [row["input_ids"] for row in rows]
    given = {"encodings": rows, "dicts": [dict(row) for row in rows], "ids": lists}[form]
    found = collator(tokenizer, mlm_probability=0.5, return_tensors="np")(given)
    assert set(found) == {"input_ids", "attention_mask", "labels"}
    width = max(map(len, lists))
    ids = padded(lists, tokenizer.pad_token_id, width)
    chosen = found["labels"] != -100
    assert chosen.any()
    np.testing.assert_array_equal(np.where(chosen, found["labels"], found["input_ids"]), ids)
    assert not chosen[np.isin(ids, tokenizer.all_special_ids)].any()
    np.testing.assert_array_equal(
        found["attention_mask"], padded([[1] * len(r) for r in lists], 0, width)
    )


def test_single_tokens_are_drawn_with_the_published_shares(tokenizer):
    ordinary = np.setdiff1d(np.arange(len(tokenizer)), tokenizer.all_special_ids)
    ids = np.random.default_rng(3).choice(ordinary[20:], (64, 500))
    set_seed(11)
    found = DataCollatorForLanguageModeling(tokenizer, return_tensors="np")(ids)
    chosen = found["labels"] != -100
    masked = found["input_ids"] == tokenizer.mask_token_id
    kept = chosen & (found["input_ids"] == ids)
    counts = np.array(
        [chosen.sum() / ids.size, masked.sum() / chosen.sum(), kept.sum() / chosen.sum()]
    )
    # five standard deviations of 32,000 tokens, or of the 4,800 that are chosen
    assert (np.abs(counts - [0.15, 0.8, 0.1]) < [0.010, 0.029, 0.022]).all()
    neighbours = chosen[:, 1:] & chosen[:, :-1]
    assert abs(neighbours.mean() - 0.15**2) < 0.006  # each token for itself


def test_whole_words_are_chosen_whole(tokenizer):
    tokens = tokenizer.tokenize(TEXTS[2])
    assert any(not token.startswith("▁") and token.isalpha() for token in tokens)
    set_seed(5)
    collate = DataCollatorForWholeWordMask(tokenizer, mlm_probability=0.5, return_tensors="np")
    encoded = tokenizer(TEXTS[2])
    pieces = encoded.tokens()
    some = False
    for _ in range(40):
        chosen = collate([encoded])["labels"][0] != -100
        for place, piece in enumerate(pieces):
            if piece.isalpha() and pieces[place - 1].lstrip("▁").isalpha():
                assert chosen[place] == chosen[place - 1]
                some |= bool(chosen[place])
    assert some


@pytest.mark.parametrize("collator", MASKING)
def test_a_special_tokens_mask_protects_tokens_and_leaves_the_batch(tokenizer, collator):
    row = dict(tokenizer(TEXTS[2], return_special_tokens_mask=True))
    protected = [2, 3, 5]
    for place in protected:
        row["special_tokens_mask"][place] = 1
    found = collator(tokenizer, mlm_probability=1.0, return_tensors="np")([row])
    assert "special_tokens_mask" not in found
    is_kept = np.array(row["special_tokens_mask"], bool)
    np.testing.assert_array_equal(found["labels"][0] == -100, is_kept)
    np.testing.assert_array_equal(
        found["input_ids"][0][is_kept], np.array(row["input_ids"])[is_kept]
    )


def test_a_causal_batch_has_its_ids_for_labels(tokenizer):
    collate = DataCollatorForLanguageModeling(
        tokenizer, mlm=False, pad_to_multiple_of=9, return_tensors="np"
    )
    found = collate([tokenizer(text) for text in TEXTS])
    assert found["input_ids"].shape[1] % 9 == 0
    is_padding = found["attention_mask"] == 0
    assert is_padding.any()
    np.testing.assert_array_equal(found["labels"] == -100, is_padding)
    np.testing.assert_array_equal(found["labels"][~is_padding], found["input_ids"][~is_padding])


@pytest.mark.parametrize("collator", MASKING)
def test_a_seed_repeats_the_masks_and_a_call_does_not(tokenizer, collator):
    collate = collator(tokenizer, return_tensors="np")
    rows = [tokenizer(text) for text in TEXTS * 3]
    set_seed(7)
    first, second = collate(rows)["labels"], collate(rows)["labels"]
    assert not np.array_equal(first, second)
    set_seed(7)
    np.testing.assert_array_equal(collate(rows)["labels"], first)


def test_a_token_added_later_may_be_hidden(left):
    collate = DataCollatorForLanguageModeling(left, mlm_probability=1.0, return_tensors="np")
    left.add_tokens(["camembertise"])
    row = left("camembertise")
    new = left.convert_tokens_to_ids("camembertise")
    assert new in row["input_ids"]
    assert new in collate([row])["labels"]


def test_a_tokenizer_without_mask_is_refused_where_one_is_needed():
    tokenizer = AutoTokenizer.from_pretrained("camembert-tiny-fr", mask_token=None)
    rule = r"The tokenizer must have bos, eos, pad and mask tokens; received none for mask_token"
    for collator in MASKING:
        with pytest.raises(ValueError, match=rule):
            collator(tokenizer)
    DataCollatorForLanguageModeling(tokenizer, mlm=False)


def test_a_seed_reaches_python_and_numpy():
    draws = []
    for _ in range(2):
        set_seed(13)
        draws.append((random.random(), np.random.random()))
    assert draws[0] == draws[1]
