"""The trained vocabulary has the layout that CamemBERT's id offset expects."""

import itertools

import pytest
import sentencepiece

from bundled.vocabulary import FRENCH_CHARACTERS, train_sentencepiece
from camembert_dual.data.text import read_lines
from shared_data import shared

LINES = [
    f"{article} {noun} {verb} {place} depuis {number} jours."
    for number, (article, noun, verb, place) in enumerate(
        itertools.product(
            ["Le", "Mon", "Un"],
            ["petit chat", "vieux château", "garçon", "boulanger"],
            ["dort", "attend", "reste là", "brûlait"],
            ["près de la forêt", "à l’étage", "derrière l'église", "où qu’il soit"],
        )
    )
]


def train(path, lines=LINES, vocab_size=157, **options):
    train_sentencepiece(lines, vocab_size=vocab_size, output=path, **options)
    return sentencepiece.SentencePieceProcessor(model_file=str(path))


@pytest.fixture(scope="module")
def processor(tmp_path_factory):
    return train(tmp_path_factory.mktemp("vocabulary") / "french.model")


def test_special_pieces_come_first_and_are_the_only_ones(processor):
    assert len(processor) == 157
    assert [processor.id_to_piece(i) for i in range(3)] == ["<unk>", "<s>", "</s>"]
    assert processor.is_unknown(0)
    assert [i for i in range(157) if processor.is_control(i)] == [1, 2]
    assert not any(processor.is_byte(i) or processor.is_unused(i) for i in range(157))
    assert processor.pad_id() == -1


def test_every_french_character_has_a_piece_and_is_not_normalised_away(processor):
    for character in FRENCH_CHARACTERS:
        pieces = processor.encode(character, out_type=str)
        assert "".join(pieces) == "▁" + character
        assert 0 not in processor.encode(character)


def test_text_comes_back_with_words_that_begin_with_the_meta_symbol(processor):
    sentence = "Un garçon attend où qu’il soit, à l'étage !"
    pieces = processor.encode(sentence, out_type=str)
    assert processor.decode(processor.encode(sentence)) == sentence
    assert sum(piece.startswith("▁") for piece in pieces) == len(sentence.split())


def test_normalisation_is_that_of_camembert(processor):
    # nmt_nfkc: ligatures come apart, full-width letters and non-breaking spaces become plain.
    assert processor.encode("la\u00a0ﬁn  Ａ") == processor.encode("la fin A")


def test_characters_without_a_piece_are_one_unknown(processor):
    assert processor.encode("Ж").count(0) == 1


def test_the_same_lines_train_the_same_file(tmp_path):
    for name in ("one.model", "two.model"):
        train(tmp_path / name, vocab_size=149, max_lines=101, seed=5)
    assert (tmp_path / "one.model").read_bytes() == (tmp_path / "two.model").read_bytes()


def test_no_more_lines_than_asked_are_read_into_the_model(tmp_path):
    lines = [f"la {letter} le ile pole" for letter in "bdfghjk"]
    options = {"required_characters": "", "character_coverage": 1.0, "vocab_size": 14}
    processor = train(tmp_path / "few.model", lines=lines, max_lines=3, **options)
    assert sum(processor.piece_to_id(letter) != 0 for letter in "bdfghjk") == 3


def test_training_is_quiet(tmp_path, capfd):
    train(tmp_path / "quiet.model", vocab_size=149)
    captured = capfd.readouterr()
    assert (captured.out, captured.err) == ("", "")


def test_a_failed_training_leaves_the_old_file_whole(tmp_path):
    path = tmp_path / "old.model"
    path.write_bytes(b"old")
    with pytest.raises(ValueError, match="must yield vocab_size=90001 pieces; received 192 lines"):
        train(path, vocab_size=90001)
    assert path.read_bytes() == b"old"
    assert [file.name for file in tmp_path.iterdir()] == ["old.model"]


def test_a_failed_write_leaves_nothing_behind(tmp_path):
    path = tmp_path / "taken"
    path.mkdir()
    with pytest.raises(OSError, match="taken"):
        train(path, vocab_size=149)
    assert [file.name for file in tmp_path.iterdir()] == ["taken"]


@pytest.mark.parametrize("lines", [[], ["", "  "]])
def test_no_text_is_refused(tmp_path, lines):
    with pytest.raises(ValueError, match="at least one line of text; received none"):
        train(tmp_path / "none.model", lines=lines)


def test_real_french_is_covered_without_unknown_pieces(tmp_path):
    lines = list(read_lines(shared("data/text_commonvoice_fr/modern.txt")))
    processor = train(tmp_path / "modern.model", lines=lines[::2], vocab_size=1501)
    held_out = processor.encode(lines[1::2])
    unknown = sum(sentence.count(0) for sentence in held_out)
    assert unknown < 1e-3 * sum(map(len, held_out))
