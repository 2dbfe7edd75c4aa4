"""Spellings of ``transformers`` 4: options from years before, labels, tools, what is refused."""

import pytest
from tokenizers import AddedToken

from camembert_dual.tokenization import (
    AutoTokenizer,
    CamembertTokenizer,
    CamembertTokenizerFast,
    published,
)
from camembert_dual.tokenization.deprecated import OLD_OPTIONS
from tokenization_models import SENTENCES, write_model

CLASSES = [CamembertTokenizer, CamembertTokenizerFast]
LONG = " ".join(SENTENCES[:3])


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("model")
    CamembertTokenizer(write_model(path)).save_pretrained(path)
    return path


@pytest.fixture(params=CLASSES)
def tokenizer(request, folder):
    return request.param.from_pretrained(folder)


TODAY = [
    ({"pad_to_max_length": True}, {"padding": "longest"}, [LONG, "le"]),
    (
        {"pad_to_max_length": True, "max_length": 9},
        {"padding": "max_length", "truncation": True, "max_length": 9},
        [LONG, "le"],
    ),
    (
        {"pad_to_max_length": True, "truncation": "only_first", "max_length": 99},
        {"padding": "max_length", "truncation": "only_first", "max_length": 99},
        [[LONG, "la"], ["le", "la"]],
    ),
    (
        {"truncation_strategy": "only_second", "model_max_length": 40},
        {"truncation": "only_second", "model_max_length": 40},
        [["le", LONG]],
    ),
    (
        {"truncation_strategy": "only_first", "max_length": 90, "padding": "longest"},
        {"truncation": "only_first", "max_length": 90, "padding": "longest"},
        [[LONG, "la"], ["le", "la"]],
    ),
]


@pytest.mark.parametrize(("old", "today", "texts"), TODAY)
def test_options_from_years_before_mean_those_of_today(tokenizer, old, today, texts):
    old, today = dict(old), dict(today)
    tokenizer.model_max_length = old.pop("model_max_length", today.pop("model_max_length", 512))
    with pytest.warns(
        FutureWarning, match=r"^\w+ is deprecated; write .*truncation|padding"
    ) as told:
        found = tokenizer(texts, **old)
    assert told[0].filename == __file__
    assert found == tokenizer(texts, **today)


def test_options_from_years_before_pass_in_silence_where_they_ask_for_nothing(tokenizer):
    unset = {row.name: row.unset for row in OLD_OPTIONS}
    assert tokenizer(LONG, **unset) == tokenizer(LONG)
    late = {"pad_to_max_length": True, "padding": True, "truncation_strategy": "only_first"}
    assert tokenizer(LONG, truncation=True, **late) == tokenizer(LONG, truncation=True)
    options = {"truncation_strategy": "only_first", "max_length": 20}
    assert tokenizer(LONG, LONG, **options) == tokenizer(LONG, LONG, max_length=20)
    assert tokenizer("le", pad_to_max_length=True, verbose=False) == tokenizer("le", padding=True)
    with pytest.raises(TypeError, match=r"must have known options; received 'paddin'\.$"):
        tokenizer("le", paddin=True)


def test_the_other_names_of_a_call_take_their_options_in_the_published_order(tokenizer):
    expected = tokenizer(LONG, "la", padding="max_length", truncation=True, max_length=30)
    assert tokenizer.encode_plus(LONG, "la", True, "max_length", True, 30) == expected
    assert tokenizer(LONG, "la", None, None, True, "max_length", True, 30) == expected
    assert tokenizer.encode(LONG, "la", True, "max_length", True, 30) == expected["input_ids"]
    batch = tokenizer.batch_encode_plus([(LONG, "la")], True, "max_length", True, 30)
    assert batch["input_ids"] == [expected["input_ids"]]


def test_a_text_may_come_as_its_tokens_or_ids(tokenizer):
    """Blanks before a pair's tokens are the tokens' own."""
    options = {"truncation": "only_second", "max_length": 24, "padding": "max_length"}
    expected = tokenizer(SENTENCES[0][:20], SENTENCES[1], return_tensors="np", **options)
    cut = [tokenizer.tokenize(one) for one in (SENTENCES[0][:20], SENTENCES[1])]
    ids = [tokenizer.convert_tokens_to_ids(one) for one in cut]
    for first, second in (cut, ids, (tuple(cut[0]), ids[1]), (SENTENCES[0][:20], cut[1])):
        found = tokenizer.encode_plus(first, second, return_tensors="np", **options)
        assert {name: one.tolist() for name, one in found.items()} == {
            name: one.tolist() for name, one in expected.items()
        }
    assert tokenizer.encode(cut[0], None, False) == ids[0]
    assert tokenizer.encode(ids[0]) == [5, *ids[0], 6]
    assert tokenizer.encode(["le", "chat"], is_split_into_words=True) == tokenizer.encode("le chat")
    cut_off = tokenizer.encode_plus(
        ids[0], ids[1], **options | {"padding": False}, stride=2, return_overflowing_tokens=True
    )
    kept = 24 - 4 - len(ids[0])
    assert cut_off["overflowing_tokens"] == ids[1][kept - 2 :]
    assert cut_off["num_truncated_tokens"] == len(ids[1]) - kept
    with pytest.raises(ValueError, match=r"text must be a whole number or one row of them"):
        tokenizer.encode([1.5])


def test_ids_are_prepared_as_a_row_or_as_a_batch_of_one(tokenizer):
    row = tokenizer.prepare_for_model(
        [9, 8], None, True, "max_length", None, 6, return_tensors="np"
    )
    assert row["input_ids"].tolist() == [5, 9, 8, 6, 1, 1]
    batch = tokenizer.prepare_for_model([9, 8], return_tensors="np", prepend_batch_axis=True)
    assert batch["input_ids"].tolist() == [[5, 9, 8, 6]]
    with pytest.warns(FutureWarning, match="pad_to_max_length is deprecated"):
        old = tokenizer.prepare_for_model([9], max_length=5, pad_to_max_length=True)
    assert old["input_ids"] == [5, 9, 6, 1, 1]


def test_texts_that_are_labels_stand_beside_the_others_or_alone(tokenizer):
    options = {"max_length": 7, "truncation": True, "padding": "max_length"}
    inputs, labels = tokenizer("la mer", "le", **options), tokenizer(LONG, "un", **options)
    both = tokenizer("la mer", "le", LONG, "un", **options)
    assert dict(both) == {**inputs, "labels": labels["input_ids"]}
    assert tokenizer(text_target=LONG, text_pair_target="un", **options) == labels
    with pytest.warns(FutureWarning, match="text_target"), tokenizer.as_target_tokenizer():
        assert tokenizer(LONG, "un", **options) == labels


def test_a_batch_for_two_languages_is_a_call_for_each(tokenizer):
    with pytest.warns(FutureWarning, match="text_target"):
        batch = tokenizer.prepare_seq2seq_batch(
            [LONG, "le"], ["la", LONG], 9, 5, return_tensors="np", src_lang="fr"
        )
    assert batch["input_ids"].shape == (2, 9)
    assert (
        batch["labels"].tolist()
        == tokenizer(["la", LONG], padding=True, truncation=True, max_length=5)["input_ids"]
    )
    with pytest.warns(FutureWarning):
        assert "labels" not in tokenizer.prepare_seq2seq_batch(["le"])


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (([1, 2, 3, 4, 5], None, 0), ([1, 2, 3, 4, 5], None, [])),
        (([1, 2, 3, 4, 5], [8, 9], 2, "do_not_truncate"), ([1, 2, 3, 4, 5], [8, 9], [])),
        (([1, 2, 3, 4, 5], None, 2), ([1, 2, 3], None, [4, 5])),
        (([1, 2, 3, 4, 5], None, 2, "only_first", 1), ([1, 2, 3], None, [3, 4, 5])),
        (([1, 2, 3, 4, 5], None, 2, "only_first", 9), ([1, 2, 3], None, [1, 2, 3, 4, 5])),
        (([1, 2, 3, 4, 5], [7, 8, 9], 4), ([1, 2], [7, 8], [])),
        (([1, 2, 3, 4, 5], [7, 8, 9], 2, "only_first"), ([1, 2, 3], [7, 8, 9], [4, 5])),
        (([1, 2], [6, 7, 8, 9], 3, "only_second", 1), ([1, 2], [6], [6, 7, 8, 9])),
    ],
)
def test_ids_are_cut_as_in_a_call(tokenizer, arguments, expected):
    assert tokenizer.truncate_sequences(*arguments) == expected


def test_ids_are_cut_on_the_side_of_the_tokenizer(tokenizer):
    tokenizer.truncation_side = "left"
    assert tokenizer.truncate_sequences([1, 2, 3, 4, 5], None, 2, stride=1) == (
        [3, 4, 5],
        None,
        [1, 2, 3],
    )
    for arguments in (([1, 2], None, 2), ([1, 2], [3, 4, 5], 2, "only_first")):
        with pytest.raises(ValueError, match=r"must leave .*; received"):
            tokenizer.truncate_sequences(*arguments)


def test_added_tokens_in_a_text_are_text_where_that_is_asked_for(tokenizer, folder):
    tokenizer.add_tokens(["crèmerie"])
    text = "la crèmerie<mask>"
    plain = tokenizer.convert_tokens_to_ids(tokenizer.sp_model.encode(text, out_type=str))
    options = {"add_special_tokens": False}
    assert tokenizer.mask_token_id in tokenizer(text, **options).input_ids
    split = tokenizer(text, split_special_tokens=True, return_offsets_mapping=True, **options)
    assert split.input_ids == plain
    assert split.offset_mapping[-1][1] == len(text)
    again = type(tokenizer).from_pretrained(folder, split_special_tokens=True)
    again.add_tokens(["crèmerie"])
    assert again(text, **options).input_ids == plain
    assert again(text).input_ids == [5, *plain, 6]
    assert again(text, split_special_tokens=False, **options) == tokenizer(text, **options)


def test_special_tokens_are_set_by_token_and_by_id(tokenizer):
    tokenizer.additional_special_tokens_ids = [5, tokenizer.mask_token_id]
    assert tokenizer.additional_special_tokens == ["<s>", "<mask>"]
    assert tokenizer.additional_special_tokens_ids == [5, tokenizer.mask_token_id]
    tokenizer.additional_special_tokens = None
    assert tokenizer.additional_special_tokens is None
    assert tokenizer.additional_special_tokens_ids == []
    with pytest.raises(ValueError, match="must be ids of tokens"):
        tokenizer.additional_special_tokens_ids = [10**6]
    tokenizer.mask_token_id = None
    assert tokenizer.mask_token is None
    assert "mask_token" not in tokenizer.special_tokens_map


def test_further_special_tokens_replace_the_ones_that_are_there_or_join_them(tokenizer):
    first = tokenizer.additional_special_tokens
    assert tokenizer.add_special_tokens({"additional_special_tokens": ["<e1>"]}) == 1
    assert tokenizer.additional_special_tokens == ["<e1>"]
    more = {"additional_special_tokens": [AddedToken("<e2>", rstrip=True), "<e1>"]}
    assert tokenizer.add_special_tokens(more, replace_additional_special_tokens=False) == 1
    assert tokenizer.additional_special_tokens == ["<e1>", "<e2>"]
    assert tokenizer.decode(tokenizer("<e1> la <e2>").input_ids, skip_special_tokens=True) == "la"
    assert set(first) <= set(tokenizer.get_added_vocab())
    assert tokenizer.sanitize_special_tokens() == 0
    full = tokenizer.special_tokens_map_extended
    assert {role: str(full[role]) for role in tokenizer.special_tokens} == tokenizer.special_tokens
    assert [one.rstrip for one in full["additional_special_tokens"]] == [False, True]
    assert full["mask_token"].lstrip
    assert [str(one) for one in tokenizer.all_special_tokens_extended] == (
        tokenizer.all_special_tokens
    )


def test_tables_are_in_the_order_of_the_ids(tokenizer):
    tokenizer.add_tokens(["crèmerie"])
    vocab = tokenizer.get_vocab()
    assert list(vocab.values()) == list(range(len(tokenizer)))
    assert list(vocab)[:2] == ["<s>NOTUSED", "<pad>"]
    assert list(tokenizer.added_tokens_decoder) == sorted(tokenizer.added_tokens_decoder)
    pieces = len(tokenizer.sp_model)
    assert tokenizer.vocab_size == (pieces + 5 if tokenizer.is_fast else pieces)
    assert len(tokenizer) == pieces + 6


def test_rows_of_another_main_input_are_padded(tokenizer):
    tokenizer.model_input_names = ["inputs", "attention_mask"]
    rows = [{"inputs": [5, 9, 6]}, {"inputs": [5, 6]}]
    assert dict(tokenizer.pad(rows)) == {
        "inputs": [[5, 9, 6], [5, 6, 1]],
        "attention_mask": [[1, 1, 1], [1, 1, 0]],
    }


@pytest.mark.parametrize("cls", CLASSES)
@pytest.mark.parametrize(
    ("legacy_format", "absent"),
    [(None, set()), (True, {"tokenizer.json"}), (False, {"sentencepiece.bpe.model"})],
)
def test_one_of_two_forms_is_saved_where_it_is_asked_for(
    folder, tmp_path, cls, legacy_format, absent
):
    tokenizer = cls.from_pretrained(folder)
    tokenizer.add_tokens(["crèmerie"])
    paths = tokenizer.save_pretrained(tmp_path, legacy_format=legacy_format)
    found = {one.name for one in tmp_path.iterdir()}
    assert {str(tmp_path / name) for name in found} == set(paths)
    assert {"tokenizer.json", "sentencepiece.bpe.model"} - found == absent
    for other in CLASSES:
        assert other.from_pretrained(tmp_path).get_vocab() == tokenizer.get_vocab()
    with pytest.raises(ValueError, match=r"option of save_pretrained .*; received legacy_forma\.$"):
        tokenizer.save_pretrained(tmp_path, legacy_forma=True)


class OwnTokenizerFast(CamembertTokenizerFast):
    """A tokenizer of a user's own."""


def test_a_users_own_class_is_saved_under_its_name(folder, tmp_path):
    OwnTokenizerFast.from_pretrained(folder).save_pretrained(tmp_path)
    assert '"tokenizer_class": "OwnTokenizer"' in (tmp_path / "tokenizer_config.json").read_text()
    assert type(OwnTokenizerFast.from_pretrained(tmp_path)) is OwnTokenizerFast
    assert type(AutoTokenizer.from_pretrained(tmp_path)) is CamembertTokenizerFast


def test_published_keywords_of_loading_are_obeyed_or_accepted(folder, tmp_path):
    other = CamembertTokenizerFast.from_pretrained(folder)
    other.add_tokens(["crèmerie"])
    other.save_pretrained(tmp_path)
    file = str(tmp_path / "tokenizer.json")
    for cls in CLASSES:
        (tmp_path / "empty").mkdir(exist_ok=True)
        one = cls.from_pretrained(
            tmp_path / "empty", tokenizer_file=file, use_fast=True, from_slow=True, max_len=31
        )
        assert "crèmerie" in one.get_vocab()
        assert one.model_max_length == 31
        vocab_file = tmp_path / "sentencepiece.bpe.model"
        assert cls.from_pretrained(folder, vocab_file=vocab_file, proxies=None).vocab_file == str(
            vocab_file
        )
        with pytest.raises(FileNotFoundError, match="must be there"):
            cls.from_pretrained(folder, vocab_file=tmp_path / "nowhere")
    named = AutoTokenizer.from_pretrained(
        pretrained_model_name_or_path=str(folder), config=None, trust_remote_code=False
    )
    assert named.get_vocab() == CamembertTokenizer.from_pretrained(folder).get_vocab()
    with pytest.raises(ValueError, match=r"chat_template must be None, as .*; received"):
        CamembertTokenizer.from_pretrained(folder, chat_template="{{ x }}")


def test_what_a_tokenizer_was_made_with_can_be_read(tokenizer):
    assert tokenizer.init_inputs == ()
    made = tokenizer.init_kwargs
    assert made["mask_token"] is not None
    assert made["sp_model_kwargs"] == {}
    assert made["model_max_length"] == 512


def test_conversations_are_refused(tokenizer):
    with pytest.raises(NotImplementedError, match=r"CamemBERT is none: .*\.$"):
        tokenizer.apply_chat_template([{"role": "user", "content": "le"}], tokenize=False)


def test_words_for_options_are_words_of_options(tokenizer):
    found = tokenizer(
        LONG,
        padding=published.PaddingStrategy.MAX_LENGTH,
        truncation=published.TruncationStrategy.LONGEST_FIRST,
        max_length=9,
        return_tensors=published.TensorType.NUMPY,
    )
    assert found["input_ids"].tolist() == [tokenizer(LONG, max_length=9).input_ids]


def test_blanks_before_marks_are_removed_as_english_has_it():
    assert CamembertTokenizer.clean_up_tokenization("ça va ? oui , ça va .") == "ça va? oui, ça va."
