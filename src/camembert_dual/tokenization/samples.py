"""Reading what a user passes as text: one or many, single or pairs, whole or cut into words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from camembert_dual.common.errors import require
from camembert_dual.tokenization.segmenter import TextInput

Sample = tuple[TextInput, TextInput | None]


class Samples(NamedTuple):
    """The texts to encode, whether they came as a batch, and whether they are pairs."""

    items: list[Sample]
    batched: bool
    pairs: bool


def read_samples(text: Any, text_pair: Any, is_split_into_words: bool) -> Samples:
    """Sort out the forms that a tokenizer's call accepts.

    Raises:
        TypeError: If something is not text.
        ValueError: If texts and pairs differ in number, or only some texts are pairs.
    """
    text, text_pair = _as_list(text), _as_list(text_pair)
    if not _is_batch(text, is_split_into_words):
        alone = text_pair is None or not _is_batch(text_pair, is_split_into_words)
        require(alone, "text_pair must be one text when text is one", "a list")
        pair = (text,) if text_pair is None else (text, text_pair)
        sample = _sample(pair, is_split_into_words, "text")
        return Samples([sample], False, text_pair is not None)
    if text_pair is None:
        pairs = [_as_pair(one, is_split_into_words) for one in text]
    else:
        is_batch = _is_batch(text_pair, is_split_into_words)
        size = len(text_pair) if isinstance(text_pair, list) else 1
        rule = "text_pair must be a list as long as text"
        require(is_batch and size == len(text), rule, f"{size} for {len(text)} texts")
        pairs = list(zip(text, text_pair, strict=True))
    items = [_sample(pair, is_split_into_words, f"text[{i}]") for i, pair in enumerate(pairs)]
    paired = {second is not None for _, second in items}
    require(len(paired) < 2, "A batch must be all single texts or all pairs", "both")
    return Samples(items, True, paired == {True})


def _as_list(value: Any) -> Any:
    return list(value) if isinstance(value, (tuple, np.ndarray)) else value


def _is_batch(value: Any, split: bool) -> bool:
    if not isinstance(value, list):
        return False
    return not split or (bool(value) and isinstance(value[0], (list, tuple)))


def _as_pair(value: Any, split: bool) -> tuple[Any, ...]:
    """The one or two texts of an item of a batch."""
    is_pair = isinstance(value, (list, tuple)) and len(value) == 2 and (not split or _nested(value))
    return tuple(value) if is_pair else (value,)


def _nested(value: Sequence[Any]) -> bool:
    return all(isinstance(one, (list, tuple)) for one in value)


def _sample(pair: Sequence[Any], split: bool, name: str) -> Sample:
    checked = _text_input(pair[0], split, name)
    if len(pair) == 1:
        return checked, None
    return checked, _text_input(pair[1], split, name.replace("text", "text_pair"))


def _text_input(value: Any, split: bool, name: str) -> TextInput:
    if isinstance(value, str) and not split:
        return value
    if split and isinstance(value, (list, tuple)):
        for i, word in enumerate(value):
            if not isinstance(word, str):
                raise TypeError(f"{name}[{i}] must be a str; received {type(word).__name__}.")
        return value
    rule = "a list of words (is_split_into_words=True)" if split else "a str"
    if isinstance(value, (list, tuple)):
        rule += ", or is_split_into_words=True for a list of words"
    if isinstance(value, bytes):
        rule += ": decode bytes first"
    raise TypeError(f"{name} must be {rule}; received {type(value).__name__}.")
