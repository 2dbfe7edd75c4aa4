"""CoNLL-U: a column of a treebank, over syntactic words or over tokens as they are written.

The format is https://universaldependencies.org/format.html; ``# global.columns`` of CoNLL-U Plus
may name other columns.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from camembert_dual.data.examples import WordsExample
from camembert_dual.data.lines import Line, read_blocks

COLUMNS = ("ID", "FORM", "LEMMA", "UPOS", "XPOS", "FEATS", "HEAD", "DEPREL", "DEPS", "MISC")
HEADER = "# global.columns ="
WORD, TOKEN, EMPTY_NODE = r"\d+", r"(\d+)-(\d+)", r"\d+\.\d+"
JOINT = "+"  # between the labels of the words that one written token stands for: ADP+DET


def read_conllu(
    path: Path, column: str = "UPOS", *, written: bool = False
) -> Iterator[WordsExample]:
    """Read the sentences of a treebank.

    Args:
        path: The file.
        column: What to read for each word: a column's name, in any case.
        written: Whether tokens are read as they are written, ``du`` with the label ``ADP+DET``;
            by default the syntactic words are, ``de`` and ``le``.

    Raises:
        CheckpointError: If the file breaks the format; the message has the line.
        OSError: If the file cannot be read.
    """
    columns: Sequence[str] = COLUMNS
    for block in read_blocks(path):
        for line in block:
            if line.text.startswith(HEADER):
                columns = line.text.removeprefix(HEADER).split()
                fits = {"ID", "FORM"} <= set(columns)
                line.require(fits, "the columns must have ID and FORM among them", line.text)
        rows = [line for line in block if not line.text.startswith("#")]
        if not rows:
            continue
        upper = [name.upper() for name in columns]
        rule = f"the column must be one of {', '.join(columns)}"
        rows[0].require(column.upper() in upper, rule, repr(column))
        wanted = (upper.index("ID"), upper.index("FORM"), upper.index(column.upper()))
        yield _sentence(rows, len(columns), wanted, written)


def _sentence(
    rows: Sequence[Line], width: int, wanted: tuple[int, int, int], written: bool
) -> WordsExample:
    """Read a sentence: its words, and the tokens that stand for several of them."""
    words: list[tuple[str, str]] = []
    tokens: list[tuple[int, int, str]] = []
    for line in rows:
        cells = line.text.split("\t")
        line.require(len(cells) == width, f"a word must have {width} columns", len(cells))
        key, form, label = (cells[place] for place in wanted)
        line.require(form, "a word must have a form", "none")
        token = re.fullmatch(TOKEN, key)
        if token:
            first, last = int(token[1]), int(token[2])
            follows = first == len(words) + 1 and first < last
            rule = f"a token must stand for words from {len(words) + 1} on"
            free = not tokens or tokens[-1][1] < first
            line.require(follows and free, rule, key)
            tokens.append((first, last, form))
        elif not re.fullmatch(EMPTY_NODE, key):
            fits = re.fullmatch(WORD, key) and int(key) == len(words) + 1
            line.require(fits, f"the id of the next word must be {len(words) + 1}", key)
            words.append((form, label))
    if tokens:
        rule = f"the sentence must hold the words up to {tokens[-1][1]}"
        rows[-1].require(tokens[-1][1] <= len(words), rule, len(words))
    if written:
        words = _as_written(words, tokens)
    return WordsExample(tuple(form for form, _ in words), tuple(label for _, label in words))


def _as_written(
    words: Sequence[tuple[str, str]], tokens: Sequence[tuple[int, int, str]]
) -> list[tuple[str, str]]:
    """Put each token in the place of the words that it stands for."""
    joined: list[tuple[str, str]] = []
    done = 0
    for first, last, form in tokens:
        labels = [label for _, label in words[first - 1 : last]]
        joined += [*words[done : first - 1], (form, JOINT.join(labels))]
        done = last
    return [*joined, *words[done:]]
