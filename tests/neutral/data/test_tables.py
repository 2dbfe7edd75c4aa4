"""Tables of texts: every format, labels of every kind, and what is malformed."""

import json
import re
from collections import Counter

import pyarrow
import pyarrow.parquet
import pytest

from camembert_dual.common.errors import CheckpointError
from camembert_dual.data.examples import (
    SimilarTexts,
    TextExample,
)
from camembert_dual.data.readers import read_examples
from camembert_dual.data.tables import read_similar, read_table, read_texts
from shared_data import shared


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.tsv", '\ufefftext\tlabel\nIl dit "oui".\tbien\n\nNon, merci\tmal\n'),
        ("a.csv", 'text,label\n"Il dit ""oui"".",bien\n"Non, merci",mal\n'),
        (
            "a.jsonl",
            '{"text": "Il dit \\"oui\\".", "label": "bien"}\n\n'
            '{"label": "mal", "text": "Non, merci"}\n',
        ),
    ],
)
def test_tables_of_every_kind_hold_the_same_texts(name, content, write):
    assert list(read_texts(write(name, content))) == [
        TextExample('Il dit "oui".', "bien"),
        TextExample("Non, merci", "mal"),
    ]


def test_labels_are_classes_numbers_or_lists(write):
    path = write("a.tsv", "phrase\tnote\nBien\t4.5\nMal\t-1\n")
    found = read_texts(path, "regression", text="phrase", label="note")
    assert [one.label for one in found] == [4.5, -1.0]
    path = write("b.tsv", "text\tlabels\nBien\tfin|gai\nMal\t\n")
    assert [one.label for one in read_texts(path, "multi")] == [("fin", "gai"), ()]
    path = write("c.jsonl", '{"text": "a", "labels": ["x", "y"]}\n{"text": "b", "labels": []}\n')
    assert [one.label for one in read_texts(path, "multi")] == [("x", "y"), ()]


def test_pairs_and_similar_texts(write):
    path = write("a.csv", "sentence1,sentence2,label\nIl pleut,Il fait beau,non\n")
    assert list(read_texts(path, pairs=True)) == [TextExample("Il pleut", "non", "Il fait beau")]
    path = write("b.tsv", "anchor\tpositive\nun\tune\n")
    assert list(read_similar(path)) == [SimilarTexts("un", "une")]
    path = write("c.tsv", "query\tpositive\tnegative\nun\tune\tdeux\n")
    assert list(read_similar(path)) == [SimilarTexts("un", "une", "deux")]


def test_a_quoted_cell_may_hold_line_ends(write):
    (record,) = read_table(write("a.csv", 'text,label\n"un\ndeux",x\n'))
    assert record.cells == {"text": "un\ndeux", "label": "x"}
    assert record.line.number == 3


@pytest.mark.parametrize("part", ["train", "dev", "test"])
def test_topics_are_as_many_as_their_page_says(part):
    path = shared(f"data/cls_sib200_fr/{part}.tsv")
    page = (path.parent / "README.md").read_text("utf-8")
    stated = re.search(rf"{part}\.tsv: (\d+) examples, (.*)", page)
    found = read_examples(path, "classification")
    assert len(found) == int(stated[1])
    assert Counter(one.label for one in found) == json.loads(stated[2].replace("'", '"'))


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.tsv", "", "line 1: the first line must name the columns, each once; received"),
        ("a.tsv", "text\ttext\na\tb\n", "line 1: the first line must name the columns, each once"),
        ("a.tsv", "text\tlabel\na\n", "line 2: a row must have 2 cells; received 1."),
        ("a.csv", "text,label\na,b,c\n", "line 2: a row must have 2 cells; received 3."),
        ("a.csv", 'text,label\n"a"b,c\n', "line 2: a row must be CSV; received"),
        ("a.csv", 'text,label\n"a,c\n', "line 2: a row must be CSV; received"),
        ("a.jsonl", '{"text": "a"\n', "line 1: a line must be JSON; received"),
        ("a.jsonl", "[" * 100_000, "line 1: a line must be JSON; received"),
        ("a.jsonl", "[1]\n", "line 1: a line must be a JSON object; received list."),
        ("a.jsonl", '{"text": "a"}\n', "line 1: a column must be called label or labels or"),
        ("a.jsonl", '{"text": 3, "label": 1}\n', "line 1: a text must not be empty; received 3."),
        ("a.tsv", "text\tlabel\n\tb\n", "line 2: a text must not be empty; received ''."),
        ("a.tsv", "text\tlabel\na\t\n", "line 2: a label must be the name of a class; received"),
        ("a.jsonl", '{"text": "a", "label": true}', "a label must be the name of a class"),
    ],
)
def test_a_malformed_table_is_told(name, content, message, write):
    path = write(name, content)
    with pytest.raises(CheckpointError, match=re.escape(message)) as caught:
        list(read_texts(path))
    assert str(caught.value).startswith(f"{path}: line ")
    assert len(str(caught.value)) < 500


@pytest.mark.parametrize("cell", ["cher", "nan", "inf", ""])
def test_a_number_is_finite(cell, write):
    path = write("a.tsv", f"text\tlabel\na\t{cell}\n")
    with pytest.raises(CheckpointError, match="line 2: a label must be a finite number"):
        list(read_texts(path, "regression"))


def test_parquet_is_read_as_any_table(tmp_path):
    path = tmp_path / "a.parquet"
    pyarrow.parquet.write_table(
        pyarrow.table({"text": ["Il pleut.", "Oui"], "label": [2, 0]}), path
    )
    assert list(read_texts(path)) == [TextExample("Il pleut.", "2"), TextExample("Oui", "0")]
    with pytest.raises(CheckpointError, match=r"a\.parquet: line 1: a column must be called mot"):
        list(read_texts(path, text="mot"))
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(CheckpointError, match=r"a\.parquet: a table must be a whole Parquet file"):
        list(read_texts(path))
