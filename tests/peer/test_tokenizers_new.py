"""Against the newest transformers: its files load here, ours load there, and ids agree."""

import pytest
import transformers

from camembert_dual.tokenization import (
    AutoTokenizer,
    CamembertTokenizer,
    CamembertTokenizerFast,
    TokenizerFast,
)
from tokenization_models import SENTENCES, write_model

CLASSES = [CamembertTokenizer, CamembertTokenizerFast]
TEXTS = [*SENTENCES, "le <mask> est <mask>.", "le 漢字", "a<s>b", ""]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("model")
    CamembertTokenizer(write_model(path), model_max_length=99).save_pretrained(path)
    return path


@pytest.fixture(scope="module", params=CLASSES)
def ours(request, folder):
    return request.param.from_pretrained(folder)


@pytest.mark.parametrize("name", ["AutoTokenizer", "CamembertTokenizer"])
def test_files_written_here_load_there(folder, ours, name):
    other = getattr(transformers, name).from_pretrained(folder)
    assert (len(other), other.model_max_length) == (len(ours), 99)
    assert other.mask_token == ours.mask_token
    options = {"padding": True, "truncation": True, "max_length": 24}
    one, two = ours(TEXTS, **options), other(TEXTS, **options)
    assert one.input_ids == two.input_ids
    assert one.attention_mask == two.attention_mask
    assert ours(SENTENCES, TEXTS[: len(SENTENCES)], verbose=False).input_ids == (
        other(SENTENCES, TEXTS[: len(SENTENCES)]).input_ids
    )


@pytest.mark.parametrize("cls", CLASSES)
def test_files_written_there_load_here(folder, ours, tmp_path, cls):
    other = transformers.AutoTokenizer.from_pretrained(folder)
    other.save_pretrained(tmp_path)
    assert not (tmp_path / "sentencepiece.bpe.model").exists()
    one = cls.from_pretrained(tmp_path)
    assert one(TEXTS).input_ids == ours(TEXTS).input_ids
    assert (len(one), one.model_max_length) == (len(ours), 99)
    assert one.special_tokens_map == ours.special_tokens_map


def test_alignment_agrees(folder, ours):
    other = transformers.AutoTokenizer.from_pretrained(folder)
    one, two = (t(SENTENCES, return_offsets_mapping=True) for t in (ours, other))
    for row in range(len(SENTENCES)):
        assert one.tokens(row) == two.tokens(row)
        assert one.word_ids(row) == two.word_ids(row)
        spans = zip(one.offset_mapping[row], two.offset_mapping[row], strict=True)
        for token, (a, b) in zip(one.tokens(row), spans, strict=True):
            if token != "▁":  # here the blank that SentencePiece puts first covers nothing
                assert SENTENCES[row][slice(*a)].strip() == SENTENCES[row][slice(*b)].strip()


def test_other_families_are_served_as_by_the_generic_class(tmp_path):
    library = CamembertTokenizerFast(write_model(tmp_path)).backend_tokenizer
    library.save(str(tmp_path / "tokenizer.json"))
    names = dict.fromkeys(("bos_token", "cls_token"), "<s>") | {"pad_token": "<pad>"}
    other = transformers.PreTrainedTokenizerFast(
        tokenizer_file=str(tmp_path / "tokenizer.json"), **names
    )
    one = TokenizerFast(tmp_path / "tokenizer.json", **names)
    options = {"padding": True, "truncation": True, "max_length": 16}
    assert one(SENTENCES, **options).input_ids == other(SENTENCES, **options).input_ids
    assert type(AutoTokenizer.from_pretrained(tmp_path)) is CamembertTokenizerFast


CHANGES = {
    "a piece pads": {"pad_token": "</s>"},
    "a new token pads": {"pad_token": "[PAD]"},
    "unknown text pads": {"pad_token": "<unk>"},
    "a new mask": {"mask_token": "[MASK]"},
    "a new unknown": {"unk_token": "[UNK]"},
    "new ends": {"cls_token": "[CLS]", "sep_token": "[SEP]", "eos_token": "[SEP]"},
    "more": {"additional_special_tokens": ["<e1>", "<e2>"]},
}
CHANGED = ["le chat dort", "la mer 漢字 est belle", "le<mask>[MASK]</s>", "la"]
ROLES = ("pad_token", "mask_token", "unk_token", "cls_token", "sep_token")


@pytest.mark.parametrize("cls", [*CLASSES, AutoTokenizer])
@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_folders_written_there_after_a_change_mean_the_same_here(folder, tmp_path, cls, change):
    other = transformers.AutoTokenizer.from_pretrained(folder)
    other.add_special_tokens(change)
    other.save_pretrained(tmp_path)
    one = cls.from_pretrained(tmp_path)
    for role in ROLES:
        assert getattr(one, role) == getattr(other, role)
        assert getattr(one, f"{role}_id") == getattr(other, f"{role}_id")
    assert len(one) == len(other)
    texts = CHANGED if "mask_token" not in change else CHANGED[:2]  # blanks after "[MASK]" differ
    assert one(texts, padding=True).input_ids == other(texts, padding=True).input_ids


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_folders_written_here_after_a_change_mean_the_same_there(ours, folder, tmp_path, change):
    one = type(ours).from_pretrained(folder)
    one.add_special_tokens(change)
    one.save_pretrained(tmp_path)
    other = transformers.AutoTokenizer.from_pretrained(tmp_path)
    for role in ROLES:
        assert getattr(other, f"{role}_id") == getattr(one, f"{role}_id")
    assert len(other) == len(one)
    if "cls_token" in change:
        return  # it puts bos_token and eos_token around a text, whatever a file says
    texts = CHANGED[:2]
    assert one(texts, padding=True).input_ids == other(texts, padding=True).input_ids
