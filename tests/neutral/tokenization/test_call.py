"""The call: batches, pairs, padding, truncation, windows, fields, tensors and errors."""

import warnings
from itertools import chain, pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer, models, pre_tokenizers, processors

from camembert_dual.tokenization import CamembertTokenizer
from camembert_dual.tokenization.truncation import plan_windows
from tokenization_models import SENTENCES, write_model


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory):
    return CamembertTokenizer(write_model(tmp_path_factory.mktemp("model")))


def test_one_text_gives_flat_lists_and_many_give_rows(tokenizer):
    one = tokenizer("le chat")
    assert list(one) == ["input_ids", "attention_mask"]
    many = tokenizer(["le chat", "la mer était belle"])
    assert many["input_ids"][0] == one["input_ids"]
    assert many["attention_mask"] == [[1] * len(row) for row in many["input_ids"]]
    assert tokenizer(("le chat",)).input_ids == tokenizer(np.array(["le chat"])).input_ids


def test_pairs_come_as_two_arguments_or_as_a_list_of_pairs(tokenizer):
    a, b = ["le", "la"], ["chat noir", "mer"]
    rows = tokenizer(a, b).input_ids
    assert rows == tokenizer(list(zip(a, b, strict=True))).input_ids
    assert rows == tokenizer.batch_encode_plus(list(zip(a, b, strict=True))).input_ids
    first, second = (tokenizer(x, add_special_tokens=False).input_ids for x in ("le", "chat noir"))
    assert rows[0] == [5, *first, 6, 6, *second, 6]
    assert tokenizer.encode("le", "chat noir") == rows[0]
    assert tokenizer.encode_plus("le", "chat noir").n_sequences == 2


def test_words_are_encoded_one_by_one(tokenizer):
    words = ["J'", "aime", "le", "camembert"]
    encoding = tokenizer(words, is_split_into_words=True)
    parts = [tokenizer(word, add_special_tokens=False).input_ids for word in words]
    assert encoding.input_ids == [5, *chain.from_iterable(parts), 6]
    numbers = [number for number, part in enumerate(parts) for _ in part]
    assert encoding.word_ids() == [None, *numbers, None]
    pair = tokenizer([words], [["oui", "non"]], is_split_into_words=True)
    assert pair.word_ids()[-2] == 1
    assert pair.sequence_ids().count(0) == len(numbers)


def test_a_word_that_comes_again_is_encoded_as_the_first_time(tokenizer):
    rows = [["le", "camembert", "le"], [], ["J'aime", "le", "", "camembert", "J'aime"]]
    encoding = tokenizer(rows, is_split_into_words=True, add_special_tokens=False)
    for index, row in enumerate(rows):
        alone = [tokenizer(word, add_special_tokens=False) for word in row]
        assert encoding[index].ids == list(chain.from_iterable(one.input_ids for one in alone))
        assert encoding[index].tokens == list(chain.from_iterable(one.tokens() for one in alone))
        spans = chain.from_iterable(one.encodings[0].offsets for one in alone)
        assert encoding[index].offsets == list(spans)


def test_a_word_that_comes_again_is_drawn_again(tmp_path):
    options = {"enable_sampling": True, "nbest_size": -1, "alpha": 0.1}
    tokenizer = CamembertTokenizer(write_model(tmp_path), sp_model_kwargs=options)
    encoding = tokenizer(["camembert"] * 60, is_split_into_words=True, add_special_tokens=False)
    drawn = {}
    for token, word in zip(encoding.tokens(), encoding.word_ids(), strict=True):
        drawn.setdefault(word, []).append(token)
    assert len(drawn) == 60
    assert len(set(map(tuple, drawn.values()))) > 3


def test_rows_are_padded_to_the_longest_or_to_a_length(tokenizer):
    texts = ["le", "la mer était belle"]
    plain = tokenizer(texts).input_ids
    longest = tokenizer(texts, padding=True)
    gap = len(plain[1]) - len(plain[0])
    assert longest.input_ids == [plain[0] + [1] * gap, plain[1]]
    assert longest.attention_mask == [[1] * len(plain[0]) + [0] * gap, [1] * len(plain[1])]
    assert tokenizer(texts, padding="longest", padding_side="left").input_ids[0] == (
        [1] * gap + plain[0]
    )
    fixed = tokenizer(texts, padding="max_length", max_length=20).input_ids
    assert [len(row) for row in fixed] == [20, 20]
    limit = tokenizer("le", padding="max_length").input_ids
    assert len(limit) == tokenizer.model_max_length == 512
    rounded = tokenizer(texts, padding=True, pad_to_multiple_of=16).input_ids
    assert [len(row) for row in rounded] == [16, 16]
    too_long = tokenizer(SENTENCES[:1], padding="max_length", max_length=4).input_ids
    assert too_long == tokenizer(SENTENCES[:1]).input_ids


def test_truncation_keeps_the_special_tokens(tokenizer):
    ids = tokenizer(SENTENCES[0]).input_ids
    assert tokenizer(SENTENCES[0], truncation=True, max_length=9).input_ids == [*ids[:8], 6]
    assert tokenizer(SENTENCES[0], max_length=9).input_ids == [*ids[:8], 6]
    assert tokenizer(SENTENCES[0], truncation=True, max_length=2).input_ids == [5, 6]
    long = " ".join(SENTENCES * 5)
    assert len(tokenizer(long, truncation=True).input_ids) == 512


def test_left_truncation_keeps_the_end(tmp_path):
    tokenizer = CamembertTokenizer(write_model(tmp_path), truncation_side="left")
    ids = tokenizer(SENTENCES[0]).input_ids
    assert tokenizer(SENTENCES[0], truncation=True, max_length=9).input_ids == [5, *ids[-8:]]


@settings(max_examples=300, deadline=None)
@given(a=st.integers(0, 12), b=st.integers(0, 12), budget=st.integers(0, 20))
def test_longest_first_takes_single_tokens_from_the_longer_sequence(a, b, budget):
    kept_a, kept_b = a, b
    while kept_a + kept_b > budget:
        kept_a, kept_b = (kept_a - 1, kept_b) if kept_a > kept_b else (kept_a, kept_b - 1)
    plan = plan_windows(
        np.array([a]), np.array([b]), budget=budget, strategy="longest_first", pairs=True
    )
    assert (plan.a_stop[0], plan.b_stop[0]) == (kept_a, kept_b)


@settings(max_examples=200, deadline=None)
@given(
    size=st.integers(0, 30),
    question=st.integers(1, 4),
    room=st.integers(1, 9),
    stride=st.integers(0, 8),
    side=st.sampled_from(["right", "left"]),
)
def test_windows_are_those_of_the_tokenizers_library(size, question, room, stride, side):
    if stride >= room:
        return
    words = {f"w{i}": i for i in range(40)} | {"<s>": 40, "</s>": 41}
    library = Tokenizer(models.WordLevel(words, unk_token="<s>"))
    library.pre_tokenizer = pre_tokenizers.Whitespace()
    library.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>",
        pair="<s> $A </s> </s> $B </s>",
        special_tokens=[("<s>", 40), ("</s>", 41)],
    )
    limit = question + room + 4
    library.enable_truncation(limit, stride=stride, strategy="only_second", direction=side)
    a, b = " ".join(["w0"] * question), " ".join(f"w{i}" for i in range(size))
    first = library.encode(a, b)
    expected = [one.ids for one in (first, *first.overflowing)]
    plan = plan_windows(
        np.array([question]),
        np.array([size]),
        budget=limit - 4,
        strategy="only_second",
        stride=stride,
        overflow=True,
        side=side,
        pairs=True,
    )
    ours = [
        [40, *[0] * question, 41, 41, *range(start, stop), 41]
        for start, stop in zip(plan.b_start.tolist(), plan.b_stop.tolist(), strict=True)
    ]
    assert ours == expected


def test_overflow_comes_back_as_rows_that_share_the_stride(tokenizer):
    texts = [SENTENCES[0], "le", SENTENCES[1]]
    encoding = tokenizer(
        texts,
        truncation=True,
        max_length=12,
        stride=3,
        return_overflowing_tokens=True,
        return_offsets_mapping=True,
        padding=True,
        return_tensors="np",
    )
    samples = encoding.overflow_to_sample_mapping.tolist()
    assert sorted(set(samples)) == [0, 1, 2]
    assert encoding.input_ids.shape == (len(samples), 12)
    assert encoding.offset_mapping.shape == (len(samples), 12, 2)
    rows = encoding.input_ids[np.array(samples) == 0]
    for before, after in pairwise(rows):
        assert before[-4:-1].tolist() == after[1:4].tolist()
    single = tokenizer(SENTENCES[0], max_length=12, truncation=True, return_overflowing_tokens=True)
    assert [len(row) for row in single.input_ids][:1] == [12]


def test_fields_come_when_asked_for(tokenizer):
    encoding = tokenizer(
        "le chat",
        "la mer",
        return_token_type_ids=True,
        return_attention_mask=False,
        return_special_tokens_mask=True,
        return_offsets_mapping=True,
        return_length=True,
    )
    assert list(encoding) == [
        "input_ids",
        "token_type_ids",
        "special_tokens_mask",
        "length",
        "offset_mapping",
    ]
    assert set(encoding.token_type_ids) == {0}
    assert encoding.special_tokens_mask == [int(s is None) for s in encoding.sequence_ids()]
    assert encoding.length == len(encoding.input_ids)
    assert encoding.offset_mapping[0] == (0, 0)
    assert tokenizer("le", add_special_tokens=False).input_ids[0] != 5


def test_numpy_tensors_are_int64_matrices(tokenizer):
    encoding = tokenizer(["le", "la mer"], padding=True, return_tensors="np")
    assert encoding.input_ids.dtype == encoding.attention_mask.dtype == np.int64
    assert encoding.input_ids.shape[0] == 2
    assert tokenizer("le", return_tensors="np").input_ids.ndim == 2


def test_empty_inputs_have_an_answer(tokenizer):
    assert tokenizer("").input_ids == [5, 6]
    assert tokenizer("", "").input_ids == [5, 6, 6, 6]
    assert tokenizer(" \n\u00a0").input_ids == [5, 6]
    assert tokenizer([]) == {"input_ids": [], "attention_mask": []}
    assert tokenizer([], padding=True, return_tensors="np").input_ids.shape == (0, 0)
    assert tokenizer([], is_split_into_words=True).input_ids == [5, 6]
    assert tokenizer(["", "le"], padding=True).attention_mask[0][:3] == [1, 1, 0]


@pytest.mark.parametrize(
    ("arguments", "options", "error", "message"),
    [
        ((b"le",), {}, TypeError, "decode bytes first; received bytes"),
        ((None,), {}, TypeError, "received NoneType"),
        ((7,), {}, TypeError, "received int"),
        ((["le", None],), {}, TypeError, r"text\[1\] must be a str; received NoneType"),
        ((["le", 7.5],), {}, TypeError, r"text\[1\].*received float"),
        ((["le", "la"], ["x", 3]), {}, TypeError, r"text_pair\[1\]"),
        (([["le", "la", "un"]],), {}, TypeError, "is_split_into_words=True"),
        (("le",), {"is_split_into_words": True}, TypeError, "a list of words"),
        (([["le", 3]],), {"is_split_into_words": True}, TypeError, r"text\[0\]\[1\]"),
        ((["le"], ["a", "b"]), {}, ValueError, "as long as text; received 2 for 1"),
        ((["le"], "a"), {}, ValueError, "text_pair must be a list"),
        (("le", ["a"]), {}, ValueError, "text_pair must be one text"),
        (("le \ud800",), {}, ValueError, "lone surrogates"),
        ((["a", ("b", "c")],), {}, ValueError, "all pairs; received both"),
        (("le",), {"padding": "longish"}, ValueError, "received 'longish'"),
        (("le",), {"truncation": "first"}, ValueError, "received 'first'"),
        (("le",), {"padding_side": "top"}, ValueError, "received 'top'"),
        (("le",), {"return_tensors": "jax"}, ValueError, "received 'jax'"),
        (("le",), {"truncation": True, "max_length": 1}, ValueError, "room for the special tokens"),
        (
            ("le",),
            {"truncation": "only_second", "max_length": 9},
            ValueError,
            "where there are no pairs",
        ),
        (
            (["le", "la mer était belle"],),
            {"return_tensors": "np"},
            ValueError,
            "Rows must be of one length",
        ),
        (
            (SENTENCES[0],),
            {"truncation": True, "max_length": 6, "stride": 4, "return_overflowing_tokens": True},
            ValueError,
            "stride",
        ),
        (
            (SENTENCES[0], SENTENCES[1]),
            {"truncation": True, "max_length": 9, "return_overflowing_tokens": True},
            ValueError,
            "only_first",
        ),
        (
            (SENTENCES[0], "le"),
            {"truncation": "only_second", "max_length": 9},
            ValueError,
            "leave room",
        ),
        (
            ("le",),
            {"truncation": True, "padding": True, "max_length": 9, "pad_to_multiple_of": 8},
            ValueError,
            "multiple of pad_to_multiple_of",
        ),
    ],
)
def test_wrong_calls_say_what_is_wrong(tokenizer, arguments, options, error, message):
    with pytest.raises(error, match=message):
        tokenizer(*arguments, **options)


def test_too_long_a_row_warns_once_with_the_limit(tmp_path):
    tokenizer = CamembertTokenizer(write_model(tmp_path), model_max_length=10)
    with pytest.warns(UserWarning, match=r"over the model's limit of 10; pass truncation=True"):
        tokenizer(SENTENCES[0])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        tokenizer(SENTENCES[0])
        CamembertTokenizer(write_model(tmp_path), model_max_length=10)(SENTENCES[0], verbose=False)


def test_prepare_for_model_adds_special_tokens_to_ids(tokenizer):
    prepared = tokenizer.prepare_for_model([10, 11], [12], return_special_tokens_mask=True)
    assert prepared.input_ids == [5, 10, 11, 6, 6, 12, 6]
    assert prepared.special_tokens_mask == [1, 0, 0, 1, 1, 0, 1]
    cut = tokenizer.prepare_for_model(
        list(range(10, 20)), max_length=6, truncation=True, stride=2, return_overflowing_tokens=True
    )
    assert cut.input_ids == [5, 10, 11, 12, 13, 6]
    assert cut.overflowing_tokens == [12, 13, 14, 15, 16, 17, 18, 19]
    assert cut.num_truncated_tokens == 6


def test_pad_fills_encodings_that_exist_already(tokenizer):
    encodings = [tokenizer("le"), tokenizer("la mer était belle")]
    padded = tokenizer.pad(encodings, return_tensors="np")
    direct = tokenizer(["le", "la mer était belle"], padding=True, return_tensors="np")
    np.testing.assert_array_equal(padded.input_ids, direct.input_ids)
    np.testing.assert_array_equal(padded.attention_mask, direct.attention_mask)
    rows = tokenizer.pad({"input_ids": [[5, 6], [5, 9, 6]], "other": ["x", "y"]})
    assert rows == {
        "input_ids": [[5, 6, 1], [5, 9, 6]],
        "other": ["x", "y"],
        "attention_mask": [[1, 1, 0], [1, 1, 1]],
    }
    one = tokenizer.pad({"input_ids": [5, 6]}, padding="max_length", max_length=4)
    assert one.input_ids == [5, 6, 1, 1]
    with pytest.raises(ValueError, match="input_ids"):
        tokenizer.pad({"labels": [1]})
    with pytest.raises(ValueError, match="other must have rows that can become a tensor"):
        tokenizer.pad({"input_ids": [[5], [6]], "other": [[1], [1, 2]]}, return_tensors="np")
