"""Entities in a text: the scores of its tokens to labels of tokens, of words, of stretches.

Letters: T tokens, L labels.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from camembert_dual.common.arrays import FloatArray, softmax
from camembert_dual.common.errors import require
from camembert_dual.tasks.base import Answers, Kit, Prepared, parts_of

NONE, SIMPLE = "none", "simple"
OUTSIDE = "O"


class Piece(NamedTuple):
    """A token, or a word of several.

    Attributes:
        word: Its text.
        scores: The probability of each label (L,).
        start: Its first character.
        end: The character behind it.
        place: Its number in the row.
        goes_on: Whether it belongs to the word before it.
    """

    word: str
    scores: FloatArray
    start: int
    end: int
    place: int
    goes_on: bool


# which scores a word has, of those of its tokens (T, L)
OF_WORDS: dict[str, Callable[[FloatArray], FloatArray]] = {
    "first": lambda scores: scores[0],
    "average": lambda scores: scores.mean(axis=0),
    "max": lambda scores: scores[scores.max(axis=1).argmax()],
}
STRATEGIES = (NONE, SIMPLE, *OF_WORDS)


@dataclass(frozen=True)
class EntityOptions:
    """What to answer about the tokens of a text.

    Attributes:
        aggregation_strategy: ``"none"``, a label for each token; ``"simple"``, neighbours of one
            label together; ``"first"``, ``"average"`` and ``"max"``, the same of whole words, which
            are given the scores of their first token, of all of them on average, or of the surest.
        ignore_labels: What is left out.
        stride: Tokens that windows over a long text share; by default what is too long is cut.
        grouped_entities: An older word for ``"simple"``.
        ignore_subwords: With the former, an older word for ``"first"``.
    """

    aggregation_strategy: str | None = None
    ignore_labels: Sequence[str] = (OUTSIDE,)
    stride: int | None = None
    grouped_entities: bool | None = None
    ignore_subwords: bool | None = None

    def __post_init__(self) -> None:
        """Settle the strategy."""
        chosen = self.aggregation_strategy
        if chosen is None:
            grouped = "first" if self.ignore_subwords else SIMPLE
            chosen = grouped if self.grouped_entities else NONE
        chosen = str(getattr(chosen, "value", chosen)).lower()
        rule = f"aggregation_strategy must be one of {', '.join(STRATEGIES)}"
        require(chosen in STRATEGIES, rule, repr(self.aggregation_strategy))
        rule = 'aggregation_strategy must be another one than "none" where stride is given'
        require(self.stride is None or chosen != NONE, rule, repr(chosen))
        object.__setattr__(self, "aggregation_strategy", chosen)


def prepare(kit: Kit, example: Any, options: EntityOptions) -> Prepared:
    """Encode a text, in windows if ``stride`` is given.

    Raises:
        ValueError: If it is no text, or the stride is too long for the model.
    """
    require(isinstance(example, str), "A text must be a str", type(example).__name__)
    windows: dict[str, Any] = {}
    if options.stride is not None:
        windows = {"return_overflowing_tokens": True, "stride": options.stride}
    encoding = kit.tokenizer([example], truncation=True, max_length=kit.longest, **windows)
    return Prepared(example, parts_of(encoding, kit.tokenizer), encoding)


def decode(
    kit: Kit, prepared: Prepared, answers: Sequence[Answers], options: EntityOptions
) -> list[dict[str, Any]]:
    """Turn the logits (T, L) of each window into entities, in the order of the text."""
    found: list[dict[str, Any]] = []
    for row, answer in enumerate(answers):
        pieces = pieces_of(kit, prepared, row, answer["logits"])
        entities = entities_of(kit, pieces, str(options.aggregation_strategy))
        found += [
            one
            for one in entities
            if one.get("entity", one.get("entity_group")) not in options.ignore_labels
        ]
    return found if len(answers) == 1 else longest_of_overlapping(found)


def pieces_of(kit: Kit, prepared: Prepared, row: int, logits: FloatArray) -> list[Piece]:
    """The tokens of a window that are not special, with what the model says of them."""
    encoding, text = prepared.encoding[row], prepared.example
    probabilities = softmax(logits[: len(encoding)])
    pieces = []
    for index, (start, end) in enumerate(encoding.offsets):
        if encoding.special_tokens_mask[index]:
            continue
        word, goes_on = encoding.tokens[index], start > 0 and " " not in text[start - 1 : start + 1]
        if encoding.ids[index] == kit.tokenizer.unk_token_id:
            word, goes_on = text[start:end], False
        pieces.append(Piece(word, probabilities[index], start, end, index, goes_on))
    return pieces


def entities_of(kit: Kit, pieces: Sequence[Piece], strategy: str) -> list[dict[str, Any]]:
    """The pieces as the strategy puts them together."""
    if strategy in OF_WORDS:
        words = groups(pieces, lambda _, piece: piece.goes_on)
        joined = [word_of(kit.tokenizer, word, OF_WORDS[strategy]) for word in words]
        return [stretch(kit, one) for one in groups(joined, partial_of(kit))]
    if strategy == SIMPLE:
        return [stretch(kit, one) for one in groups(pieces, partial_of(kit))]
    return [
        {
            "entity": label_of(kit, one),
            "score": float(one.scores.max()),
            "index": one.place,
            "word": one.word,
            "start": one.start,
            "end": one.end,
        }
        for one in pieces
    ]


def groups(
    pieces: Sequence[Piece], goes_on: Callable[[Piece, Piece], bool]
) -> list[Sequence[Piece]]:
    """Cut a row of pieces wherever one does not go on with the one before it."""
    cuts = [place for place, pair in enumerate(pairwise(pieces), start=1) if not goes_on(*pair)]
    bounds = [0, *cuts, len(pieces)] if pieces else []
    return [pieces[start:end] for start, end in pairwise(bounds)]


def word_of(
    tokenizer: Any, tokens: Sequence[Piece], choose: Callable[[FloatArray], FloatArray]
) -> Piece:
    """One piece of the tokens of a word."""
    text = tokenizer.convert_tokens_to_string([one.word for one in tokens])
    scores = choose(np.stack([one.scores for one in tokens]))
    return tokens[0]._replace(word=text, scores=scores, end=tokens[-1].end)


def label_of(kit: Kit, piece: Piece) -> str:
    """The most probable label of a piece."""
    return str(kit.config.id2label[int(piece.scores.argmax())])


def partial_of(kit: Kit) -> Callable[[Piece, Piece], bool]:
    """Whether a piece goes on with the entity of the one before it: its kind, no beginning."""

    def goes_on(previous: Piece, piece: Piece) -> bool:
        label = label_of(kit, piece)
        is_same = kind_of(label) == kind_of(label_of(kit, previous))
        return is_same and not label.startswith("B-")

    return goes_on


def kind_of(label: str) -> str:
    """The kind of entity of a label, without its B- or I-."""
    return label[2:] if label.startswith(("B-", "I-")) else label


def stretch(kit: Kit, pieces: Sequence[Piece]) -> dict[str, Any]:
    """Neighbours of one kind as one entity."""
    return {
        "entity_group": label_of(kit, pieces[0]).split("-")[-1],
        "score": float(np.mean([one.scores.max() for one in pieces])),
        "word": kit.tokenizer.convert_tokens_to_string([one.word for one in pieces]),
        "start": pieces[0].start,
        "end": pieces[-1].end,
    }


def longest_of_overlapping(entities: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Of entities that windows have found at the same place keep the longest, then the surest."""
    kept: list[dict[str, Any]] = []
    for one in sorted(entities, key=lambda entity: entity["start"]):
        if kept and kept[-1]["start"] <= one["start"] < kept[-1]["end"]:
            kept[-1] = max(kept[-1], one, key=lambda entity: (length_of(entity), entity["score"]))
        else:
            kept.append(one)
    return kept


def length_of(entity: dict[str, Any]) -> int:
    """The characters of an entity."""
    return int(entity["end"] - entity["start"])
