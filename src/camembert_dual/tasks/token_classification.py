"""Labels of words as labels of tokens, for token classification."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from camembert_dual.common.errors import require
from camembert_dual.inputs import IGNORE_INDEX
from camembert_dual.tasks.base import Tokenizer
from camembert_dual.tokenization.batch_encoding import BatchEncoding

SAMPLES = "overflow_to_sample_mapping"


def align_labels(
    tokenizer: Tokenizer,
    words: Sequence[Any],
    labels: Sequence[Any],
    *,
    label_all_pieces: bool = False,
    return_tensors: str | None = None,
    **options: Any,
) -> BatchEncoding:
    """Encode sentences that come as words, with a label for every token.

    Args:
        tokenizer: The tokenizer.
        words: The words of a sentence, or of many.
        labels: A number for every word.
        label_all_pieces: Whether every piece of a word has its label; by default the first has it
            and the others have -100, so that a loss counts each word once.
        return_tensors: "np", "pt" or "tf"; lists by default.
        **options: Those of the tokenizer's call.

    Returns:
        The inputs, with ``labels`` beside them: -100 for special tokens and padding.

    Raises:
        ValueError: If a sentence has not as many labels as words.
    """
    is_batch = bool(words) and not isinstance(words[0], str)
    sentences = list(words) if is_batch else [words]
    numbers = list(labels) if is_batch else [labels]
    rule = f"labels must come for every sentence, {len(sentences)} in all"
    require(len(sentences) == len(numbers), rule, len(numbers))
    for index, (sentence, row) in enumerate(zip(sentences, numbers, strict=True)):
        rule = f"labels of sentence {index} must be as many as its {len(sentence)} words"
        require(len(sentence) == len(row), rule, len(row))
    encoding = tokenizer(sentences, is_split_into_words=True, **options)
    samples = encoding.get(SAMPLES, range(len(sentences)))
    encoding["labels"] = [
        labels_of_tokens(encoding.word_ids(row), numbers[sample], label_all_pieces)
        for row, sample in enumerate(samples)
    ]
    if return_tensors is None and not is_batch and SAMPLES not in encoding:
        for name, rows in encoding.items():
            encoding[name] = rows[0]
    return encoding.convert_to_tensors(return_tensors)


def labels_of_tokens(
    word_ids: Sequence[int | None], labels: Sequence[int], label_all_pieces: bool
) -> list[int]:
    """The label of each token of a row, by the number of the word that it belongs to."""
    row: list[int] = []
    previous = None
    for word in word_ids:
        counts = word is not None and (label_all_pieces or word != previous)
        row.append(int(labels[word]) if counts and word is not None else IGNORE_INDEX)
        previous = word
    return row
