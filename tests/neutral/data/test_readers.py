"""The reader that fits a task and a file."""

import pytest

from camembert_dual.data.readers import READERS, read_examples

FORMS = "1\tOui\t_\tINTJ" + "\t_" * 6


def test_a_task_a_file_and_an_empty_file_that_no_reader_takes_are_told(write):
    with pytest.raises(ValueError, match=r"task must be one of pos, ner, .*; received 'poss'"):
        read_examples(write("a.txt", "x"), "poss")
    with pytest.raises(ValueError, match=r"A file of qa must end in \.json; received a\.txt"):
        read_examples(write("a.txt", "x"), "qa")
    with pytest.raises(ValueError, match="must hold at least one example; received none"):
        read_examples(write("a.bio", "\n\n"), "ner")


def test_every_reader_takes_a_path_and_gives_examples(write):
    assert set(READERS) == {
        *("pos", "ner", "classification", "pair", "qa", "choice", "embed", "mlm")
    }
    assert read_examples(write("a.txt", "un\ndeux\n\ntrois"), "mlm") == [["un", "deux"], ["trois"]]
    assert read_examples(write("a.conllu", FORMS), "pos", column="FORM")[0].labels == ("Oui",)
