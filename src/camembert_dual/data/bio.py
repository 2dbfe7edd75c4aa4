"""Entities in columns: a word and its tag on each line, in any of the usual schemes.

IOB1 (``I-`` begins an entity unless one of its kind is just before), IOB2 (``B-`` begins each),
BILOU and BIOES (``L-`` or ``E-`` ends one, ``U-`` or ``S-`` is one alone) are read by one rule and
given as IOB2 (Ramshaw and Marcus 1995, https://aclanthology.org/W95-0107).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from camembert_dual.data.examples import WordsExample
from camembert_dual.data.lines import read_blocks

OUTSIDE = "O"
BEGINS, ENDS = "BUS", "LEUS"
TAG = re.compile(r"O|[BILUES]-\S+")
DOCUMENT = "-DOCSTART-"  # CoNLL 2003's line between two documents


def read_bio(path: Path) -> Iterator[WordsExample]:
    """Read sentences, parted by empty lines; the tag is the last column, the word the first.

    Raises:
        CheckpointError: If a line has no tag, or no tag of these schemes; the message has the line.
        OSError: If the file cannot be read.
    """
    for block in read_blocks(path):
        words, tags = [], []
        for line in block:
            cells = re.split(r"[ \t]+", line.text.strip(" \t"))
            if cells[0] == DOCUMENT:
                continue
            rule = "a line must hold a word and its tag, parted by a blank or a tab"
            line.require(len(cells) >= 2, rule, repr(line.text))
            rule = "a tag must be O, or B-, I-, L-, U-, E- or S- and a kind of entity"
            line.require(TAG.fullmatch(cells[-1]), rule, cells[-1])
            words.append(cells[0])
            tags.append(cells[-1])
        if words:
            yield WordsExample(tuple(words), tuple(as_iob2(tags)))


def as_iob2(tags: Sequence[str]) -> list[str]:
    """Give the tags of a sentence as IOB2: ``B-`` begins each entity, ``I-`` goes on.

    Args:
        tags: Tags of any of the schemes.
    """
    found = []
    is_open, open_kind = False, ""
    for tag in tags:
        position, _, kind = tag.partition("-")
        goes_on = is_open and kind == open_kind and position not in BEGINS
        found.append(tag if tag == OUTSIDE else f"{'I' if goes_on else 'B'}-{kind}")
        is_open, open_kind = tag != OUTSIDE and position not in ENDS, kind
    return found
