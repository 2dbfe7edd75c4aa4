"""What the tasks share: a tokenizer as they see it, and the way of an example through a model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Protocol

from camembert_dual.config import CamembertConfig
from camembert_dual.tokenization.batch_encoding import BatchEncoding

Part = dict[str, Any]  # a row of inputs by name: lists of T numbers, or of C such lists
Answers = Mapping[
    str, Any
]  # a model's output arrays for one part by name, without the axis of rows


class Tokenizer(Protocol):
    """Anything that makes a :class:`BatchEncoding` of texts when it is called."""

    def __call__(self, text: Any, text_pair: Any = None, **options: Any) -> BatchEncoding:
        """Encode texts, words or pairs of texts."""
        ...


class Kit(NamedTuple):
    """What stands beside a model.

    Attributes:
        tokenizer: Its tokenizer.
        config: Its configuration.
    """

    tokenizer: Any
    config: CamembertConfig

    @property
    def longest(self) -> int:
        """The most tokens of a row, special ones included."""
        return int(min(self.tokenizer.model_max_length, self.config.max_sequence_length))


class Prepared(NamedTuple):
    """One example, ready for a model.

    Attributes:
        example: What the user gave.
        parts: The rows that a model reads for it: one, or one for each window or label.
        encoding: The tokenizer's result for those rows.
    """

    example: Any
    parts: Sequence[Part]
    encoding: BatchEncoding


def parts_of(encoding: BatchEncoding, tokenizer: Any) -> list[Part]:
    """The rows of an encoding as a model takes them, one by one."""
    names = [name for name in tokenizer.model_input_names if name in encoding]
    columns = [encoding[name] for name in names]
    return [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]
