"""Vocabularies learnt anew: the layout of the ids, the special tokens, files, other models."""

import pytest
from tokenizers import Tokenizer, models, pre_tokenizers, trainers
from tokenizers.processors import RobertaProcessing, TemplateProcessing

from camembert_dual.tokenization import (
    AutoTokenizer,
    CamembertTokenizer,
    CamembertTokenizerFast,
    TokenizerFast,
)
from tokenization_models import SENTENCES, write_model

SIZE = 250


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory):
    return CamembertTokenizerFast(
        write_model(tmp_path_factory.mktemp("model")), padding_side="left"
    )


@pytest.fixture(scope="module")
def texts():
    return [f"{one} tartiflette tartiflette" for one in SENTENCES]


def test_new_pieces_stand_in_the_layout_of_the_ids(tokenizer, texts):
    new = tokenizer.train_new_from_iterator(texts, SIZE, show_progress=False)
    assert type(new) is CamembertTokenizerFast
    assert len(new) == new.vocab_size <= SIZE
    first = ["<s>NOTUSED", "<pad>", "</s>NOTUSED", "<unk>", "<unk>NOTUSED", "<s>", "</s>"]
    assert new.convert_ids_to_tokens(list(range(7))) == first
    assert new.mask_token_id == len(new) - 1
    assert new.special_tokens_map == tokenizer.special_tokens_map
    assert new.padding_side == "left"
    assert len(new.tokenize("tartiflette")) < len(tokenizer.tokenize("tartiflette"))
    for text in texts:
        assert new.decode(new(text).input_ids, skip_special_tokens=True) == text


def test_texts_come_in_batches_too(tokenizer, texts):
    """The library draws the order in which it counts, so that two runs need not be equal."""
    batches = (texts[start : start + 4] for start in range(0, len(texts), 4))
    new = tokenizer.train_new_from_iterator(batches, SIZE, len(texts), show_progress=False)
    assert len(new.tokenize("tartiflette")) < len(tokenizer.tokenize("tartiflette"))
    assert new.convert_tokens_to_ids(["à", "Q"]) != [3, 3]


def test_special_tokens_are_renamed_and_joined_by_others(tokenizer, texts):
    grown = CamembertTokenizerFast(tokenizer.vocab_file)
    grown.add_tokens(["fromagerie"])
    grown.add_special_tokens({"additional_special_tokens": ["<e1>"]})
    new = grown.train_new_from_iterator(
        texts,
        SIZE,
        new_special_tokens=["<e2>"],
        special_tokens_map={"<mask>": "[MASK]", "<e1>": "[E1]"},
        show_progress=False,
    )
    assert (new.mask_token, new.mask_token_id) == ("[MASK]", new.vocab_size - 1)
    assert new.special_tokens_map_extended["mask_token"].lstrip
    assert new.additional_special_tokens == ["[E1]", "<e2>"]
    assert len(new) <= SIZE
    assert list(new.get_vocab())[-4:] == ["[MASK]", "[E1]", "<e2>", "fromagerie"]
    assert "<mask>" not in new.get_vocab()


def test_a_new_vocabulary_is_saved_like_any(tokenizer, texts, tmp_path):
    new = tokenizer.train_new_from_iterator(texts, SIZE, show_progress=False)
    new.save_pretrained(tmp_path)
    for again in (
        AutoTokenizer.from_pretrained(tmp_path),
        CamembertTokenizer.from_pretrained(tmp_path),
    ):
        assert again.get_vocab() == new.get_vocab()
        assert again(texts) == new(texts)


def test_a_size_without_room_is_refused(tokenizer, texts):
    with pytest.raises(ValueError, match=r"vocab_size must be over .*; received 0\.$"):
        tokenizer.train_new_from_iterator(texts, 8)


def byte_level(texts):
    library = Tokenizer(models.BPE(unk_token="<unk>"))
    library.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    names = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    library.train_from_iterator(
        texts, trainers.BpeTrainer(vocab_size=300, special_tokens=names, show_progress=False)
    )
    library.post_processor = RobertaProcessing(("</s>", 2), ("<s>", 0))
    return library


def word_pieces(texts):
    library = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    library.pre_tokenizer = pre_tokenizers.Whitespace()
    names = ["[UNK]", "[PAD]", "[SEP]", "[MASK]", "[CLS]"]
    library.train_from_iterator(
        texts, trainers.WordPieceTrainer(vocab_size=200, special_tokens=names, show_progress=False)
    )
    library.post_processor = TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 4), ("[SEP]", 2)]
    )
    return library


@pytest.mark.parametrize("make", [byte_level, word_pieces])
def test_other_models_learn_with_their_own_steps(make, texts):
    library = make(SENTENCES)
    old = TokenizerFast(tokenizer_object=library)
    new = old.train_new_from_iterator(texts, 400, show_progress=False)
    assert old.get_vocab() == library.get_vocab()
    word = "Ġtartiflette" if make is byte_level else "tartiflette"
    assert word in new.get_vocab()
    assert new.special_tokens_map == old.special_tokens_map
    ends = [new.cls_token_id, new.sep_token_id]
    assert new("la tartiflette").input_ids[:: len(new("la tartiflette").input_ids) - 1] == ends


def test_the_ends_of_a_text_keep_their_tokens_under_new_names_and_ids(texts):
    old = TokenizerFast(tokenizer_object=word_pieces(SENTENCES))
    new = old.train_new_from_iterator(
        texts, 210, new_special_tokens=["[E]"], special_tokens_map={"[CLS]": "[Z]"}
    )
    assert new.tokenize("la", add_special_tokens=True)[0] == new.cls_token == "[Z]"
    assert "[E]" in new.all_special_tokens
    assert len(new) == 210


def test_one_vocabulary_must_be_given():
    with pytest.raises(ValueError, match=r"must be given one of .*; received 0\.$"):
        TokenizerFast()
