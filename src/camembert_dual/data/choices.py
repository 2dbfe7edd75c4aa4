"""Questions with choices: JSON as FrenchMedMCQA has it, and schemas of Winograd as XWinograd does.

FrenchMedMCQA is Labrak et al. 2022 (https://arxiv.org/abs/2304.04280), XWinograd Tikhonov and
Ryabinin 2021 (https://arxiv.org/abs/2106.12066).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from camembert_dual.data.examples import ChoiceExample
from camembert_dual.data.json_documents import read_document
from camembert_dual.data.lines import read_numbered

SENTENCE, TOKENS, CELLS = 3, 4, 7  # of a line of XWinograd
QUOTES = {"``": '"', "''": '"'}  # as the Penn Treebank writes them among tokens


def read_choices(path: Path) -> Iterator[ChoiceExample]:
    """Read a list of questions, each with ``question``, ``answers`` and ``correct_answers``.

    Raises:
        CheckpointError: If the file breaks the format; the message has the line or the place.
        OSError: If the file cannot be read.
    """
    for one in read_document(path).items(""):
        question = one.field("question", str).value
        answers = one.field("answers", dict)
        names = list(answers.value)
        choices = tuple(answers.field(name, str).value for name in names)
        one.require(len(choices) > 1, "there must be at least two answers", len(choices))
        right = [place.value for place in one.items("correct_answers")]
        rule = f"correct_answers must be some of {', '.join(names)}"
        is_known = right and all(isinstance(name, str) and name in names for name in right)
        one.require(is_known, rule, right)
        yield ChoiceExample(question, choices, tuple(names.index(name) for name in right))


def read_winograd(path: Path) -> Iterator[ChoiceExample]:
    """Read schemas: the sentence up to its pronoun, and each candidate with the rest behind it.

    Raises:
        CheckpointError: If the file breaks the format; the message has the line.
        OSError: If the file cannot be read.
    """
    for line in read_numbered(path):
        if not line.text.strip():
            continue
        cells = line.text.split("\t")
        line.require(len(cells) == CELLS, f"a schema must have {CELLS} cells", len(cells))
        try:
            tokens, pronoun, candidates = (json.loads(one) for one in cells[TOKENS:])
            start, end = _span(cells[SENTENCE], tokens, *pronoun[1])
            names = [(str(name), right is True) for name, _, _, right in candidates]
        except (ValueError, TypeError, LookupError, RecursionError) as error:
            rule = "tokens, pronoun and candidates must be JSON lists that fit the sentence"
            raise line.error(rule, str(error)) from None
        right = tuple(number for number, (_, is_right) in enumerate(names) if is_right)
        line.require(right and len(names) > 1, "one of the candidates must be right", names)
        before, after = cells[SENTENCE][:start], cells[SENTENCE][end:]
        yield ChoiceExample(before.rstrip(), tuple(f"{name}{after}" for name, _ in names), right)


def _span(sentence: str, tokens: list[str], first: int, last: int) -> tuple[int, int]:
    """The characters of the tokens [first, last), looked for one after the other.

    Raises:
        ValueError: If the sentence lacks a token.
    """
    bounds, end = [], 0
    for token in tokens:
        token = token if token in sentence else QUOTES.get(token, token)
        start = sentence.index(token, end)
        end = start + len(token)
        bounds.append((start, end))
    return bounds[first][0], bounds[last - 1][1]
