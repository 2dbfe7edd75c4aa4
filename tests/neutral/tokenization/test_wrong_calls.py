"""Calls that cannot mean what they say: one refusal of one line, the same in every class."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from camembert_dual.tokenization import CamembertTokenizer, CamembertTokenizerFast, TokenizerFast
from tokenization_models import write_model

CLASSES = [CamembertTokenizer, CamembertTokenizerFast, TokenizerFast]
DEEP = []
for _ in range(100_000):
    DEEP = [DEEP]


@pytest.fixture(scope="module")
def tokenizers(tmp_path_factory):
    folder = tmp_path_factory.mktemp("model")
    CamembertTokenizer(write_model(folder)).save_pretrained(folder)
    return [cls.from_pretrained(folder) for cls in CLASSES]


def refusals(tokenizers, call):
    """The texts of the refusals, one for each class; each is of the one form."""
    texts = []
    for tokenizer in tokenizers:
        with pytest.raises((TypeError, ValueError), match=r"must .*; received .*\.$") as caught:
            call(tokenizer)
        text = str(caught.value)
        assert text.isprintable()
        assert len(text) < 500
        texts.append((type(caught.value), text))
    return texts


IDS = {
    "a text": "abc",
    "texts": ["5", "6"],
    "nothing": None,
    "a fraction": 5.0,
    "fractions": np.array([5.0, 6.0]),
    "truth": [True, False],
    "truths": np.array([True]),
    "rows": [[5, 6], [5, 6]],
    "a matrix": np.zeros((2, 3), int),
    "too deep": DEEP,
    "negative": [5, -1],
    "minus one": -1,
    "too large": [10**6],
    "far too large": 2**70,
    "nan": float("nan"),
    "a mapping": {5: 6},
    "bytes": b"\x05",
    "an object": object(),
}
DECODERS = {
    "decode": lambda t, ids: t.decode(ids),
    "skipping": lambda t, ids: t.decode(ids, skip_special_tokens=True),
    "batch_decode": lambda t, ids: t.batch_decode([ids]),
    "convert": lambda t, ids: t.convert_ids_to_tokens(ids),
    "build": lambda t, ids: t.build_inputs_with_special_tokens(ids),
    "pair": lambda t, ids: t.create_token_type_ids_from_sequences(ids),
    "mask": lambda t, ids: t.get_special_tokens_mask(ids, None, True),
    "mask before": lambda t, ids: t.get_special_tokens_mask(ids),
    "prepare": lambda t, ids: t.prepare_for_model(ids),
}


@pytest.mark.parametrize("name", DECODERS)
@pytest.mark.parametrize("ids", IDS.values(), ids=IDS)
def test_what_are_no_ids_is_refused_alike(tokenizers, name, ids):
    assert len(set(refusals(tokenizers, lambda t: DECODERS[name](t, ids)))) == 1


OPTIONS = {
    "padding": ["longish", 1, 0, 1.0, [], "true", b"longest"],
    "truncation": ["first", 1, {}, "false", "only_third"],
    "max_length": [-1, 1.5, "8", True, float("nan"), [8]],
    "stride": [-1, None, "1", 0.5, True],
    "pad_to_multiple_of": [-8, 0, 8.0, "8", True],
    "padding_side": ["top", 1, True, ["left"]],
    "return_tensors": ["jax", True, 1, ["np"]],
    "add_special_tokens": ["false", None, 1, 0],
    "return_token_type_ids": ["no", 1],
    "return_attention_mask": ["no", 0],
    "return_overflowing_tokens": [None, "yes"],
    "return_special_tokens_mask": [None, 1],
    "return_offsets_mapping": ["", 2],
    "return_length": [None, "x"],
    "verbose": [None, "x"],
    "is_split_into_words": [None, "x", 1],
}
CASES = [(name, value) for name, values in OPTIONS.items() for value in values]


@pytest.mark.parametrize(("name", "value"), CASES, ids=repr)
def test_an_option_of_another_kind_is_refused_wherever_it_is_given(tokenizers, name, value):
    calls = [lambda t: t("le", **{name: value}), lambda t: t(["le", "la"], **{name: value})]
    calls += [lambda t: t.encode("le", **{name: value})]
    if name != "is_split_into_words":
        calls += [lambda t: t.prepare_for_model([7], **{name: value})]
    if name in ("padding", "max_length", "pad_to_multiple_of", "padding_side", "return_tensors"):
        calls += [lambda t: t.pad([{"input_ids": [7]}], **{name: value})]
    texts = {text for call in calls for text in refusals(tokenizers, call)}
    assert len(texts) == 1
    assert next(iter(texts))[1].startswith(f"{name} must be ")


DECODING = ["skip_special_tokens", "clean_up_tokenization_spaces", "spaces_between_special_tokens"]


@pytest.mark.parametrize("name", DECODING)
@pytest.mark.parametrize("value", ["false", 1, [], "x\n\x1b[31m" * 200], ids=repr)
def test_a_flag_of_decoding_is_true_or_false(tokenizers, name, value):
    refusals(tokenizers, lambda t: t.decode([5, 6], **{name: value}))


SETTINGS = {
    "padding_side": ["top", 1],
    "truncation_side": ["bottom", True],
    "model_max_length": ["512", 0, -1, float("nan"), float("inf"), True, [512]],
    "model_input_names": ["input_ids", [1], 5],
    "clean_up_tokenization_spaces": ["false", 0],
    "sp_model_kwargs": ["x", {"model_file": "/etc/passwd"}, {"enable_sampling": "yes"}, {1: 2}],
}
SET = [(name, value) for name, values in SETTINGS.items() for value in values]


@pytest.mark.parametrize(("name", "value"), SET, ids=repr)
def test_a_setting_of_another_kind_is_refused_when_given_and_when_used(
    tokenizers, tmp_path, name, value
):
    path = write_model(tmp_path)
    for cls in CLASSES[:2]:
        with pytest.raises(ValueError, match=r"must .*; received .*\.$"):
            cls(path, **{name: value})
    if name == "sp_model_kwargs":
        return
    for tokenizer in tokenizers:
        kept = getattr(tokenizer, name)
        setattr(tokenizer, name, value)
        try:
            with pytest.raises(ValueError, match=f"^{name} must be .*; received .*[.]$"):
                tokenizer("le")
        finally:
            setattr(tokenizer, name, kept)


PADDED = {
    "a text": "abc",
    "nothing": None,
    "a number": 5,
    "no ids": {"attention_mask": [1]},
    "texts": ["abc"],
    "rows of text": {"input_ids": ["a", "b"]},
    "no rows": {"input_ids": 5},
    "ragged depth": {"input_ids": [[5], 6]},
    "another length": {"input_ids": [[5, 6]], "attention_mask": [[1]]},
    "another number": {"input_ids": [[5, 6]], "attention_mask": [[1, 1], [1, 1]]},
    "a field missing": [{"input_ids": [5], "attention_mask": [1]}, {"input_ids": [6]}],
    "truths": {"input_ids": [True]},
}


@pytest.mark.parametrize("encoded", PADDED.values(), ids=PADDED)
def test_what_cannot_be_padded_is_refused(tokenizers, encoded):
    assert len(set(refusals(tokenizers, lambda t: t.pad(encoded)))) == 1


TOKENS = [None, 5, [5], ["le", None], Ellipsis, b"le", [["le"]]]


@pytest.mark.parametrize("tokens", TOKENS, ids=repr)
def test_what_are_no_tokens_is_refused(tokenizers, tokens):
    assert len(set(refusals(tokenizers, lambda t: t.convert_tokens_to_ids(tokens)))) == 1
    assert len(set(refusals(tokenizers, lambda t: t.convert_tokens_to_string(tokens)))) == 1


TEXTS = [None, 5, 1.5, b"le", ["le", None], [b"le"], {"text": "le"}, [["le", 5]], [DEEP], Ellipsis]


@pytest.mark.parametrize("text", TEXTS, ids=lambda text: repr(text)[:20] if text != [DEEP] else "")
def test_what_is_no_text_is_refused(tokenizers, text):
    calls = [
        lambda t: t(text),
        lambda t: t("le", 5 if text is None else text),
        lambda t: t(text, is_split_into_words=True),
        lambda t: t.encode(text),
        lambda t: t.batch_encode_plus([text]),
        lambda t: t(["le"], [text]),
        lambda t: t.tokenize(text),
    ]
    for call in calls:
        assert len(set(refusals(tokenizers, call))) == 1


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2), inner),
    max_leaves=6,
)
METHODS = (
    *("__call__", "encode", "tokenize", "decode", "batch_decode", "convert_ids_to_tokens"),
    *("convert_tokens_to_ids", "convert_tokens_to_string", "add_tokens", "pad"),
    *("prepare_for_model", "build_inputs_with_special_tokens", "get_special_tokens_mask"),
    *("create_token_type_ids_from_sequences", "batch_encode_plus"),
)


@settings(max_examples=300, deadline=None)
@given(method=st.sampled_from(METHODS), value=anything, option=st.sampled_from(sorted(OPTIONS)))
def test_whatever_is_passed_works_or_is_refused_in_one_line(tokenizers, method, value, option):
    for tokenizer in tokenizers:
        for arguments, options in (((value,), {}), (("le",), {option: value})):
            text = ""
            try:
                getattr(tokenizer, method)(*arguments, **options)
            except (TypeError, ValueError) as error:
                text = str(error)
            assert "\n" not in text
            assert len(text) < 500
