"""The encoding object: a dict, attributes, and the way between tokens, words and characters."""

import copy
import pickle

import pytest

from camembert_dual.tokenization import BatchEncoding, CamembertTokenizer
from tokenization_models import write_model

TEXT = "J'aime  le camembert !"
PAIR = "Et toi ?"


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory):
    return CamembertTokenizer(write_model(tmp_path_factory.mktemp("model")))


@pytest.fixture
def encoding(tokenizer):
    return tokenizer([TEXT, "le"], [PAIR, "la"], padding=True)


def test_it_is_a_dict_with_attributes(encoding):
    assert isinstance(encoding, dict)
    assert encoding == {**encoding}
    assert encoding.data is encoding
    assert encoding.input_ids is encoding["input_ids"]
    assert "attention_mask" in encoding
    assert not hasattr(encoding, "labels")
    encoding["labels"] = [1, 0]
    assert encoding.labels == [1, 0]
    with pytest.raises(AttributeError, match="no attribute or key 'nose'"):
        _ = encoding.nose
    with pytest.raises(KeyError):
        encoding["nose"]


def test_numbers_give_rows_and_slices_give_fields(encoding):
    assert encoding[0].ids == encoding.input_ids[0]
    assert encoding[-1].attention_mask == encoding.attention_mask[1]
    assert encoding[:1]["input_ids"] == encoding.input_ids[:1]
    assert len(encoding.encodings) == 2
    assert len(encoding[0]) == len(encoding.input_ids[0])
    with pytest.raises(IndexError, match="under 2; received 2"):
        encoding[2]


def test_rows_hold_padding_as_the_fields_do(tokenizer):
    for side in ("left", "right"):
        encoding = tokenizer([TEXT, "le"], padding=True, padding_side=side)
        for row in range(2):
            assert encoding[row].ids == encoding.input_ids[row]
            assert encoding[row].attention_mask == encoding.attention_mask[row]
        assert encoding.tokens(1).count("<pad>") == encoding.attention_mask[1].count(0)


def test_sequences_are_told_apart(encoding):
    sequences = encoding.sequence_ids(0)
    assert encoding.n_sequences == 2
    edge = sequences.index(1)
    assert sequences[edge - 2 : edge] == [None, None]
    assert encoding.token_to_sequence(0, edge) == 1
    assert encoding.token_to_sequence(edge) == 1
    assert encoding.token_to_sequence(1, 0) is None


def test_every_character_finds_its_token_and_back(encoding):
    for sequence, text in enumerate((TEXT, PAIR)):
        for place, char in enumerate(text):
            token = encoding.char_to_token(0, place, sequence)
            span = encoding.token_to_chars(0, token)
            assert span.start <= place < span.end
            assert encoding.char_to_word(0, place, sequence) == encoding.token_to_word(0, token)
            if not char.isspace():
                assert char in text[span.start : span.end]
    assert encoding.char_to_token(0, 99) is None
    assert encoding.char_to_word(99) is None
    assert encoding.token_to_chars(0, 0) is None


def test_words_find_their_tokens_and_characters(encoding):
    assert encoding.words() == encoding.word_ids()
    words = ["J'aime", "le", "camembert", "!"]
    for number, word in enumerate(words):
        tokens, chars = encoding.word_to_tokens(0, number), encoding.word_to_chars(0, number)
        assert TEXT[chars.start : chars.end].strip() == word
        pieces = encoding.tokens(0)[tokens.start : tokens.end]
        assert "".join(pieces).lstrip("▁") == word
    assert encoding.word_to_tokens(0, 1, sequence_index=1).start > encoding.sequence_ids().index(1)
    assert encoding.word_to_tokens(99) is None
    assert encoding.word_to_chars(0, 99) is None


def test_characters_of_words_are_counted_from_each_word(tokenizer):
    words = ["camembert", "belle"]
    encoding = tokenizer(words, is_split_into_words=True)
    for number, word in enumerate(words):
        assert encoding.word_to_chars(number) == (0, len(word))


def test_a_truncated_row_keeps_its_alignment(tokenizer):
    encoding = tokenizer(TEXT, max_length=6, truncation=True, return_offsets_mapping=True)
    assert encoding[0].ids == encoding.input_ids
    assert len(encoding.offset_mapping) == 6


def test_pickles_and_copies_keep_the_alignment_without_the_tokenizer(tokenizer):
    encoding = tokenizer([TEXT], return_tensors="np")
    stored = pickle.dumps(encoding)
    assert len(stored) < 10_000
    for again in (pickle.loads(stored), copy.copy(encoding), copy.deepcopy(encoding)):
        assert isinstance(again, BatchEncoding)
        assert again.tokens() == encoding.tokens()
        assert again.input_ids.tolist() == encoding.input_ids.tolist()
    assert encoding.copy().tokens() == encoding.tokens()


def test_sampled_tokens_are_the_ones_that_the_ids_say(tmp_path):
    options = {"enable_sampling": True, "nbest_size": -1, "alpha": 0.1}
    tokenizer = CamembertTokenizer(write_model(tmp_path), sp_model_kwargs=options)
    assert tokenizer.sp_model_kwargs == options
    seen = set()
    for _ in range(40):
        encoding = tokenizer([TEXT, PAIR], return_offsets_mapping=True)
        assert tokenizer.convert_tokens_to_ids(encoding.tokens(0)) == encoding.input_ids[0]
        assert tokenizer.decode(encoding.input_ids[0], True) == "J'aime le camembert !"
        seen.add(tuple(encoding.input_ids[0]))
    assert len(seen) > 5


def test_tokens_cannot_be_asked_for_after_the_tokenizer_changed(tmp_path):
    tokenizer = CamembertTokenizer(write_model(tmp_path))
    early, late = tokenizer(TEXT), tokenizer(TEXT)
    tokens = early.tokens()
    tokenizer.add_tokens("camembert")
    assert early.tokens() == tokens
    with pytest.raises(ValueError, match="encode again"):
        late.tokens()


def test_a_plain_one_can_be_made_and_turned_into_tensors():
    plain = BatchEncoding({"input_ids": [5, 6]}, tensor_type="np", prepend_batch_axis=True)
    assert plain.input_ids.shape == (1, 2)
    assert plain.encodings is None
    with pytest.raises(ValueError, match="a result of a tokenizer's call"):
        plain.tokens()


OPTIONS = (
    {},
    {"add_special_tokens": False},
    {"return_token_type_ids": True, "return_attention_mask": False},
    {"split_special_tokens": True, "padding": "do_not_pad"},
)


@pytest.mark.parametrize("options", OPTIONS)
@pytest.mark.parametrize("pair", [None, PAIR, ""])
@pytest.mark.parametrize("text", [TEXT, "", "le <mask> camembert", "\u2581 le  "])
def test_one_text_alone_is_encoded_as_in_a_batch_of_one(tokenizer, text, pair, options):
    alone = tokenizer(text, pair, **options)
    batch = tokenizer([text], None if pair is None else [pair], **options)
    assert list(alone) == list(batch)
    assert alone == {name: rows[0] for name, rows in batch.items()}
    assert alone[0] == batch[0]
    assert alone.n_sequences == batch.n_sequences
    assert len(alone.encodings) == 1
    assert pickle.loads(pickle.dumps(alone))[0] == batch[0]


def test_one_word_list_alone_is_encoded_as_in_a_batch_of_one(tokenizer):
    words = TEXT.split()
    alone = tokenizer(words, is_split_into_words=True)
    batch = tokenizer([words], is_split_into_words=True)
    assert alone == {name: rows[0] for name, rows in batch.items()}
    assert alone.word_ids() == batch.word_ids(0) == batch[0].word_ids
    assert alone.sequence_ids() == batch[0].sequence_ids


@pytest.mark.parametrize("row", [-3, 2])
def test_words_and_sequences_of_a_row_that_is_none_are_refused(encoding, row):
    for method in (encoding.word_ids, encoding.sequence_ids):
        with pytest.raises(IndexError, match=f"under 2; received {row}"):
            method(row)
