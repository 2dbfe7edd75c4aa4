"""The reader and writer of SentencePiece files, against the library and against google.protobuf."""

import pytest
import sentencepiece

from camembert_dual.tokenization.sentencepiece_model import UNIGRAM, build_model, parse_model
from shared_data import shared
from tokenization_models import SENTENCES, model_bytes


def test_pieces_scores_and_settings_are_those_that_the_library_sees():
    model = parse_model(model_bytes())
    library = sentencepiece.SentencePieceProcessor(model_proto=model_bytes())
    assert len(model.pieces) == len(library)
    for index, piece in enumerate(model.pieces):
        assert piece.text == library.id_to_piece(index)
        assert piece.score == library.get_score(index)
    assert model.model_type == UNIGRAM
    assert model.add_dummy_prefix
    assert model.remove_extra_whitespaces
    assert len(model.charsmap) > 100_000


def test_a_model_written_again_cuts_the_same():
    written = build_model(parse_model(model_bytes()))
    assert parse_model(written) == parse_model(model_bytes())
    before, after = (
        sentencepiece.SentencePieceProcessor(model_proto=data) for data in (model_bytes(), written)
    )
    for text in [*SENTENCES, "e\u0301te\u0301 ﬁn \u00a0漢字"]:
        assert before.encode(text) == after.encode(text)
        assert before.normalize(text) == after.normalize(text)


@pytest.mark.parametrize("kind", ["bpe", "char", "word"])
def test_kinds_other_than_unigram_are_told_apart(kind):
    assert parse_model(model_bytes(kind=kind)).model_type != UNIGRAM


@pytest.mark.parametrize("data", [b"", b"\x0a", b"\x0a\x05ab", b"\x0b", b"\x80", b"\x08\x01"])
def test_broken_files_are_refused(data):
    with pytest.raises(ValueError, match="must"):
        parse_model(data)


def test_models_made_elsewhere_are_read():
    paths = sorted(shared("fixtures").glob("*.model"))
    assert paths
    for path in paths:
        library = sentencepiece.SentencePieceProcessor(str(path))
        model = parse_model(path.read_bytes())
        assert [piece.text for piece in model.pieces] == [
            library.id_to_piece(index) for index in range(len(library))
        ]
