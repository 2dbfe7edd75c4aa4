"""Treebanks: words, tokens as they are written, and the counts that their pages state."""

import re

import pytest

from camembert_dual.common.errors import CheckpointError
from camembert_dual.data.conllu import read_conllu
from camembert_dual.data.examples import (
    WordsExample,
)
from shared_data import shared


def word(key, form, tag="X"):
    return f"{key}\t{form}\t_\t{tag}" + "\t_" * 6


AU = "\n".join(
    [
        "# text = Il va aux bois dudit roi",
        word(1, "Il", "PRON"),
        word(2, "va", "VERB"),
        word("3-4", "aux"),
        word(3, "à", "ADP"),
        word(4, "les", "DET"),
        word("4.1", "grands", "ADJ"),
        word(5, "bois", "NOUN"),
        word("6-7", "dudit"),
        word(6, "de", "ADP"),
        word(7, "ledit", "DET"),
        word(8, "roi", "NOUN"),
        "",
        "# only a comment",
        "",
        word(1, "Oui", "INTJ"),
    ]
)


def test_a_treebank_gives_syntactic_words_or_written_tokens(write):
    path = write("a.conllu", AU)
    assert list(read_conllu(path)) == [
        WordsExample(
            ("Il", "va", "à", "les", "bois", "de", "ledit", "roi"),
            ("PRON", "VERB", "ADP", "DET", "NOUN", "ADP", "DET", "NOUN"),
        ),
        WordsExample(("Oui",), ("INTJ",)),
    ]
    first = next(iter(read_conllu(path, "upos", written=True)))
    assert first.words == ("Il", "va", "aux", "bois", "dudit", "roi")
    assert first.labels == ("PRON", "VERB", "ADP+DET", "NOUN", "ADP+DET", "NOUN")


def test_a_treebank_may_name_other_columns(write):
    path = write("a.conllup", "# global.columns = ID FORM MWE\n1\tpomme\tB\n2\tde\tI\n")
    assert list(read_conllu(path, "MWE")) == [WordsExample(("pomme", "de"), ("B", "I"))]


@pytest.mark.parametrize(
    ("treebank", "part"),
    [
        (f"{name}/fr_{name.removeprefix('ud_')}-ud", part)
        for name in ("ud_sequoia", "ud_rhapsodie", "ud_parisstories")
        for part in ("train", "dev", "test")
    ],
)
def test_treebanks_hold_what_their_pages_say_and_tokens_spell_their_text(treebank, part):
    path = shared(f"data/{treebank}-{part}.conllu")
    page = (path.parent / "README.md").read_text("utf-8")
    counts = re.search(rf"{path.name}: (\d+) sentences, (\d+) words", page)
    sentences = list(read_conllu(path))
    assert len(sentences) == int(counts[1])
    assert sum(len(one.words) for one in sentences) == int(counts[2])
    texts = re.findall(r"^# text = (.*)$", path.read_text("utf-8"), re.MULTILINE)
    for text, one in zip(texts, read_conllu(path, written=True), strict=True):
        assert "".join("".join(one.words).split()) == "".join(text.split())


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("1\tLe\n", "line 1: a word must have 10 columns; received 2."),
        (word(1, "a") + "\n" + word(3, "b"), "line 2: the id of the next word must be 2; received"),
        (word("x", "a"), "line 1: the id of the next word must be 1; received x."),
        (word(1, ""), "line 1: a word must have a form; received none."),
        (word("1-3", "a") + "\n" + word(1, "b"), "line 2: the sentence must hold the words up to"),
        (word("2-3", "a"), "line 1: a token must stand for words from 1 on; received 2-3."),
        (
            word("1-2", "a") + "\n" + word("1-2", "b"),
            "line 2: a token must stand for words from 1 on; received 1-2.",
        ),
        ("# global.columns = ID LEMMA\n1\ta\n", "line 1: the columns must have ID and FORM"),
        (word(1, "a").encode() + b"\n\n" + b"1\t\xe9t\xe9", "line 3: text must be UTF-8; received"),
    ],
)
def test_a_malformed_treebank_is_told_with_file_line_and_reason(content, message, write):
    path = write("a.conllu", content)
    with pytest.raises(CheckpointError, match=re.escape(f"{path}: {message}")):
        list(read_conllu(path))


def test_a_column_that_is_not_there_is_told(write):
    with pytest.raises(CheckpointError, match="line 2: the column must be one of ID, FORM,"):
        list(read_conllu(write("a.conllu", AU), "sentiment"))
