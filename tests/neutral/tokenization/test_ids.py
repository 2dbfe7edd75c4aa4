"""Ids, tokens and special tokens: the layout of CamemBERT, and the way back to text."""

import pytest
import sentencepiece

from camembert_dual.tokenization import CamembertTokenizer, CamembertTokenizerFast
from shared_data import shared
from tokenization_models import SENTENCES, model_bytes, write_model


@pytest.fixture(scope="module", params=["slow", "fast"])
def tokenizer(request, tmp_path_factory):
    path = write_model(tmp_path_factory.mktemp("model"))
    return CamembertTokenizer(path) if request.param == "slow" else CamembertTokenizerFast(path)


@pytest.fixture(scope="module")
def pieces():
    return sentencepiece.SentencePieceProcessor(model_proto=model_bytes())


def test_ids_are_piece_numbers_plus_four(tokenizer, pieces):
    for sentence in SENTENCES:
        expected = [piece + 4 if piece else 3 for piece in pieces.encode(sentence)]
        assert tokenizer(sentence).input_ids == [5, *expected, 6]


def test_the_first_seven_ids_and_the_mask_are_fixed(tokenizer, pieces):
    names = ["<s>NOTUSED", "<pad>", "</s>NOTUSED", "<unk>", "<unk>NOTUSED", "<s>", "</s>"]
    assert tokenizer.convert_ids_to_tokens(list(range(7))) == names
    assert tokenizer.convert_tokens_to_ids(names) == list(range(7))
    assert tokenizer.mask_token_id == len(pieces) + 4
    assert len(tokenizer) == len(pieces) + 5
    assert tokenizer.vocab_size == len(pieces) + 5 * tokenizer.is_fast  # as the reference has it


def test_unknown_text_is_one_unk_of_id_three_for_a_run(tokenizer):
    encoding = tokenizer("le 漢字 le")
    assert encoding.input_ids.count(3) == 1
    assert "漢字" in encoding.tokens()
    assert tokenizer.convert_tokens_to_ids("漢字") == tokenizer.unk_token_id == 3


def test_the_vocabulary_lists_every_id_once(tokenizer):
    vocab = tokenizer.get_vocab()
    assert sorted(vocab.values()) == list(range(len(tokenizer)))
    assert all(tokenizer.convert_ids_to_tokens(index) == token for token, index in vocab.items())


def test_special_tokens_stand_around_texts_and_pairs(tokenizer):
    assert tokenizer.build_inputs_with_special_tokens([10, 11]) == [5, 10, 11, 6]
    assert tokenizer.build_inputs_with_special_tokens([10], [11, 12]) == [5, 10, 6, 6, 11, 12, 6]
    assert tokenizer.create_token_type_ids_from_sequences([10], [11, 12]) == [0] * 7
    assert tokenizer.get_special_tokens_mask([10], [11, 12]) == [1, 0, 1, 1, 0, 0, 1]
    assert tokenizer.get_special_tokens_mask([5, 10, 6, 1], None, True) == [1, 0, 1, 1]
    assert (tokenizer.num_special_tokens_to_add(), tokenizer.num_special_tokens_to_add(True)) == (
        2,
        4,
    )


def test_special_tokens_inside_text_are_found(tokenizer):
    ids = tokenizer("le <mask>.", add_special_tokens=False).input_ids
    assert tokenizer.mask_token_id in ids
    assert tokenizer("a<s>b</s>", add_special_tokens=False).input_ids.count(5) == 1
    assert tokenizer.tokenize("<s>NOTUSED") == ["<s>NOTUSED"]


def test_the_mask_takes_the_blanks_before_it(tokenizer):
    tight = tokenizer("le<mask> chat").input_ids
    assert tokenizer("le <mask> chat").input_ids == tight
    assert tokenizer("le \u00a0\t<mask> chat").input_ids == tight


def test_special_token_attributes_and_maps(tokenizer):
    assert tokenizer.special_tokens_map["mask_token"] == "<mask>"
    assert (tokenizer.bos_token_id, tokenizer.eos_token_id, tokenizer.pad_token_id) == (5, 6, 1)
    assert (tokenizer.cls_token, tokenizer.sep_token, tokenizer.unk_token) == (
        "<s>",
        "</s>",
        "<unk>",
    )
    assert tokenizer.all_special_ids == [5, 6, 3, 1, tokenizer.mask_token_id, 0, 2]
    assert tokenizer.additional_special_tokens_ids == [0, 2]


def test_decoding_gives_the_text_back(tokenizer):
    for sentence in SENTENCES:
        assert tokenizer.decode(tokenizer(sentence).input_ids, skip_special_tokens=True) == sentence
    rows = tokenizer(SENTENCES[:3], padding=True).input_ids
    assert tokenizer.batch_decode(rows, True) == SENTENCES[:3]


def test_decoding_keeps_french_blanks_unless_asked_to_clean_up(tokenizer):
    ids = tokenizer("J'aime le camembert !").input_ids
    assert tokenizer.decode(ids) == "<s> J'aime le camembert !</s>"
    assert tokenizer.decode(ids, True, clean_up_tokenization_spaces=True) == "J'aime le camembert!"


def test_decoding_takes_one_id_or_an_array_but_not_many_rows(tokenizer):
    assert tokenizer.decode(tokenizer.mask_token_id) == "<mask>"
    row = tokenizer("le", return_tensors="np").input_ids[0]
    assert tokenizer.decode(row) == "<s> le</s>"
    assert tokenizer.convert_ids_to_tokens(row) == tokenizer.convert_ids_to_tokens(row.tolist())
    assert tokenizer.convert_ids_to_tokens(row[0]) == "<s>"
    with pytest.raises(ValueError, match="one row"):
        tokenizer.decode([[5, 6]])
    with pytest.raises(ValueError, match="An id must be"):
        tokenizer.decode([10**6])


@pytest.fixture
def own(tmp_path):
    return CamembertTokenizer(write_model(tmp_path))


def test_added_tokens_are_never_cut(own):
    size = len(own)
    assert own.add_tokens(["fromagerie", "le", "fromagerie"]) == 1
    assert own.add_tokens("fromagerie") == 0
    assert (len(own), own.convert_tokens_to_ids("fromagerie")) == (size + 1, size)
    assert "fromagerie" in own.tokenize("la fromagerie ouvre")
    assert own.decode(own("la fromagerie").input_ids, True) == "la fromagerie"


def test_added_special_tokens_play_their_part(own):
    assert (
        own.add_special_tokens({"pad_token": "[PAD]", "additional_special_tokens": ["<e1>"]}) == 2
    )
    assert own.pad_token_id == len(own) - 2
    assert own(["le", "le chat"], padding=True).input_ids[0][-1] == own.pad_token_id
    assert own.decode(own("<e1> le").input_ids, skip_special_tokens=True) == "le"
    with pytest.raises(ValueError, match="additional_special_tokens"):
        own.add_special_tokens({"nose_token": "x"})


def test_a_special_token_can_be_replaced_or_removed(own):
    own.mask_token_id = 3
    assert own.mask_token == "<unk>"
    own.mask_token = None
    assert own.mask_token_id is None


def test_published_test_model_has_the_published_layout():
    published = CamembertTokenizer(shared("fixtures/test_sentencepiece.model"))
    tokens = list(dict(sorted((i, t) for t, i in published.get_vocab().items())).values())
    assert (tokens[0], tokens[1], tokens[-1]) == ("<s>NOTUSED", "<pad>", "<mask>")
    assert (len(tokens), published.vocab_size) == (1005, 1000)
