"""Reading what a user passes as text: one or many, single or pairs, whole or cut into words."""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np

from camembert_dual.tokenization.alignment import Source
from camembert_dual.tokenization.ragged import Ragged, merge_rows
from camembert_dual.tokenization.segmenter import Backend

Sample = tuple[Source, Source | None]


class Samples(NamedTuple):
    """The texts to encode, whether they came as a batch, and whether they are pairs."""

    items: list[Sample]
    batched: bool
    pairs: bool


def read_samples(text: Any, text_pair: Any, is_split_into_words: bool) -> Samples:
    """Sorts out the forms that a tokenizer's call accepts.

    Raises:
        TypeError: If something is not text.
        ValueError: If texts and pairs differ in number, or only some texts are pairs.
    """
    text, text_pair = _as_list(text), _as_list(text_pair)
    if not _is_batch(text, is_split_into_words):
        if text_pair is not None and _is_batch(text_pair, is_split_into_words):
            raise ValueError("text_pair must be one text when text is one; received a list")
        sample = _sample(text, text_pair, is_split_into_words, "text")
        return Samples([sample], False, text_pair is not None)
    if text_pair is None:
        items = [
            _sample(*_unpaired(one, is_split_into_words), is_split_into_words, f"text[{i}]")
            for i, one in enumerate(text)
        ]
    else:
        if not _is_batch(text_pair, is_split_into_words) or len(text_pair) != len(text):
            size = len(text_pair) if isinstance(text_pair, list) else 1
            raise ValueError(
                f"text_pair must be a list as long as text; received {size} for {len(text)} texts"
            )
        items = [
            _sample(one, other, is_split_into_words, f"text[{i}]")
            for i, (one, other) in enumerate(zip(text, text_pair, strict=True))
        ]
    pairs = {second is not None for _, second in items}
    if len(pairs) > 1:
        raise ValueError("a batch must be all single texts or all pairs; received both")
    return Samples(items, True, pairs == {True})


def encode_sources(backend: Backend, sources: Iterable[Source]) -> Ragged:
    """Ids of texts, or of lists of words, in one call to the backend."""
    rows = list(sources)
    if all(isinstance(source, str) for source in rows):
        return backend.encode([source for source in rows if isinstance(source, str)])
    words = [word for source in rows for word in source]
    return merge_rows(backend.encode(words), [len(source) for source in rows])


def _as_list(value: Any) -> Any:
    return list(value) if isinstance(value, (tuple, np.ndarray)) else value


def _is_batch(value: Any, split: bool) -> bool:
    if not isinstance(value, list):
        return False
    return not split or (bool(value) and isinstance(value[0], (list, tuple)))


def _unpaired(value: Any, split: bool) -> tuple[Any, Any]:
    if isinstance(value, (list, tuple)) and len(value) == 2 and (not split or _nested(value)):
        return value[0], value[1]
    return value, None


def _nested(value: Sequence[Any]) -> bool:
    return all(isinstance(part, (list, tuple)) for part in value)


def _sample(first: Any, second: Any, split: bool, name: str) -> Sample:
    checked = _source(first, split, name)
    if second is None:
        return checked, None
    return checked, _source(second, split, name.replace("text", "text_pair"))


def _source(value: Any, split: bool, name: str) -> Source:
    if isinstance(value, str) and not split:
        return value
    if split and isinstance(value, (list, tuple)):
        for i, word in enumerate(value):
            if not isinstance(word, str):
                raise TypeError(f"{name}[{i}] must be a str; received {type(word).__name__}")
        return value
    rule = "a list of words (is_split_into_words=True)" if split else "a str"
    if isinstance(value, (list, tuple)):
        rule += ", or is_split_into_words=True for a list of words"
    if isinstance(value, bytes):
        rule += ": decode bytes first"
    raise TypeError(f"{name} must be {rule}; received {type(value).__name__}")
