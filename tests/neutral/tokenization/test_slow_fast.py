"""Slow and fast are one: on French, its traps and anything that hypothesis thinks of."""

import json

import pytest
import sentencepiece
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer

from camembert_dual.tokenization import CamembertTokenizer, CamembertTokenizerFast
from tokenization_models import FRAGMENTS, SENTENCES, SPECIALS, model_bytes, write_model

PIECES = sentencepiece.SentencePieceProcessor(model_proto=model_bytes())
texts = st.lists(st.sampled_from(FRAGMENTS) | st.text(max_size=3), max_size=12).map("".join)
marked_texts = st.lists(st.sampled_from(FRAGMENTS + SPECIALS), max_size=10).map("".join)
many = settings(max_examples=250, deadline=None)


@pytest.fixture(scope="module")
def both(tmp_path_factory):
    """The slow one from the SentencePiece file; the fast one from ``tokenizer.json`` alone."""
    folder = tmp_path_factory.mktemp("both")
    slow = CamembertTokenizer(write_model(folder))
    slow.save_pretrained(folder)
    return slow, CamembertTokenizerFast(tokenizer_file=folder / "tokenizer.json")


@many
@given(text=texts)
def test_plain_text_gives_the_ids_of_sentencepiece(both, text):
    slow, _ = both
    if not slow.segmenter.added.in_any([text]):
        expected = [piece + 4 if piece else 3 for piece in PIECES.encode(text)]
        assert slow(text, add_special_tokens=False).input_ids == expected


@many
@given(text=texts | marked_texts)
def test_slow_and_fast_agree_on_everything(both, text):
    slow, fast = (tokenizer(text, return_offsets_mapping=True) for tokenizer in both)
    assert slow == fast
    assert slow.tokens() == fast.tokens()
    assert slow.word_ids() == fast.word_ids()
    assert both[0].decode(slow.input_ids) == both[1].decode(fast.input_ids)


@many
@given(text=texts | marked_texts)
def test_alignment_and_ids_come_from_the_same_cut(both, text):
    encoding = both[0](text)
    assert encoding[0].ids == encoding.input_ids


@many
@given(text=texts)
def test_offsets_cover_the_source_and_nothing_else(both, text):
    """The covered characters are the text up to normalisation; those left out mean nothing."""
    encoding = both[0](text, add_special_tokens=False, return_offsets_mapping=True)
    offsets = encoding.offset_mapping
    assert all(0 <= start <= end <= len(text) for start, end in offsets)
    assert offsets == sorted(offsets)
    covered = {place for start, end in offsets for place in range(start, end)}
    kept = "".join(char for place, char in enumerate(text) if place in covered)
    left = "".join(char for place, char in enumerate(text) if place not in covered)
    if not both[0].segmenter.added.in_any([text, kept, left]):
        assert PIECES.normalize(kept) == PIECES.normalize(text)
        assert PIECES.normalize(left) == ""


def test_tokens_joined_give_the_sentence_back(both):
    for sentence in SENTENCES:
        offsets = both[1](sentence, return_offsets_mapping=True).offset_mapping
        assert "".join(sentence[start:end] for start, end in offsets) == sentence


def test_words_are_the_stretches_between_blanks(both):
    for sentence in SENTENCES:
        encoding = both[0](sentence)
        words = sentence.split()
        spans = [encoding.word_to_chars(word) for word in range(len(words))]
        assert [sentence[start:end].strip() for start, end in spans] == words


def test_both_halves_of_a_cut_ligature_cover_it(both):
    encoding = both[0]("ﬃ", add_special_tokens=False, return_offsets_mapping=True)
    assert len(encoding.tokens()) > 1
    assert {offset for offset in encoding.offset_mapping if offset != (0, 0)} == {(0, 1)}


def test_decomposed_text_gives_the_ids_of_composed_text(both):
    decomposed = "e\u0301te\u0301 nai\u0308f, c\u0327a"
    for tokenizer in both:
        assert tokenizer(decomposed).input_ids == tokenizer("été naïf, ça").input_ids
        offsets = tokenizer(decomposed, return_offsets_mapping=True).offset_mapping
        assert "".join(decomposed[start:end] for start, end in offsets) == decomposed


def test_library_tokenizer_of_the_fast_class_reads_the_same_vocabulary(both):
    library = both[1].backend_tokenizer
    assert isinstance(library, Tokenizer)
    assert library.get_vocab() == both[1].get_vocab()
    same = [library.encode(text).ids == both[1](text).input_ids for text in SENTENCES]
    assert sum(same) > 0.8 * len(same)  # the two may choose among equally likely cuts
    assert library.encode("a", "le").ids == both[1]("a", "le").input_ids


def test_scores_survive_the_way_through_json(both, tmp_path):
    both[1].save_vocabulary(tmp_path)
    again = sentencepiece.SentencePieceProcessor(str(tmp_path / "sentencepiece.bpe.model"))
    assert len(again) == len(PIECES)
    for piece in range(1, len(PIECES)):
        assert again.id_to_piece(piece) == PIECES.id_to_piece(piece)
        assert again.get_score(piece) == PIECES.get_score(piece)


def test_tokenizer_json_is_what_old_and_new_library_releases_read(both, tmp_path):
    both[0].save_pretrained(tmp_path)
    content = json.loads((tmp_path / "tokenizer.json").read_text())
    assert content["pre_tokenizer"]["add_prefix_space"] is True
    assert content["pre_tokenizer"]["prepend_scheme"] == "always"
