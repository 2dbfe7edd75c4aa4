"""Files: every way to save and load, the layouts in the wild, lengths, and other tokenizers."""

import io
import json

import pytest
from sentencepiece import SentencePieceProcessor, SentencePieceTrainer
from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers, pre_tokenizers
from tokenizers.processors import BertProcessing, RobertaProcessing, TemplateProcessing
from tokenizers.trainers import BpeTrainer, WordPieceTrainer

from camembert_dual.tokenization import (
    AutoTokenizer,
    CamembertTokenizer,
    CamembertTokenizerFast,
    TokenizerFast,
)
from tokenization_models import SENTENCES, model_bytes, write_model

CLASSES = [CamembertTokenizer, CamembertTokenizerFast]
TEXT = "Le <mask> est 漢 un fromage fromagerie !"


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    folder = tmp_path_factory.mktemp("saved")
    tokenizer = CamembertTokenizer(write_model(folder), model_max_length=77)
    tokenizer.add_tokens("fromagerie")
    tokenizer.save_pretrained(folder)
    return folder, tokenizer


def write(folder, name, content):
    (folder / name).write_text(json.dumps(content), encoding="utf-8")


def count_pieces():
    return len(SentencePieceProcessor(model_proto=model_bytes()))


@pytest.mark.parametrize("cls", CLASSES)
@pytest.mark.parametrize("missing", ["tokenizer.json", "sentencepiece.bpe.model", None])
def test_either_vocabulary_file_is_enough(saved, tmp_path, cls, missing):
    folder, tokenizer = saved
    for file in folder.iterdir():
        if file.name != missing:
            (tmp_path / file.name).write_bytes(file.read_bytes())
    again = cls.from_pretrained(tmp_path)
    assert again(TEXT).input_ids == tokenizer(TEXT).input_ids
    assert again.get_vocab() == tokenizer.get_vocab()
    assert again.model_max_length == 77
    assert again.special_tokens_map == tokenizer.special_tokens_map


def test_saving_writes_the_files_of_both_classes(saved, tmp_path):
    for cls in CLASSES:
        paths = cls.from_pretrained(saved[0]).save_pretrained(tmp_path / cls.__name__)
        assert sorted(path.rsplit("/", 1)[-1] for path in paths) == [
            "added_tokens.json",
            "sentencepiece.bpe.model",
            "special_tokens_map.json",
            "tokenizer.json",
            "tokenizer_config.json",
        ]
    slow, fast = (tmp_path / cls.__name__ for cls in CLASSES)
    for file in slow.iterdir():
        assert file.read_bytes() == (fast / file.name).read_bytes()


def test_save_vocabulary_writes_the_model_it_was_loaded_from(saved, tmp_path):
    (path,) = saved[1].save_vocabulary(tmp_path, "fr")
    assert path == str(tmp_path / "fr-sentencepiece.bpe.model")
    assert (tmp_path / "fr-sentencepiece.bpe.model").read_bytes() == model_bytes()
    with pytest.raises(FileNotFoundError, match="saved in a folder"):
        saved[1].save_vocabulary(tmp_path / "absent")


def test_options_override_files_and_unknown_settings_are_kept(saved, tmp_path):
    tokenizer = CamembertTokenizer.from_pretrained(
        saved[0], padding_side="left", mask_token="[M]", my_setting=3
    )
    assert (tokenizer.padding_side, tokenizer.mask_token) == ("left", "[M]")
    tokenizer.save_pretrained(tmp_path)
    again = CamembertTokenizer.from_pretrained(tmp_path)
    assert (again.padding_side, again.mask_token) == ("left", "[M]")
    assert again.init_kwargs["my_setting"] == 3


def layouts(pieces):
    """Three ``added_tokens_decoder`` found in published files; ``pieces`` counts the pieces."""
    mask = {"content": "<mask>", "lstrip": True, "special": True, "normalized": False}
    fixed = {0: "<s>NOTUSED", 1: "<pad>", 2: "</s>NOTUSED", 5: "<s>", 6: "</s>"}
    common = {i: {"content": token, "special": True} for i, token in fixed.items()}
    common[pieces + 4] = mask
    unk, unused = {"content": "<unk>", "special": True}, {"content": "<unk>NOTUSED"}
    return {
        "a": common | {3: unk, 4: unused},
        "b": common | {4: unk},
        "c": common | {4: unk, pieces + 5: unused},
    }


@pytest.mark.parametrize("cls", CLASSES)
@pytest.mark.parametrize("layout", ["a", "b", "c"])
def test_published_layouts_of_unk_become_one(tmp_path, cls, layout):
    write_model(tmp_path)
    pieces = count_pieces()
    decoder = {str(i): token for i, token in layouts(pieces)[layout].items()}
    write(tmp_path, "tokenizer_config.json", {"added_tokens_decoder": decoder})
    tokenizer = cls.from_pretrained(tmp_path)
    assert len(tokenizer) == pieces + 5
    names = ["<s>NOTUSED", "<pad>", "</s>NOTUSED", "<unk>", "<unk>NOTUSED", "<s>", "</s>"]
    assert tokenizer.convert_ids_to_tokens(list(range(7))) == names
    assert tokenizer.mask_token_id == pieces + 4
    assert tokenizer("漢", add_special_tokens=False).input_ids[-1] == 3
    assert (
        tokenizer("le  <mask>").input_ids
        == CamembertTokenizer(tmp_path / "sentencepiece.bpe.model")("le<mask>").input_ids
    )


@pytest.mark.parametrize("layout", ["a", "b", "c"])
def test_json_vocabularies_with_a_hole_at_three_load_too(saved, tmp_path, layout):
    content = json.loads((saved[0] / "tokenizer.json").read_text())
    added = [t for t in content["added_tokens"] if not t["content"].startswith(("<unk>", "from"))]
    if layout != "a":
        content["model"]["vocab"][4] = ["<unk>", -100.0]
        flags = dict.fromkeys(("single_word", "lstrip", "rstrip", "normalized"), False)
        added.append({"id": 4, "content": "<unk>", "special": True, **flags})
        if layout == "c":
            size = len(content["model"]["vocab"])
            added.append({"id": size, "content": "<unk>NOTUSED", "special": True, **flags})
    write(tmp_path, "tokenizer.json", content | {"added_tokens": added})
    tokenizer = AutoTokenizer.from_pretrained(tmp_path)
    assert isinstance(tokenizer, CamembertTokenizerFast)
    expected = CamembertTokenizer(saved[0] / "sentencepiece.bpe.model")
    assert len(tokenizer) == len(expected)
    for text in [*SENTENCES, "漢 <mask>"]:
        assert tokenizer(text).input_ids == expected(text).input_ids


@pytest.mark.parametrize(
    ("tokenizer_config", "config", "limit"),
    [
        (None, None, 512),
        ({"model_max_length": 1e30}, None, 512),
        ({"model_max_length": 300}, None, 300),
        (None, {"model_type": "camembert", "max_position_embeddings": 130, "pad_token_id": 1}, 128),
        (
            {"model_max_length": 10**30},
            {"model_type": "roberta", "max_position_embeddings": 1025, "pad_token_id": 0},
            1024,
        ),
        ({"model_max_length": 512}, {"model_type": "camembert", "max_position_embeddings": 66}, 64),
        ({"model_max_length": 32}, {"model_type": "camembert", "max_position_embeddings": 66}, 32),
    ],
)
def test_the_limit_is_what_the_model_can_take(tmp_path, tokenizer_config, config, limit):
    write_model(tmp_path)
    for name, content in (("tokenizer_config.json", tokenizer_config), ("config.json", config)):
        if content is not None:
            write(tmp_path, name, content)
    for cls in CLASSES:
        tokenizer = cls.from_pretrained(tmp_path)
        assert tokenizer.model_max_length == limit
        assert tokenizer.max_len_single_sentence == limit - 2
        assert tokenizer.max_len_sentences_pair == limit - 4
        assert len(tokenizer("le " * 2000, truncation=True).input_ids) == limit


def test_auto_picks_the_class(saved):
    assert type(AutoTokenizer.from_pretrained(saved[0])) is CamembertTokenizerFast
    assert type(AutoTokenizer.from_pretrained(saved[0], use_fast=False)) is CamembertTokenizer
    with pytest.raises(TypeError, match="from_pretrained"):
        AutoTokenizer()


def test_folders_without_a_tokenizer_are_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match="neither is in"):
        AutoTokenizer.from_pretrained(tmp_path)
    write_model(tmp_path)
    write(tmp_path, "config.json", {"model_type": "xlm-roberta"})
    for cls in (AutoTokenizer, *CLASSES):
        with pytest.raises(ValueError, match="one of xlmroberta"):
            cls.from_pretrained(tmp_path)
    (tmp_path / "broken.model").write_bytes(b"\x0a\xff\xff")
    with pytest.raises(ValueError, match="SentencePiece"):
        CamembertTokenizer(tmp_path / "broken.model")
    with pytest.raises(ValueError, match="vocab_file or tokenizer_file"):
        CamembertTokenizerFast()


def byte_level_bpe():
    """A tokenizer of RoBERTa's kind."""
    library = Tokenizer(models.BPE())
    library.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    library.decoder = decoders.ByteLevel()
    special = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = BpeTrainer(vocab_size=400, special_tokens=special, initial_alphabet=alphabet)
    library.train_from_iterator(SENTENCES, trainer)
    library.add_special_tokens([AddedToken("<mask>", lstrip=True, normalized=False)])
    library.post_processor = RobertaProcessing(("</s>", 2), ("<s>", 0), add_prefix_space=False)
    return library


def word_piece():
    """A tokenizer of CamemBERTv2's kind."""
    library = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    library.normalizer = normalizers.NFC()
    library.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    library.decoder = decoders.WordPiece()
    special = ["[PAD]", "[CLS]", "[SEP]", "[UNK]", "[MASK]"]
    trainer = WordPieceTrainer(vocab_size=400, special_tokens=special)
    library.train_from_iterator(SENTENCES, trainer)
    library.post_processor = TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[("[CLS]", 1), ("[SEP]", 2)],
    )
    return library


def bert_word_piece():
    library = word_piece()
    library.post_processor = BertProcessing(("[SEP]", 2), ("[CLS]", 1))
    return library


@pytest.mark.parametrize("make", [byte_level_bpe, word_piece, bert_word_piece])
def test_any_tokenizer_json_is_served_as_its_library_does(tmp_path, make):
    library = make()
    library.save(str(tmp_path / "tokenizer.json"))
    tokenizer = AutoTokenizer.from_pretrained(tmp_path)
    assert type(tokenizer) is TokenizerFast
    library.enable_padding(pad_id=tokenizer.pad_token_id, pad_token=tokenizer.pad_token)
    encoding = tokenizer(
        SENTENCES, padding=True, return_token_type_ids=True, return_offsets_mapping=True
    )
    for row, expected in enumerate(library.encode_batch(SENTENCES)):
        assert encoding.input_ids[row] == expected.ids
        assert encoding.attention_mask[row] == expected.attention_mask
        assert encoding.token_type_ids[row] == expected.type_ids
        assert encoding.offset_mapping[row] == expected.offsets
        assert encoding.tokens(row) == expected.tokens
        assert encoding.word_ids(row) == expected.word_ids
    pair = tokenizer("Le chat", "la mer", return_token_type_ids=True)
    expected = library.encode("Le chat", "la mer")
    assert (pair.input_ids, pair.token_type_ids) == (expected.ids, expected.type_ids)
    assert pair.sequence_ids() == expected.sequence_ids
    assert tokenizer.decode(pair.input_ids) == library.decode(expected.ids, False)
    assert tokenizer.decode(pair.input_ids, True) == library.decode(expected.ids)
    assert tokenizer.get_vocab() == library.get_vocab()
    assert len(tokenizer) == library.get_vocab_size()


def test_a_generic_tokenizer_saves_what_it_loads(tmp_path):
    byte_level_bpe().save(str(tmp_path / "tokenizer.json"))
    write(tmp_path, "config.json", {"model_type": "roberta", "max_position_embeddings": 66})
    tokenizer = AutoTokenizer.from_pretrained(tmp_path, use_fast=False)
    assert tokenizer.model_max_length == 64
    assert tokenizer.add_tokens(["fromagerie"]) == 1
    tokenizer.save_pretrained(tmp_path / "again")
    again = TokenizerFast.from_pretrained(tmp_path / "again")
    text = "Le <mask> fromagerie"
    assert again(text).input_ids == tokenizer(text).input_ids
    assert again.special_tokens_map == tokenizer.special_tokens_map
    assert (again.mask_token, again.model_max_length) == ("<mask>", 64)
    names = [path.rsplit("/", 1)[-1] for path in tokenizer.save_vocabulary(tmp_path)]
    assert sorted(names) == ["merges.txt", "vocab.json"]


def test_a_json_that_changes_text_by_itself_is_left_to_its_library(saved, tmp_path):
    content = json.loads((saved[0] / "tokenizer.json").read_text())
    content["normalizer"]["normalizers"].append({"type": "Lowercase"})
    write(tmp_path, "tokenizer.json", content)
    tokenizer = AutoTokenizer.from_pretrained(tmp_path)
    assert type(tokenizer) is TokenizerFast
    assert tokenizer("LE CHAT").input_ids == tokenizer("le chat").input_ids
    with pytest.raises(ValueError, match="Unigram model of CamemBERT"):
        CamembertTokenizerFast.from_pretrained(tmp_path)


def test_a_camembert_class_refuses_other_json(tmp_path):
    byte_level_bpe().save(str(tmp_path / "tokenizer.json"))
    with pytest.raises(ValueError, match="Unigram model of CamemBERT; received 'BPE'"):
        CamembertTokenizer.from_pretrained(tmp_path)


@pytest.mark.parametrize(
    "options",
    [{"byte_fallback": True}, {"user_defined_symbols": ["fromage"]}, {"model_type": "bpe"}],
)
def test_models_that_json_cannot_hold_are_saved_without_it(tmp_path, options):
    writer = io.BytesIO()
    SentencePieceTrainer.train(
        sentence_iterator=iter(SENTENCES * 3),
        model_writer=writer,
        **{"vocab_size": 500, "hard_vocab_limit": options.get("model_type") == "bpe"},
        **{"unk_id": 0, "bos_id": 1, "eos_id": 2, "pad_id": -1, "minloglevel": 2},
        **options,
    )
    (tmp_path / "sentencepiece.bpe.model").write_bytes(writer.getvalue())
    tokenizer = CamembertTokenizerFast(tmp_path / "sentencepiece.bpe.model")
    tokenizer.save_pretrained(tmp_path / "saved")
    assert not (tmp_path / "saved" / "tokenizer.json").exists()
    with pytest.raises(ValueError, match="must be a Unigram model with ordinary pieces"):
        _ = tokenizer.backend_tokenizer
    again = CamembertTokenizer.from_pretrained(tmp_path / "saved")
    for text in [*SENTENCES, "le 漢字 est e\u0301te\u0301", "fromageries"]:
        encoding = again(text, return_offsets_mapping=True)
        assert encoding.input_ids == tokenizer(text).input_ids
        covered = {i for start, end in encoding.offset_mapping for i in range(start, end)}
        assert covered == set(range(len(text)))
