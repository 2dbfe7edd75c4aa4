"""RoBERTa's tokenizers by name, against the library's own byte-level BPE."""

import json

import pytest
import sentencepiece
from tokenizers import ByteLevelBPETokenizer, Tokenizer, models, pre_tokenizers, trainers
from tokenizers.processors import RobertaProcessing

import camembert_dual
from camembert_dual.tokenization import CamembertTokenizer, TokenizerFast
from tokenization_models import SENTENCES, model_bytes, write_model

NAMES = ["RobertaTokenizer", "RobertaTokenizerFast"]
SPECIAL = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
TEXTS = [*SENTENCES, "e\u0301te\u0301 漢字 \u00a0 😀", "", "le  chat"]


@pytest.fixture(scope="module")
def library():
    """The library's tokenizer, trained, and with RoBERTa's ends."""
    library = ByteLevelBPETokenizer(add_prefix_space=False)
    library.train_from_iterator(
        SENTENCES, vocab_size=400, special_tokens=SPECIAL, show_progress=False
    )
    library._tokenizer.post_processor = RobertaProcessing(
        ("</s>", 2), ("<s>", 0), add_prefix_space=False
    )
    return library._tokenizer


@pytest.fixture(scope="module")
def folder(library, tmp_path_factory):
    path = tmp_path_factory.mktemp("roberta")
    library.model.save(str(path))
    return path


@pytest.fixture(params=NAMES)
def cls(request):
    return getattr(camembert_dual, request.param)


def test_two_older_files_make_the_librarys_tokenizer(cls, library, folder):
    for tokenizer in (
        cls(folder / "vocab.json", folder / "merges.txt"),
        cls.from_pretrained(folder),
        camembert_dual.AutoTokenizer.from_pretrained(folder, use_fast=cls.__name__[-4:] == "Fast"),
    ):
        assert type(tokenizer) is cls
        assert tokenizer.is_fast == cls.__name__.endswith("Fast")
        assert tokenizer(TEXTS).input_ids == [one.ids for one in library.encode_batch(TEXTS)]
        assert tokenizer("la", "le").input_ids == library.encode("la", "le").ids
        assert tokenizer("la <mask>").input_ids[-2] == tokenizer.mask_token_id == 4
        assert [tokenizer.decode(tokenizer(t).input_ids, True) for t in SENTENCES] == SENTENCES


def test_the_first_word_may_be_cut_as_those_after_blanks(cls, folder):
    tokenizer = cls.from_pretrained(folder, add_prefix_space=True)
    assert tokenizer.tokenize("la mer") == tokenizer.tokenize(" la mer")
    plain = cls.from_pretrained(folder)
    assert plain.tokenize("la mer") != plain.tokenize(" la mer")


def test_it_is_saved_under_its_name_and_read_again(cls, folder, tmp_path):
    tokenizer = cls.from_pretrained(folder, add_prefix_space=True)
    tokenizer.save_pretrained(tmp_path)
    content = json.loads((tmp_path / "tokenizer_config.json").read_text())
    assert content["tokenizer_class"] == "RobertaTokenizer"
    again = cls.from_pretrained(tmp_path)
    assert again(TEXTS) == tokenizer(TEXTS)
    assert type(camembert_dual.AutoTokenizer.from_pretrained(tmp_path)) is TokenizerFast


@pytest.mark.parametrize("name", ["XLMRobertaTokenizer", "XLMRobertaTokenizerFast"])
def test_xlm_robertas_names_read_any_tokenizer_json(name, library, tmp_path):
    library.save(str(tmp_path / "tokenizer.json"))
    tokenizer = getattr(camembert_dual, name).from_pretrained(tmp_path)
    assert tokenizer(TEXTS).input_ids == [one.ids for one in library.encode_batch(TEXTS)]
    tokenizer.save_pretrained(tmp_path)
    assert '"XLMRobertaTokenizer"' in (tmp_path / "tokenizer_config.json").read_text()


def test_a_word_piece_model_under_robertas_name_keeps_its_steps(cls, tmp_path):
    """CamemBERTv2's folders name RoBERTa's class."""
    library = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    library.pre_tokenizer = pre_tokenizers.Whitespace()
    names = ["[UNK]", "[PAD]", "[SEP]", "[MASK]", "[CLS]"]
    trainer = trainers.WordPieceTrainer(vocab_size=200, special_tokens=names, show_progress=False)
    library.train_from_iterator(SENTENCES, trainer)
    library.save(str(tmp_path / "tokenizer.json"))
    expected = library.encode_batch(SENTENCES)
    roles = {"cls_token": "[CLS]", "sep_token": "[SEP]", "unk_token": "[UNK]", "pad_token": "[PAD]"}
    tokenizer = cls.from_pretrained(tmp_path, **roles, mask_token="[MASK]")
    assert tokenizer(SENTENCES).input_ids == [one.ids for one in expected]


def test_a_folder_without_the_files_is_refused(cls, folder, tmp_path):
    with pytest.raises(ValueError, match=r"must be given tokenizer_file, or .*; received neither"):
        cls()
    with pytest.raises(FileNotFoundError, match=r"must have sentencepiece\.bpe\.model or"):
        CamembertTokenizer.from_pretrained(folder)
    write_model(tmp_path)
    with pytest.raises(ValueError, match="must be one that the tokenizers library takes"):
        cls.from_pretrained(tmp_path)


@pytest.mark.parametrize("name", ["XLMRobertaTokenizer", "XLMRobertaTokenizerFast"])
def test_a_sentencepiece_model_is_read_behind_robertas_first_ids(name, tmp_path):
    """The pieces are SentencePiece's own, each with an id one higher, and ``<unk>`` is 3."""
    path = write_model(tmp_path)
    pieces = sentencepiece.SentencePieceProcessor(model_file=str(path))
    tokenizer = getattr(camembert_dual, name)(path)
    size = len(pieces)
    assert len(tokenizer) == tokenizer.vocab_size == size + 2
    assert tokenizer.convert_tokens_to_ids(SPECIAL) == [0, 1, 2, 3, size + 1]
    for text in SENTENCES:
        ids = [one + 1 if one != pieces.unk_id() else 3 for one in pieces.encode(text)]
        assert tokenizer(text).input_ids == [0, *ids, 2]
        pair = [0, *ids, 2, 2, *tokenizer("le chat", add_special_tokens=False).input_ids, 2]
        assert tokenizer(text, "le chat").input_ids == pair
    masked = tokenizer("le <mask>.").input_ids
    assert masked.count(tokenizer.mask_token_id) == 1
    tokenizer.save_pretrained(tmp_path / "saved")
    again = getattr(camembert_dual, name).from_pretrained(tmp_path / "saved")
    assert again(SENTENCES[:3]).input_ids == tokenizer(SENTENCES[:3]).input_ids
    bare = getattr(camembert_dual, name).from_pretrained(path.parent, vocab_file=path)
    assert bare(SENTENCES[:3]).input_ids == tokenizer(SENTENCES[:3]).input_ids


def test_what_xlm_robertas_tokenizer_cannot_read_is_refused(tmp_path):
    with pytest.raises(ValueError, match="must be given vocab_file or tokenizer_file"):
        camembert_dual.XLMRobertaTokenizer()
    path = tmp_path / "bpe.model"
    path.write_bytes(model_bytes(kind="bpe"))
    with pytest.raises(ValueError, match="must be a Unigram model that begins with"):
        camembert_dual.XLMRobertaTokenizerFast(path)
    path = write_model(tmp_path)
    with pytest.raises(ValueError, match="sp_model_kwargs of XLMRobertaTokenizer must be empty"):
        camembert_dual.XLMRobertaTokenizer(path, sp_model_kwargs={"enable_sampling": True})
